"""Equations rendered at build, notebooks to download, plots that follow the theme, tables that scroll."""

import subprocess
import sys

import nbformat
import pages  # puts book/_ext on the path
import pytest

# isort: split
import downloads
import katex_math
import page as page_ext
import places
import plots
import styles


def one(tmp_path, text, *extensions):
    site = pages.Pages(
        tmp_path, "katex_math", *extensions, html_math_renderer="katex", myst_update_mathjax=False
    )
    return site.write(a=text).build()


def test_an_equation_is_html_with_the_roles_as_classes(tmp_path):
    site = one(tmp_path, "# T\n\n$$\n\\hid{h_t} = g(\\inp{W x_t})\n$$ (eq-13-1)\n", "equations")
    soup = site.html("a")
    assert soup.select_one(".katex-html .role-hidden") and soup.select_one(".katex-html .role-input")
    assert soup.select_one(".eqno a")["href"] == "#equation-eq-13-1"
    assert soup.select_one("math"), "the equation is there for a screen reader too"


def test_bad_tex_is_a_warning_with_page_and_line_and_shows_the_source(tmp_path):
    site = one(tmp_path, "# T\n\nText.\n\n$$\n\\frac{1\n$$\n")
    assert "a.md:5" in site.warnings and "\\frac{1" in site.warnings
    assert "\\frac{1" in site.html("a").get_text()


def test_only_our_html_class_is_trusted():
    html, error = katex_math.render(r"\href{javascript:alert(1)}{x}", False)
    assert "javascript" not in html.split("annotation")[0] or error
    katex_math.RENDERER.close()


def test_node_ends_with_the_build():
    renderer = katex_math.Renderer()
    assert "katex" in renderer.ask("x", False)["html"]
    process = renderer.process
    renderer.close()
    assert process.poll() == 0


def test_node_that_dies_is_one_clear_error(monkeypatch, tmp_path):
    bad = tmp_path / "bad.mjs"
    bad.write_text("throw new Error('no katex here')\n")
    monkeypatch.setattr(katex_math, "RENDER", bad)
    with pytest.raises(katex_math.ExtensionError, match="no katex here"):
        katex_math.Renderer().ask("x", False)


# ---------------------------------------------------------------- notebooks to download

SOURCE = """---
kernelspec: {name: python3, display_name: Python 3, language: python}
jupytext: {text_representation: {extension: .md, format_name: myst}}
---
(ch01)=
# Title

```{lede}
An opening with {hid}`state`.
```

$$
\\hid{h_{t}} = \\inp{x}
$$ (eq-13-1)

See {eq}`eq-13-1`, {term}`unrolled <unrolling>` and {cite}`elman1990`; {claim}`recall:rnn|%`.

```{predict}
What if $\\out{y}$?
```

```{quiz}
question: "Which?"
choices:
  - {text: "This", right: true, why: "It is."}
  - {text: "That", why: "It is not."}
```

```{drawing} missing.svg
:alt: a box
```

```{live-exercise} ch01_rnn/rnn-step
```

```{code-cell} ipython3
:tags: [remove-input]
print(1)
```
"""


@pytest.fixture
def made(tmp_path):
    (tmp_path / "p.md").write_text(SOURCE)
    return downloads.notebook(tmp_path / "p.md", lambda text: f"<{text}>")


def test_nothing_that_only_the_website_knows_is_left(made):
    text = "\n".join(c.source for c in made.cells if c.cell_type == "markdown")
    for mark in ("```{", "{eq}", "{term}", "{hid}", "\\hid", "\\inp", "(ch01)=", "(eq-13-1)"):
        assert mark not in text, mark
    assert "\\tag{13.1}" in text and "{\\color{#a8480c}{h_{t}}}" in text
    assert "See (13.1), unrolled and [Elman 1990]; <recall:rnn|%>." in text
    assert "> **Predict, then play.**" in text and "<details>" in text
    assert "exercises/ch01_rnn/ch01_rnn.ipynb" in text
    assert made.cells[-1].source == "print(1)"


def test_the_same_page_makes_the_same_bytes_with_ids_of_their_own(made, tmp_path):
    again = downloads.notebook(tmp_path / "p.md", lambda text: f"<{text}>")
    assert downloads.text_of(made) == downloads.text_of(again)
    ids = [cell.id for cell in made.cells]
    assert len(set(ids)) == len(ids)
    nbformat.validate(made)


def test_colours_end_with_their_argument():
    assert downloads.plain_tex(r"\hid{a_{b}} + \inp{\out{c}}") == (
        r"{\color{#a8480c}{a_{b}}} + {\color{#0b63a5}{{\color{#0a7256}{c}}}}"
    )


@pytest.mark.slow
@pytest.mark.xdist_group(__name__)
def test_a_downloaded_chapter_runs_in_a_clean_kernel(built, tmp_path):
    text = (built / "book" / "ch01_rnn.ipynb").read_text(encoding="utf-8")
    (tmp_path / "ch01_rnn.ipynb").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", "ch01_rnn.ipynb"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1500:]


# ---------------------------------------------------------------- plots, tables, descriptions


def test_a_plots_colours_become_tokens_and_its_ids_its_own():
    svg = '<?xml?><svg width="72pt" height="36pt" viewBox="0 0 72 36"><path id="p" style="stroke: #a8480c; fill: #123456"/><use href="#p"/></svg>'
    out = plots.themed(svg, 'a "line"', "plot-1")
    assert "var(--hidden, #a8480c)" in out and "fill: #123456" in out
    assert 'id="plot-1-p"' in out and 'href="#plot-1-p"' in out
    assert 'aria-label="a &quot;line&quot;"' in out and "max-width:96px" in out


def test_each_table_scrolls_in_its_own_box():
    assert (
        page_ext.scrolling_tables('<table class="x"></table><table></table>').count(
            '<div class="table-scroll">'
        )
        == 2
    )


def test_fonts_of_equations_come_in_one_format():
    css = '@font-face{src:url(a.woff2) format("woff2"),url(a.woff) format("woff"),url(a.ttf) format("truetype")}'
    assert styles.only_woff2(css) == '@font-face{font-display:swap;src:url(a.woff2) format("woff2")}'


def test_a_header_cell_without_words_is_no_header():
    assert page_ext.scrolling_tables('<th class="head"><p></p></th>') == '<td class="head"></td>'


def test_a_header_cell_of_maths_alone_is_named_by_its_tex():
    maths = '<span class="math"><math><annotation encoding="application/x-tex">\\inp{W x_t}</annotation></math></span>'
    assert '<span class="only-read">W x_t</span>' in page_ext.named_maths(f"<th>{maths}</th>")
    assert "only-read" not in page_ext.named_maths(f"<th>sum of {maths}</th>")


# ---------------------------------------------------------------- one style sheet, and places


def test_every_sheet_of_the_theme_is_in_the_one_that_pages_load():
    assert {f"{name}.css" for name in styles.OURS} == {
        path.name for path in styles.house.STATIC.glob("*.css")
    }
    css = styles.joined()
    for name in (*styles.FIRST, *styles.LATER):
        assert f'url("vendor/fonts/{name}.woff2")' in css and styles.package_of(name).is_file(), name
    assert "url(vendor/katex/fonts/KaTeX_Main-Regular.woff2)" in css


def test_a_place_says_its_heights_and_one_without_says_none():
    view = '<script type="application/vnd.jupyter.widget-view+json">{"model_id": "a"}</script>'
    measured, not_measured = places.places(view * 2, [list(range(500, 500 + len(places.WIDTHS)))]).split(
        "</div>"
    )[:2]
    assert measured.startswith('<div class="widget-place" style="--w320: 500; --w360: 501;')
    assert not_measured.startswith('<div class="widget-place"><script')
    assert all(f"var(--w{width})" in places.rules() for width in places.WIDTHS)


def test_heights_that_were_measured_at_other_widths_are_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "HEIGHTS", tmp_path / "heights.json")
    assert places.known() == {}
    places.HEIGHTS.write_text('{"widths": [320], "pages": {"a": [[500]]}}')
    assert places.known() == {}
