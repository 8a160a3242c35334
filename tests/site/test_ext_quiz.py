"""Questions work with radio buttons alone, and a mistake in their source is found when the book is built."""

import pages
import pytest

QUIZ = """# T

```{quiz}
question: "Which weights of $U$ does step 3 use?"
choices:
  - text: "A *new* $U$."
    why: Then a longer sentence would need more weights.
  - text: The same.
    right: true
    why: "Copies share $U$."
```
"""


@pytest.fixture
def site(tmp_path):
    return pages.Pages(tmp_path, "quiz")


def test_radios_labels_and_an_explanation_each(site):
    site.write(a=QUIZ + QUIZ.removeprefix("# T\n")).build()
    assert site.warnings == ""
    page = site.html("a")
    first, second = page.select("fieldset.quiz")
    assert first.legend.select(".math") and "Which weights" in first.legend.text
    radios = first.select("input[type=radio]")
    assert len(radios) == 2 and {r["name"] for r in radios} == {"quiz-1"}
    assert {r["name"] for r in second.select("input")} == {"quiz-2"}
    for radio in radios:
        assert first.select_one(f"label[for={radio['id']}]")
        assert first.find(id=radio["aria-describedby"])
    assert first.select_one("label em").text == "new"
    whys = [" ".join(w.text.split()) for w in first.select(".quiz-why")]
    assert whys[0] == "Not yet. Then a longer sentence would need more weights."
    assert whys[1].startswith("Yes. Copies share")
    assert first.select_one(".quiz-why.right .math")
    assert not page.select("fieldset script") and "</input>" not in site.text("a")


def test_a_list_is_several_questions(site):
    one = "- question: a\n  choices:\n    - {text: x, why: y, right: true}\n    - {text: z, why: w}\n"
    site.write(a=f"# T\n\n```{{quiz}}\n{one}{one}```\n").build()
    assert site.warnings == "" and len(site.html("a").select("fieldset")) == 2
    site.write(a=f"# T\n\n```{{quiz}}\n{one}{one.replace('right', 'wright')}```\n").build()
    assert "a.md:8: WARNING: quiz: choice 1: expected text" in site.warnings


@pytest.mark.parametrize(
    ("body", "says", "line"),
    [
        ("question: a\nchoices:\n  - text: x: y\n", "not YAML", 6),
        ("question: a\n", "expected the keys question and choices", 4),
        ("question: a\nchoices:\n  - {text: x, why: y, right: true}\n", "at least two choices", 4),
        (
            "question: a\nchoices:\n  - {text: x, why: y}\n  - {text: z, why: w}\n",
            "no choice has right: true",
            4,
        ),
        (
            "question: a\nchoices:\n  - {text: x}\n  - {text: z, why: w, right: true}\n",
            "choice 1: expected text, why",
            4,
        ),
        (
            "question: a\nchoices:\n  - {text: x, why: y, right: 1}\n  - {text: z, why: w}\n",
            "right is true or false",
            4,
        ),
    ],
)
def test_a_mistake_is_a_warning_with_its_line(site, body, says, line):
    site.write(a=f"# T\n\n```{{quiz}}\n{body}```\n").build()
    assert says in site.warnings
    assert f"a.md:{line}:" in site.warnings
