"""A live exercise holds what its task gives away and nothing else; its runner speaks to a student."""

import importlib.util
import io
import json
import sys
import zipfile
from pathlib import Path

import assignment
import pages
import pytest

sys.path.insert(0, str(pages.EXT.parent / "_theme" / "live"))
import browser_pack
import live_assets
import runner
from live_exercise import course_tasks


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = tmp_path / "solutions"
    (folder / "ch01_test").mkdir(parents=True)
    (folder / "ch01_test" / "ch01_test.md").write_text(assignment.SOURCE)
    monkeypatch.setattr(course_tasks(), "ROOT", folder)
    monkeypatch.setattr("live_exercise.build_live", lambda *_: True)
    return pages.Pages(tmp_path, "live_exercise")


PAGE = "# T\n\n```{live-exercise} ch01_test/double\n```\n"


def test_the_page_holds_the_task_and_no_hidden_test(site):
    site.write(a=PAGE, b="# U\n").build()
    assert site.warnings == ""
    page, text = site.html("a"), site.text("a")
    assert "hidden words" not in text and "HIDDEN" not in text
    box = page.select_one("section.live-exercise")
    assert page.find(id=box["aria-labelledby"]).text.startswith("Your turn: Twice as much")
    assert box.select_one(".live-prompt .math")
    stub = box.select_one(".live-code pre").text
    assert "raise NotImplementedError" in stub and "secret answer" not in stub
    summaries = [s.text for s in box.select("summary")]
    assert summaries == [
        "Hint 1 of 3: a nudge", "Hint 2 of 3: the idea", "Hint 3 of 3: a sketch", "The solution", "What is checked",
    ]  # fmt: skip
    data = json.loads(box.select_one("script.live-data").string)
    assert data["stub"].strip() == stub.strip()
    assert data["checks"] == "check_double(double)" and "class CheckFailed" in data["setup"]
    assert box.select(".live-run") and box.select_one(".live-bar").has_attr("hidden")


def test_the_script_comes_only_with_an_exercise(site):
    site.write(a=PAGE, b="# U\n").build()
    assert "live/live.js" in site.text("a") and "live.css" in site.text("a")
    assert "live.js" not in site.text("b") and "live.css" not in site.text("b")


def test_solutions_can_be_left_out(site):
    site.config["unrolled_live_solutions"] = False
    site.write(a=PAGE).build()
    assert "secret answer" not in site.text("a") and "x + x" not in site.text("a")


def test_the_solution_of_a_task_with_marks_stays_away(site):
    path = site.folder / "solutions" / "ch01_test" / "ch01_test.md"
    path.write_text(assignment.SOURCE.replace('"practice": true, ', ""))
    site.write(a=PAGE).build()
    assert "secret answer" not in site.text("a") and "x + x" not in site.text("a")


def test_the_page_follows_the_assignment(site):
    site.write(a=PAGE).build()
    path = site.folder / "solutions" / "ch01_test" / "ch01_test.md"
    path.write_text(assignment.SOURCE.replace("Twice as much", "Double it"))
    site.build()
    assert "Double it" in site.text("a")


@pytest.mark.parametrize(
    ("name", "says"),
    [("ch01_test/nothing", "expected one of double"), ("ch09_none/x", "expected one of ch01_test")],
)
def test_an_unknown_task_is_a_warning(site, name, says):
    site.write(a=f"# T\n\n```{{live-exercise}} {name}\n```\n").build()
    assert says in site.warnings and "a.md:3" in site.warnings


SETUP = assignment.SOURCE.split("[setup]\n")[1].split("```")[0]
CHECKS = "check_double(double)"


def run(code):
    return runner.run(SETUP, code, CHECKS)


def test_a_right_answer_passes_and_its_output_is_shown():
    answer = run("def double(x):\n    print('in', x.shape)\n    return 2 * x\n")
    assert answer == {
        "status": "passed",
        "message": "All visible checks pass.",
        "trace": "",
        "output": "in (2,)\n",
    }


def test_a_failed_check_speaks_for_itself():
    answer = run("def double(x):\n    return 3 * x\n")
    assert (answer["status"], answer["trace"]) == ("not yet", "")
    assert answer["message"] == "Not yet. `double` gives 3 for 1, expected 2."


def test_an_untouched_stub_is_not_an_error():
    answer = run("def double(x):\n    raise NotImplementedError('Nothing is written here yet.')\n")
    assert (answer["status"], answer["message"]) == ("not yet", "Nothing is written here yet.")


def test_an_error_shows_the_student_s_lines_only():
    answer = run(
        "def helper(x):\n    return expect_shape('x', x, ('H', 'D'))\n\n\ndef double(x):\n    return helper(x)\n"
    )
    assert answer["status"] == "error"
    assert answer["message"] == "ValueError: x: expected shape (H, D), got (2,)"
    assert (
        answer["trace"]
        == "line 6, in double\n    return helper(x)\nline 2, in helper\n    return expect_shape('x', x, ('H', 'D'))"
    )


def test_their_own_assert_is_their_own_error():
    answer = run("def double(x):\n    assert x.ndim == 2, 'two axes'\n")
    assert answer["status"] == "error" and "line 2" in answer["trace"]


def test_a_syntax_error_points_at_its_place():
    answer = run("def double(x):\n    return 2 *\n")
    assert answer["status"] == "error" and answer["message"].startswith("SyntaxError: ")
    assert answer["trace"].splitlines()[:2] == ["line 2", "    return 2 *"]


def test_endless_recursion_is_short_and_a_flood_is_cut():
    answer = run("def double(x):\n    return double(x)\n")
    assert "RecursionError" in answer["message"] and len(answer["trace"].splitlines()) < 15
    flood = run("print('x' * 1_000_000)\ndef double(x):\n    return 2 * x\n")
    assert flood["status"] == "passed" and len(flood["output"]) < 21_000 and "was cut" in flood["output"]


def test_a_warning_names_the_line():
    answer = run("def double(x):\n    np.log(np.zeros(1))\n    return 2 * x\n")
    assert answer["output"] == "RuntimeWarning: divide by zero encountered in log (line 2)\n"


def test_exit_ends_the_run_and_not_the_worker():
    assert run("raise SystemExit(1)")["status"] == "error"


def test_runs_do_not_see_one_another():
    run("leak = 1\ndef double(x):\n    return 2 * x\n")
    assert run("def double(x):\n    return leak * x\n")["message"] == "NameError: name 'leak' is not defined"


def test_the_zip_is_stable_and_holds_only_what_runs_in_a_browser():
    package = pages.EXT.parents[1] / "src" / "unrolled"
    first = live_assets.course_zip(package)
    assert first == live_assets.course_zip(package)
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    assert {
        "unrolled/axes.py",
        "unrolled/scratch/rnn.py",
        "unrolled_runner.py",
        "jaxtyping.py",
    } <= set(names)
    assert not [
        n
        for n in names
        if n.startswith("unrolled/")
        and n.split("/")[1] not in ("__init__.py", "axes.py", "scratch", "checks")
    ]
    assert len(first) < 200_000


def test_annotations_need_no_jaxtyping_in_the_browser():
    given = "from axes_only import Bool, Float\n\ndef f(x: Float[list, 'T D'], m: Bool[list, 'T'] | None) -> Float[list, '']: ..."
    names = {}
    exec(given, names)
    assert names["f"].__annotations__["return"] is list


def test_what_is_packed_is_compiled_and_without_what_no_page_needs(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("json/__init__.py", "mailbox.py", "xmlrpc/client.py", "zoneinfo/tzdata.txt"):
            archive.writestr(name, "TWO = 1 + 1\n")
    browser_pack.pack(tmp_path / "a.zip", tmp_path / "b.zip", browser_pack.LIBRARY)
    with zipfile.ZipFile(tmp_path / "b.zip") as made:
        assert made.namelist() == ["json/__init__.pyc", "zoneinfo/tzdata.txt"]
        path = tmp_path / "module.pyc"
        path.write_bytes(made.read("json/__init__.pyc"))
    spec = importlib.util.spec_from_file_location("module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TWO == 2


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("numpy/linalg/_linalg.py", True), ("numpy/_core/_multiarray_tests.cpython-312-wasm32-emscripten.so", True),
        ("numpy-2.0.2.dist-info/LICENSE.txt", True), ("numpy/random/_pcg64.cpython-312-wasm32-emscripten.so", True),
        ("numpy/__init__.pyi", False), ("numpy/lib/tests/test_io.py", False),
        ("numpy/_core/_umath_tests.cpython-312-wasm32-emscripten.so", False), ("numpy/f2py/rules.py", False),
    ],
)  # fmt: skip
def test_of_numpy_the_browser_gets_what_runs(name, stays):
    assert (browser_pack.NUMPY.match(name) is None) == stays


def test_python_for_the_browser_is_packed_once(tmp_path, monkeypatch):
    wheel = tmp_path / "numpy.whl"
    wheel.write_bytes(b"a wheel")
    monkeypatch.setattr("pooch.os_cache", lambda _: tmp_path / "cache")
    runs = []

    def pack(folder):
        runs.append(folder)
        for name in live_assets.PACKED:
            (Path(folder) / name).write_bytes(b"made")

    monkeypatch.setattr(live_assets, "_pack", pack)
    pyodide = pages.EXT.parents[1] / "node_modules" / "pyodide"
    folders = [live_assets.packed(pyodide, wheel) for _ in range(2)]
    wheel.write_bytes(b"another wheel")
    folders.append(live_assets.packed(pyodide, wheel))
    assert len(runs) == 2 and folders[0] == folders[1] != folders[2]


def test_a_packer_that_fails_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="could not be packed"):
        live_assets._pack(str(tmp_path / "nothing"))


def test_a_wheel_with_the_wrong_hash_is_refused(tmp_path, monkeypatch):
    pyodide = pages.EXT.parents[1] / "node_modules" / "pyodide"
    name = json.loads((pyodide / "pyodide-lock.json").read_text())["packages"]["numpy"]["file_name"]
    (tmp_path / name).write_bytes(b"not a wheel")
    monkeypatch.setenv("UNROLLED_ASSETS", str(tmp_path))
    with pytest.raises(live_assets.NoWheelError, match="sha256 differs"):
        live_assets.find_wheel(pyodide)


def test_without_a_net_the_build_says_so_and_goes_on(tmp_path, monkeypatch, caplog):
    def unreachable(*_, **__):
        raise OSError("no route")

    monkeypatch.delenv("UNROLLED_ASSETS", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda _: tmp_path / "cache")
    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    assert live_assets.build_live(pages.EXT.parents[1], tmp_path / "live") is False
    assert '"python": false' in (tmp_path / "live" / "live.js").read_text()
    assert not (tmp_path / "live" / "pyodide").exists()
