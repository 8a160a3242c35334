"""Equations carry the lecture's numbers, and each is tied to code or a test."""

import pages
import pytest

EQUATION = "$$\nh_t = g(U h_{t-1} + W x_t)\n$$ (eq-13-1)\n"
CODE = '"""Module (13.7)."""\n\n\ndef step(x):\n    """y (13.2)"""\n    return x  # (13.1)\n'


@pytest.fixture
def site(tmp_path):
    scratch = tmp_path / "src" / "unrolled" / "scratch"
    scratch.mkdir(parents=True)
    (scratch / "rnn.py").write_text(CODE)
    return pages.Pages(
        tmp_path, "equations", "source_pages", unrolled_equations_chain=["code"], unrolled_equations_untied={}
    )


def test_the_label_is_the_number_and_both_ends_link(site):
    site.write(
        ch01_rnn=f"# One\n\n{EQUATION}\n$$\na\n$$ (eq-ch01-a)\n\nSee {{eq}}`eq-13-1` and {{eq}}`eq-ch01-a`.\n"
    ).build()
    assert site.warnings == ""
    page = site.html("ch01_rnn")
    assert [e.text.strip("¶\uf0c1") for e in page.select(".eqno")] == ["(13.1)", "(1a)"]
    assert [a["href"] for a in page.select(".eqno a")] == ["#equation-eq-13-1", "#equation-eq-ch01-a"]
    assert page.find(id="equation-eq-13-1")
    assert [(a.text, a["href"]) for a in page.select("p a.reference.internal")][:2] == [
        ("(13.1)", "#equation-eq-13-1"),
        ("(1a)", "#equation-eq-ch01-a"),
    ]


@pytest.mark.parametrize("label", ["eq-13-39", "eq-13-0", "eq-13-01", "eq-14-1", "eq-ch01-1", "energy"])
def test_a_label_out_of_range_is_a_warning(site, label):
    site.write(ch01_rnn=f"# One\n\n$$\na\n$$ ({label})\n").build()
    assert f"equation label '{label}': expected eq-13-1" in site.warnings


def test_a_label_twice_and_a_label_nowhere_are_warnings(site):
    site.write(a=f"# A\n\n{EQUATION}", b=f"# B\n\n{EQUATION}\nSee {{eq}}`eq-13-5`.\n").build()
    assert "duplicate label of equation eq-13-1" in site.warnings
    assert "equation not found: eq-13-5" in site.warnings


def test_a_dead_end_is_a_warning_unless_a_reason_is_given(site):
    site.config["unrolled_equations_untied"] = {"13.19": "an example"}
    site.write(a="# A\n\n$$\na\n$$ (eq-13-7)\n\n$$\nb\n$$ (eq-13-19)\n\n$$\nc\n$$ (eq-13-2)\n").build()
    assert site.warnings.count("comes to a dead end") == 1  # 13.7 stands in the module's docstring only
    assert "equation (13.7) comes to a dead end: no code carries" in site.warnings


def test_every_link_of_the_chain_counts_and_each_may_have_its_own_reason(site):
    site.config |= {
        "unrolled_equations_chain": ["code", "test", "widget", "claim"],
        "unrolled_equations_untied": {"13.1": {"widget": "nothing to see", "test": "too plain"}},
    }
    site.write(ch01_rnn=f"# One\n\n{EQUATION}", equations="# All\n\n```{equation-index}\n```\n").build()
    assert "equation (13.1) comes to a dead end: no claim carries" in site.warnings
    assert "nothing to see" in site.html("equations").text


def test_a_reason_that_is_not_needed_is_a_warning(site):
    site.config["unrolled_equations_untied"] = {"13.1": {"code": "none"}}
    site.write(ch01_rnn=f"# One\n\n{EQUATION}").build()
    assert "equation (13.1) has a code after all" in site.warnings


def test_the_index_links_page_code_test_exercise_and_widget(site):
    root = site.folder
    for name, text in {
        "tests/scratch/test_rnn.py": "def test():\n    pass\n",
        "tests/parity/test_other.py": "",
        "src/unrolled/widgets/stepper.py": '"""Draws (13.1)."""\n',
        "solutions/ch01_rnn/ch01_rnn.md": 'Use (13.1).\n\n```{code-cell}\n:nbgrader: {"grade_id": "setup", "solution": false}\n```\n\n$$a \\tag{13.1}$$\n\n```{code-cell}\n:nbgrader: {"grade_id": "rnn-step", "solution": true}\n```\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    site.write(ch01_rnn=f"# One\n\n{EQUATION}", equations="# All\n\n```{equation-index}\n```\n").build()
    assert site.warnings == ""
    row = site.html("equations").select("tbody tr")[0]
    assert [cell.text.strip().replace("\u200b", "") for cell in row.select("td")] == [
        "(13.1)chapter 1", "rnn.py:6", "scratch/test_rnn.py", "rnn-step", "stepper", "–",
    ]  # fmt: skip
    code = row.select("td")[1].a["href"]
    assert code == "code/unrolled/scratch/rnn.html#L-6"
    assert site.html("code/unrolled/scratch/rnn").find(id="L-6")


def test_the_index_follows_the_code_when_no_page_changed(site):
    site.write(ch01_rnn=f"# One\n\n{EQUATION}", equations="# All\n\n```{equation-index}\n```\n").build()
    (site.folder / "src/unrolled/scratch/rnn.py").write_text("\n\n" + CODE)
    site.build()
    assert "rnn.py:8" in site.html("equations").text


def places(site, **files):
    """The ties of a repository with these files besides its one module."""
    for name, text in files.items():
        path = site.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return pages.load("ties").find_ties(site.folder)


def test_a_module_s_own_test_that_names_the_equation_comes_before_all_others(site):
    files = {
        "tests/scratch/test_rnn.py": "",
        "tests/parity/test_rnn.py": '"""Holds (13.1)."""\n',
        "tests/widgets/test_w.py": "# (13.1), (13.5)\n",
    }
    ties = places(site, **files)
    assert [place.text for place in ties.tests["13.1"]] == ["parity/test_rnn.py"]
    assert [place.text for place in ties.tests["13.2"]] == ["parity/test_rnn.py", "scratch/test_rnn.py"]
    assert [place.text for place in ties.tests["13.5"]] == ["widgets/test_w.py"]
    assert ties.widgets == {}, "a test of a widget is no widget"


CALLS = """from functools import partial
from unrolled.scratch import rnn

STEPS = {"plain": partial(rnn.step)}


def run(seed):
    return STEPS["plain"](seed)
"""


def test_what_comes_to_the_code_by_its_calls_is_tied_where_nothing_names_the_number(site):
    task = (
        "```{code-cell}\nfrom unrolled.checks.rnn import check_it\n```\n\n"
        "```{code-cell}\n---\nnbgrader: {grade_id: do-it, solution: true}\n---\ndef f():\n    pass\n```\n\n"
        "```{code-cell}\n---\nnbgrader: {grade_id: do-it-test, solution: false}\n---\ncheck_it(f)\n```\n"
    )
    ledger = (
        '{"far": {"chapter": "ch02_two"}, "near": {"chapter": "ch01_rnn"}, "gone": {"chapter": "ch01_rnn"}}'
    )
    ties = places(
        site,
        **{
            "src/unrolled/checks/rnn.py": "from unrolled.scratch.rnn import step\n\n\ndef check_it(f):\n    assert f() == step(1)\n",
            "src/unrolled/experiments/near.py": CALLS,
            "src/unrolled/experiments/far.py": CALLS,
            "src/unrolled/experiments/other.py": "def run(seed):\n    return seed\n",
            "src/unrolled/widgets/loop.py": CALLS,
            "solutions/ch01_rnn/ch01_rnn.md": task,
            "book/ch01_rnn.md": EQUATION,
            "book/claims.json": ledger,
        },
    )
    assert [p.text for p in ties.exercises["13.1"]] == ["do-it"]
    assert [p.text for p in ties.widgets["13.1"]] == ["loop"]
    assert [p[:3] for p in ties.claims["13.1"]] == [("near", "book/claims", "claim-near")]
    assert [p.text for p in ties.claims["13.2"]] == ["far", "near"]  # on no page: any chapter's will do


def test_ranges_name_all_that_is_in_them(site):
    ties = places(site, **{"src/unrolled/widgets/gates.py": '"""(13.20) to (13.22), (13.5, 13.9)."""\n'})
    assert sorted(ties.widgets) == ["13.20", "13.21", "13.22", "13.5", "13.9"]


def test_code_on_a_page_says_what_it_implements(site):
    site.write(
        ch01_rnn=f"# One\n\n{EQUATION}\n```python\nh = np.tanh(a)   # h_1, (13.1)\nz = 1  # (13.9)\n```\n\n```python\nx = 1\n```\n"
    ).build()
    lines = site.html("ch01_rnn").select("p.implements")
    assert [line.text for line in lines] == ["implements (13.1), (13.9)"]
    assert [a["href"] for a in lines[0].select("a")] == ["#equation-eq-13-1"]


def test_docstrings_and_our_own_equations_count_and_what_a_cell_prints_does_not(site):
    site.write(
        ch01_rnn=f"# One\n\n{EQUATION}\n$$\na\n$$ (eq-ch01-a)\n\n"
        '```python\ndef f(x):\n    """(13.1)"""\n    return x  # (1a), (9z)\n```\n\n```text\nnot (13.1)\n```\n'
    ).build()
    assert [line.text for line in site.html("ch01_rnn").select("p.implements")] == ["implements (13.1), (1a)"]


def test_a_page_of_source_is_written_again_only_when_its_file_changes(site):
    site.write(equations="# All\n\n```{equation-index}\n```\n").build()  # the index is written each time
    page = site.out / "code/unrolled/scratch/rnn.html"
    first = page.stat().st_mtime_ns
    site.build()
    assert page.stat().st_mtime_ns == first
    source = site.folder / "src/unrolled/scratch/rnn.py"
    source.write_text(CODE + "# more\n")
    site.build()
    assert "# more" in page.read_text()
    source.unlink()
    site.build()
    assert not page.exists()
