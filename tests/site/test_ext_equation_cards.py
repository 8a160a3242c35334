"""A link to an equation shows it: the script with all equations, and which pages load what."""

import json

import pages

# isort: split
import katex_math

TWO = "# Two words\n\n$$\nh = \\hid{x}\n$$ (eq-13-1)\n"


def built(tmp_path, **texts):
    site = pages.Pages(
        tmp_path, "katex_math", "equations", "equation_cards",
        html_math_renderer="katex", myst_update_mathjax=False, unrolled_equations_chain=[],
    )  # fmt: skip
    site.write(**texts).build()
    katex_math.RENDERER.close()
    return site


def known(site):
    text = (site.out / "_static" / "equations.js").read_text(encoding="utf-8")
    assert text.startswith("window.unrolledEquations = ")
    return json.loads(text.removeprefix("window.unrolledEquations = ").removesuffix(";\n"))


def test_every_numbered_equation_is_in_one_script(tmp_path):
    site = built(tmp_path, ch02_two=TWO, notes="# Notes\n\n$$\nz\n$$ (eq-ch02-a)\n")
    cards = known(site)
    assert sorted(cards) == ["equation-eq-13-1", "equation-eq-ch02-a"]
    assert "role-hidden" in cards["equation-eq-13-1"]["html"]
    assert cards["equation-eq-13-1"]["where"] == "(13.1) · chapter 2: Two words"
    assert cards["equation-eq-ch02-a"]["where"] == "(2a) · Notes"


def test_the_script_follows_an_equation_that_changes_and_forgets_one_that_goes(tmp_path):
    site = built(tmp_path, ch02_two=TWO + "\n$$\nz\n$$ (eq-ch02-a)\n")
    site.write(ch02_two=TWO.replace("h =", "other =")).build()
    katex_math.RENDERER.close()
    assert sorted(known(site)) == ["equation-eq-13-1"]
    assert "other" in known(site)["equation-eq-13-1"]["html"]


def test_only_pages_that_refer_to_an_equation_load_cards(tmp_path):
    site = built(
        tmp_path,
        ch02_two=TWO,
        near=TWO.replace("13-1)", "13-2)") + "\nSee {eq}`eq-13-2`.\n",
        far="# Far\n\nSee {eq}`eq-13-1`.\n",
    )
    loads = {name: "equation-cards.js" in site.text(name) for name in ("ch02_two", "near", "far")}
    assert loads == {"ch02_two": False, "near": True, "far": True}
