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
    return pages.Pages(tmp_path, "equations", "source_pages")


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


def test_an_equation_tied_to_nothing_is_a_warning_unless_a_reason_is_given(site):
    site.write(a="# A\n\n$$\na\n$$ (eq-13-7)\n\n$$\nb\n$$ (eq-13-19)\n\n$$\nc\n$$ (eq-13-2)\n").build()
    assert site.warnings.count("is tied to nothing") == 1  # 13.7 stands in the module's docstring only
    assert "equation (13.7) is tied to nothing" in site.warnings


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
    assert [cell.text.strip() for cell in row.select("td")] == [
        "(13.1)", "chapter 1", "rnn.py:6", "scratch/test_rnn.py", "rnn-step", "stepper",
    ]  # fmt: skip
    code = row.select("td")[2].a["href"]
    assert code == "code/unrolled/scratch/rnn.html#L-6"
    assert site.html("code/unrolled/scratch/rnn").find(id="L-6")


def test_the_index_follows_the_code_when_no_page_changed(site):
    site.write(ch01_rnn=f"# One\n\n{EQUATION}", equations="# All\n\n```{equation-index}\n```\n").build()
    (site.folder / "src/unrolled/scratch/rnn.py").write_text("\n\n" + CODE)
    site.build()
    assert "rnn.py:8" in site.html("equations").text


def test_a_test_that_names_the_equation_comes_before_the_module_s_tests(site):
    tests = site.folder / "tests" / "scratch"
    tests.mkdir(parents=True)
    (tests / "test_rnn.py").write_text("")
    (tests / "test_worked.py").write_text('"""Holds (13.1)."""\n')
    site.write(ch01_rnn=f"# One\n\n{EQUATION}", equations="# All\n\n```{equation-index}\n```\n").build()
    assert "scratch/test_worked.py" in site.html("equations").text
    assert "scratch/test_rnn.py" not in site.html("equations").text


def test_code_on_a_page_says_what_it_implements(site):
    site.write(
        ch01_rnn=f"# One\n\n{EQUATION}\n```python\nh = np.tanh(a)   # h_1, (13.1)\nz = 1  # (13.9)\n```\n\n```python\nx = 1\n```\n"
    ).build()
    lines = site.html("ch01_rnn").select("p.implements")
    assert [line.text for line in lines] == ["implements (13.1), (13.9)"]
    assert [a["href"] for a in lines[0].select("a")] == ["#equation-eq-13-1"]
