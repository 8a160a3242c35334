"""The squeezed program is the same program."""

import pytest
from widget_page import node

from unrolled.widgets._squeeze import tighten, tighten_css

CASES = [
    ("const a = 1;  // why\nlet b = a + +a - -a; /* or */ b ++;", "const a=1;\nlet b=a+ +a- -a;b++;"),
    ('const s = "a  // b";\nreturn   s . length', 'const s="a  // b";\nreturn s.length'),
    ("const t = `a ${ f( { x : `b  ${c} ` } ) }  d`;", "const t=`a ${ f( { x : `b  ${c} ` } ) }  d`;"),
    ("x = a / b / c; y = /[/ ]  \\/\"/g . test(z)", "x=a/b/c;y=/[/ ]  \\/\"/g.test(z)"),
    ("if (a in b) return typeof c === 'it''s';", "if(a in b)return typeof c==='it''s';"),
    ("\n   f ( )\n\n  g ( )\n", "\nf()\ng()\n"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), CASES)
def test_spaces_that_nobody_needs_go(given, expected):
    assert tighten(given) == expected


def test_it_still_computes_the_same(tmp_path):
    program = (
        "const n = (s) => s . replace( / +/g , ' ' ) ; // a comment with ` and '\n"
        "const half = 7 / 2 / 1 , re = 'a b'.split( / / ) ;\n"
        "console.log( n( 'a    b' ) , `${ half } of ${ `${ re . length }  //x` }` , 1 - -1 , [ 1 , 2 ] . map ( x => x / 2 ) ) ;\n"
    )
    said = []
    for k, text in enumerate((program, tighten(program))):
        (tmp_path / f"{k}.mjs").write_text(text, encoding="utf-8")
        said.append(node(str(tmp_path / f"{k}.mjs")).stdout)
    assert said[0] == said[1] and "3.5 of 2  //x" in said[0]


def test_css():
    given = ".a > .b, .c :hover { color: red; font: 400 14px/1.5 x, y }\n\n@media (max-width: 9px) { .d { x: calc(1px + 2px) } }\n"
    assert (
        tighten_css(given)
        == ".a > .b,.c :hover{color:red;font:400 14px/1.5 x,y}@media (max-width:9px){.d{x:calc(1px + 2px)}}"
    )
