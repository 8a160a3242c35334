"""What has changed decides what is rebuilt and what is run again; what was stopped is not trusted."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("book_build", ROOT / "book" / "build.py")
build = importlib.util.module_from_spec(spec)
sys.modules["book_build"] = build
spec.loader.exec_module(build)

PAGE = "# A title\n\n(here)=\n\nSome words.\n\n```{code-cell} ipython3\nfrom unrolled.a import f\n# not a title\n```\n"


@pytest.fixture
def repository(tmp_path):
    """A small one: two pages, a package of three modules, a test, the configuration."""
    files = {
        "_config.yml": "title: T\n",
        "_toc.yml": "root: book/one\n",
        "book/one.md": PAGE,
        "book/two.md": "# Two\n\nWords only.\n",
        "book/_theme/static/theme.css": "a {}\n",
        "src/unrolled/__init__.py": "",
        "src/unrolled/a.py": "from unrolled.b import g as f\n",
        "src/unrolled/b.py": "def g(): pass\n",
        "src/unrolled/c.py": "def h(): pass\n",
        "src/unrolled/widgets/__init__.py": "",
        "src/unrolled/widgets/static/w.mjs": "export default {}\n",
        "tests/x/test_x.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def replan(root, name, change):
    before = build.look(root)
    path = root / name
    if change is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(change(path.read_text() if path.exists() else ""))
    return build.plan(before, build.look(root))


def test_nothing_changed_asks_for_nothing(repository):
    assert build.plan(build.look(repository), build.look(repository)).kind == "nothing"


def test_prose_asks_for_its_page_alone(repository):
    todo = replan(repository, "book/one.md", lambda t: t.replace("Some words", "Other words"))
    assert (todo.kind, todo.pages) == ("pages", ["book/one.md"])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("book/one.md", lambda t: t.replace("A title", "Another")),
        ("book/one.md", lambda t: t.replace("(here)=", "(there)=")),
        ("book/one.md", lambda t: t + "\n$$ a $$ (eq-13-1)\n"),
        ("book/three.md", lambda t: "# Three\n"),
        ("book/two.md", None),
        ("_toc.yml", lambda t: t + "# x\n"),
        ("_config.yml", lambda t: t + "# x\n"),
        ("book/_theme/static/theme.css", lambda t: t + "b {}\n"),
        ("book/_ext/new.py", lambda t: ""),
        ("book/claims.json", lambda t: "{}"),
        ("package-lock.json", lambda t: "{}"),
        ("solutions/x/x.md", lambda t: "x"),
    ],
)
def test_what_other_pages_may_show_asks_for_all(repository, name, change):
    assert replan(repository, name, change).kind == "all"


def test_a_change_of_the_package_asks_for_no_page_by_itself(repository):
    todo = replan(repository, "src/unrolled/c.py", lambda t: t + "# x\n")
    assert (todo.kind, todo.pages) == ("pages", [])


def test_a_printed_pdf_asks_for_the_start_page_alone(repository):
    (repository / "_build").mkdir()
    todo = replan(repository, "_build/unrolled.pdf", lambda t: "x")
    assert (todo.kind, todo.pages) == ("pages", [])  # _ext/printed.py adds the start page


def test_no_state_another_form_or_other_packages_ask_for_all(repository):
    now = build.look(repository)
    assert build.plan(None, now).kind == "all"
    assert build.plan(build.State(now.files, now.skeletons, "other"), now).kind == "all"
    assert build.plan(build.State(now.files, now.skeletons, now.installed, 0), now).kind == "all"


def test_comments_in_code_are_no_titles_and_glossaries_count_whole():
    assert build.skeleton(PAGE) == "# A title\n(here)="
    assert "meaning" in build.skeleton("# G\n\n```{glossary}\nword\n  meaning\n```\n")
    assert ":name: fig" in build.skeleton("```{drawing} a.svg\n:name: fig\n```\n")


def rerun(root, name, text):
    pages = ["book/one.md", "book/two.md"]
    ran = build.stale(root, pages, {}, "env")
    assert set(ran) == set(pages)
    assert build.stale(root, pages, ran, "env") == {}
    (root / name).write_text(text)
    return sorted(build.stale(root, pages, ran, "env"))


def test_code_runs_again_when_a_module_that_it_reaches_changes(repository):
    assert rerun(repository, "src/unrolled/b.py", "def g(): return 1\n") == ["book/one.md"]


def test_code_does_not_run_again_for_a_module_that_it_never_reaches(repository):
    assert rerun(repository, "src/unrolled/c.py", "changed = 1\n") == []


def test_a_widgets_script_counts_with_its_package(repository):
    (repository / "book/one.md").write_text("```{code-cell}\nimport unrolled.widgets\n```\n")
    assert rerun(repository, "src/unrolled/widgets/static/w.mjs", "changed\n") == ["book/one.md"]


def test_names_made_at_run_time_count_as_everything(repository):
    (repository / "src/unrolled/b.py").write_text("from importlib import import_module\n")
    assert rerun(repository, "src/unrolled/c.py", "changed = 1\n") == ["book/one.md"]


def test_code_that_can_t_be_read_counts_as_everything(repository):
    (repository / "book/one.md").write_text("```{code-cell}\nx = !ls\n```\n")
    assert rerun(repository, "src/unrolled/c.py", "changed = 1\n") == ["book/one.md"]


def test_a_file_that_the_code_names_counts(repository):
    (repository / "book/facts.json").write_text("1")
    (repository / "book/two.md").write_text('# T\n```{code-cell}\nopen("facts.json")\n```\n')
    assert rerun(repository, "book/facts.json", "2") == ["book/two.md"]


def test_other_packages_run_everything_again(repository):
    pages = ["book/one.md"]
    assert build.stale(repository, pages, build.stale(repository, pages, {}, "old"), "new")


def test_a_state_that_was_cut_off_or_is_foreign_is_no_state(tmp_path):
    path = tmp_path / "state.json"
    assert build.read_state(path) is None
    path.write_text('{"files": {"a"')
    assert build.read_state(path) is None
    path.write_text('{"unknown": 1}')
    assert build.read_state(path) is None


def test_pages_that_are_gone_leave_the_site(tmp_path):
    for name in ("book/kept.html", "book/gone.html", "search.html", "index.html", "code/x.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    build.prune(tmp_path, {"book/kept"})
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.html")}
    assert left == {"book/kept.html", "search.html", "index.html", "code/x.html"}


def test_a_failing_cell_is_told_with_its_page_line_and_last_lines(repository):
    rule = "-" * 18
    traceback = (
        f"An error occurred:\n{rule}\nfrom unrolled.a import f\n# not a title\n{rule}\n\n"
        + "\n".join(["frame"] * 50 + ["\x1b[31mValueError\x1b[0m: expected (2,), got (3,)"])
    )
    told = build.explain(repository, "book/one", traceback)
    assert told.startswith("A cell of book/one.md, line 8 failed:")
    assert told.endswith("ValueError: expected (2,), got (3,)")
    assert len(told.splitlines()) < 30 and "\x1b" not in told


def test_a_port_that_is_taken_is_one_clear_line(tmp_path, capsys, monkeypatch):
    (tmp_path / "_build/html").mkdir(parents=True)
    (tmp_path / "_build/html/index.html").write_text("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(build.FailedError, match=f"^Port {port} can't be used"):
            build.serve(port, tmp_path)


def test_serving_before_building_says_so(tmp_path):
    with pytest.raises(build.FailedError, match="make book"):
        build.serve(0, tmp_path)


def test_ctrl_c_ends_with_130_and_one_line(monkeypatch, capsys):
    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "build", stopped)
    assert build.main([]) == 130
    assert "not trusted" in capsys.readouterr().err


# ---------------------------------------------------------------- a real build, small


CONFIG = """
title: Small
author: us
only_build_toc_files: true
exclude_patterns: [_build, "book/_ext", "book/_theme"]
execute: {execute_notebooks: cache}
parse: {myst_enable_extensions: [dollarmath]}
sphinx:
  local_extensions: {page: EXT}
  config:
    extensions: [myst_nb, jupyter_book, sphinx_external_toc, page, katex_math, plots, downloads, prose, claims]
    html_theme: unrolled
    html_theme_options: {}
    html_math_renderer: katex
    html_copy_source: false
    myst_update_mathjax: false
    nb_ipywidgets_js: {}
    use_multitoc_numbering: false
"""
HEAD = "---\nkernelspec: {name: python3, display_name: Python 3, language: python}\njupytext: {text_representation: {extension: .md, format_name: myst}}\n---\n"


def run(root):
    code = f"import runpy, pathlib; m = runpy.run_path({str(ROOT / 'book/build.py')!r}); m['build'](pathlib.Path({str(root)!r}))"
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
    )


@pytest.mark.slow
@pytest.mark.xdist_group(__name__)
def test_a_small_site_is_built_edited_broken_and_mended(tmp_path):
    write = lambda name, text: (tmp_path / name).write_text(text)  # noqa: E731
    for folder in ("book", "src/unrolled"):
        (tmp_path / folder).mkdir(parents=True)
    write("_config.yml", CONFIG.replace("EXT", str(ROOT / "book/_ext")))
    write("_toc.yml", "format: jb-book\nroot: book/one\nchapters:\n- file: book/two\n")
    write("src/unrolled/__init__.py", "")
    write("src/unrolled/number.py", "N = 41\n")
    one = (
        HEAD
        + "# One\n\nBefore $\\inp{x}$.\n\n```{code-cell}\nimport sys\nsys.path.insert(0, '../src')\nfor m in [m for m in sys.modules if m.startswith('unrolled')]: del sys.modules[m]\nfrom unrolled.number import N\nprint('N is', N)\n```\n"
    )
    write("book/one.md", one)
    write("book/two.md", "# Two\n\nWords.\n")
    html = lambda name: (tmp_path / "_build/html/book" / f"{name}.html").read_text()  # noqa: E731

    first = run(tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "N is 41" in html("one") and "role-input" in html("one")
    assert "up to date" in run(tmp_path).stdout

    # prose: its page alone, and nothing runs
    two_written = (tmp_path / "_build/html/book/two.html").stat().st_mtime_ns
    ran = (tmp_path / "_build/ran.json").read_text()
    write("book/one.md", one.replace("Before", "After"))
    assert run(tmp_path).returncode == 0
    assert "After" in html("one") and "N is 41" in html("one")
    assert (tmp_path / "_build/html/book/two.html").stat().st_mtime_ns == two_written
    assert (tmp_path / "_build/ran.json").read_text() == ran

    # the package: nothing stale stays
    write("src/unrolled/number.py", "N = 42\n")
    assert run(tmp_path).returncode == 0
    assert "N is 42" in html("one")

    # a failing cell: told, and not trusted
    write("src/unrolled/number.py", "N = 1 / 0\n")
    broken = run(tmp_path)
    assert broken.returncode != 0
    assert "A cell of book/one.md, line" in broken.stderr and "ZeroDivisionError" in broken.stderr
    assert not (tmp_path / "_build/state.json").exists()

    # mended; a page that is gone leaves no file
    write("src/unrolled/number.py", "N = 43\n")
    (tmp_path / "book/two.md").unlink()
    write("_toc.yml", "format: jb-book\nroot: book/one\n")
    mended = run(tmp_path)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert "N is 43" in html("one")
    assert not (tmp_path / "_build/html/book/two.html").exists()
    notebook = json.loads((tmp_path / "_build/html/book/one.ipynb").read_text())
    assert notebook["cells"][0]["id"] == "install"
    assert notebook["cells"][1]["source"] == "# One\n\nAfter ${\\color{#0b63a5}{x}}$."
