"""The whole of chapter 1 solved in Chromium, downloaded, handed in and graded: equal to the same answers put in by Jupyter.

Needs Debian's chromium, NumPy's wheel for the browser and a sandbox (see ``tests/grading``); the courses graded here lie
where pytest puts them.
"""

import json
import shutil

import pages
import pytest
from grading import classroom
from live_site import ROOT, need_numpy, page_at, served
from skips import skip_or_fail
from submissions import chapters, read_tasks

CHAPTER, CODE = classroom.CHAPTER, classroom.CODE
WORDS = "Because Größe and $W_1 \\dots W_{10}$ see 1/10 of it.\n\nSo: `shared`."
HALF = ("leaky-step", "why-shared")
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group(__name__)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The released assignment and a chapter, as the book makes them."""
    need_numpy()
    folder = tmp_path_factory.mktemp("site")
    site = pages.Pages(
        folder,
        "page", "katex_math", "live_exercise", "progress", "submission", "downloads",
        html_math_renderer="katex",
        html_theme="unrolled",
        html_title="Unrolled",
        html_favicon=str(ROOT / "book/_theme/static/favicon.svg"),
    )  # fmt: skip
    released = site.source / "exercises" / CHAPTER / f"{CHAPTER}.ipynb"
    released.parent.mkdir(parents=True)
    shutil.copy(ROOT / "exercises" / CHAPTER / f"{CHAPTER}.ipynb", released)
    chapter = f"# One\n\n```{{live-exercise}} {CHAPTER}/leaky-step\n```\n"
    index = f"# Start\n\n```{{progress}}\n```\n\n```{{toctree}}\nbook/{CHAPTER}\nexercises/{CHAPTER}/{CHAPTER}\n```\n"
    site.write(index=index, **{f"book/{CHAPTER}": chapter}).build()
    site.released = released.read_text(encoding="utf-8")
    site.served = (site.out / "exercises" / CHAPTER / f"{CHAPTER}.ipynb").read_text(encoding="utf-8")
    with served(site):
        yield site


@pytest.fixture
def page(site, chromium):
    with page_at(chromium, f"{site.address}/exercises/{CHAPTER}/{CHAPTER}.html", patience=30_000) as page:
        yield page


def box(page, task):
    return page.locator(f"#live-{CHAPTER.replace('_', '-')}-{task}")


def write(page, task, code):
    box(page, task).locator(".live-code").click()
    box(page, task).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def download(page):
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download my submission").click()
    got = waiting.value
    assert got.suggested_filename == f"{CHAPTER}.ipynb"
    page.get_by_text(f"Saved {CHAPTER}.ipynb").wait_for()
    with open(got.path(), encoding="utf-8") as file:
        return file.read()


def by_jupyter(released, answers):
    """The same answers typed into the notebook and saved by what Jupyter saves with."""
    import nbformat

    notebook = nbformat.reads(released, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return nbformat.writes(notebook) + "\n"


def test_every_task_solved_in_the_page_grades_as_in_jupyter(page, site, request):
    answers = {task.id: task.solution for task in CODE} | {"why-shared": WORDS}
    for task in CODE:
        write(page, task.id, answers[task.id])
        page.keyboard.press("Control+Enter")
        box(page, task.id).and_(page.locator("[data-status=passed]")).wait_for(timeout=90_000)
    box(page, "why-shared").get_by_label("Your answer").fill(WORDS)
    assert (
        page.locator(".submission-sum").inner_text() == f"{len(answers)} of {len(answers)} tasks filled in."
    )
    states = page.locator(".submission-state").all_inner_texts()
    assert states == ["passes the visible checks"] * len(CODE) + ["written"]
    text = download(page)
    assert text == by_jupyter(site.served, answers)

    course = request.getfixturevalue("graded_course")
    half = {name: answers[name] for name in HALF}
    classroom.submit(course, "page", text.encode())
    classroom.submit(course, "jupyter", by_jupyter(site.released, answers).encode())
    classroom.submit(course, "half_page", filled_by_page(page, site, half).encode())
    classroom.submit(course, "half_jupyter", by_jupyter(site.released, half).encode())
    done = classroom.run(course, "-m", "unrolled", "grade", CHAPTER, "--jobs", "1", "--timeout", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    marks = classroom.points(course)
    assert marks["page"] == marks["jupyter"] == sum(task.points for task in CODE)
    leaky = next(task.points for task in CODE if task.id == "leaky-step")
    assert marks["half_page"] == marks["half_jupyter"] == leaky
    rows = classroom.rows(course)
    for kind in ("page", "half_page"):
        own = {
            (t, cell): row for (t, s, cell), row in rows.items() if s == kind and t in ("grade", "comment")
        }
        twin = kind.replace("page", "jupyter")
        assert own == {(t, c): r for (t, s, c), r in rows.items() if s == twin and t in ("grade", "comment")}
        assert own["grade", "why-shared"][3], "a person has still to read it"


def filled_by_page(page, site, answers):
    """What a second browser downloads, with these answers alone."""
    context = page.context.browser.new_context(accept_downloads=True)
    other = context.new_page()
    other.goto(f"{site.address}/exercises/{CHAPTER}/{CHAPTER}.html")
    write(other, "leaky-step", answers["leaky-step"])
    box(other, "why-shared").get_by_label("Your answer").fill(answers["why-shared"])
    assert other.locator(".submission-sum").inner_text().startswith("2 of ")
    text = download(other)
    context.close()
    return text


@pytest.fixture
def graded_course(tmp_path_factory):
    pytest.importorskip("nbgrader")
    from unrolled.grading.sandbox import Refused, choose

    try:
        choose()
    except Refused as reason:
        skip_or_fail(f"{reason}: allow user namespaces, or run as root")
    return classroom.make_course(tmp_path_factory.mktemp("released") / "course")


def test_nothing_written_is_nothing_to_download_and_blanks_stay_as_released(page, site):
    button = page.get_by_role("button", name="Download my submission")
    assert button.is_disabled()
    assert (
        page.locator(".submission-sum").inner_text()
        == f"None of {len(classroom.TASKS)} tasks is filled in yet."
    )
    assert set(page.locator(".submission-state").all_inner_texts()) == {"empty"}
    write(page, "leaky-step", "  \n")
    assert button.is_disabled()
    write(page, "final-states", "x = 'ä \u2028'  # it has only to be the same")
    notebook = json.loads(download(page))
    changed = [
        (old["id"], "".join(new["source"]))
        for old, new in zip(json.loads(site.served)["cells"], notebook["cells"], strict=True)
        if old != new
    ]
    assert changed == [("final-states", "x = 'ä \u2028'  # it has only to be the same")]


def test_the_chapter_and_the_assignment_share_an_answer_and_two_tabs_do_not_overwrite(page, site):
    chapter = page.context.new_page()
    chapter.goto(f"{site.address}/book/{CHAPTER}.html")
    write(chapter, "leaky-step", "one = 1\n")
    box(page, "leaky-step").get_by_text("one = 1").wait_for()  # the other tab has heard of it
    assert chapter.locator(".submission-sum").inner_text().startswith("1 of ")
    write(page, "leaky-step", "two = 2\n")
    chapter.locator(".cm-content", has_text="two = 2").wait_for()
    assert "two = 2" in download(chapter)


def test_a_build_without_python_still_takes_answers_to_the_notebook(page, site):
    def without(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('"python": true', '"python": false', 1))

    page.route("**/live.js*", without)
    page.reload()
    note = box(page, "leaky-step").locator(".live-notebook")
    assert "built without Python" in note.inner_text()
    assert note.get_by_role("link").get_attribute("href") == f"{CHAPTER}.ipynb"
    assert box(page, "leaky-step").locator(".live-run").is_disabled()
    write(page, "leaky-step", "one = 1\n")
    assert "one = 1" in download(page)


def test_a_notebook_that_cannot_be_had_is_said_and_nothing_is_lost(page):
    write(page, "leaky-step", "one = 1\n")
    page.route("**/*.ipynb", lambda route: route.abort())
    page.get_by_role("button", name="Download my submission").click()
    page.get_by_text("The released notebook could not be fetched").wait_for()
    page.unroute("**/*.ipynb")
    assert "one = 1" in download(page)


def test_every_task_without_torch_passes_its_checks_in_the_page(site_of_all, chromium):
    address, tasks = site_of_all
    assert len(tasks) > 40
    context = chromium.new_context()
    kept = {f"unrolled/task/{name}": json.dumps({"code": task.solution}) for name, task in tasks.items()}
    context.add_init_script(
        f"for (const [k, v] of Object.entries({json.dumps(kept)})) localStorage.setItem(k, v)"
    )
    page = context.new_page()
    page.goto(address)
    found = {}
    for name in tasks:
        exercise = page.locator(f"#live-{name.replace('_', '-').replace('/', '-')}")
        exercise.locator(".live-run").click()
        exercise.and_(page.locator(":not([data-status=idle]):not([data-status=running])")).wait_for(
            timeout=90_000
        )
        found[name] = exercise.get_attribute("data-status"), exercise.locator(".live-status").inner_text()
    assert {name: said for name, said in found.items() if said[0] != "passed"} == {}
    context.close()


@pytest.fixture(scope="module")
def site_of_all(site, tmp_path_factory):
    """One page with every task that the build says can run there, and those tasks."""
    every = {
        f"{chapter}/{task.id}": task for chapter in chapters() for task in read_tasks(chapter) if task.in_page
    }
    other = pages.Pages(
        tmp_path_factory.mktemp("all"),
        "page", "katex_math", "live_exercise",
        html_math_renderer="katex",
        html_theme="unrolled",
        root_doc="all",
    )  # fmt: skip
    text = "".join(f"```{{live-exercise}} {name}\n:bare:\n```\n\n" for name in every)
    other.write(all=f"# All\n\n{text}", index="---\norphan: true\n---\n# Leads on\n").build()
    with served(other):
        yield f"{other.address}/all.html", every


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    write(page, "leaky-step", "one = 1\n")
    download(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found] == []


def test_a_task_in_torch_is_written_here_and_run_elsewhere(tmp_path):
    torch = {
        task.id for task in read_tasks("ch03_language_model") if "torch" in task.setup and not task.written
    }
    assert torch == {
        task.id for task in read_tasks("ch03_language_model") if not task.in_page and not task.written
    }
    site = pages.Pages(tmp_path, "page", "katex_math", "submission", html_theme="unrolled", html_math_renderer="katex", root_doc="a")  # fmt: skip
    text = "# A\n\n" + "".join(
        f"```{{live-exercise}} ch03_language_model/{name}\n```\n\n" for name in sorted(torch)
    )
    site.write(a=text, index="---\norphan: true\n---\n# Leads on\n").build()
    boxes = site.html("a").select(".live-exercise")
    assert len(boxes) == len(torch) > 0
    for box in boxes:
        assert not box.select(".live-run, .live-stop") and box.select(".live-reset")
        assert "does not run in a page" in box.select_one(".live-elsewhere").text


def test_without_scripts_the_page_sends_to_the_notebook(site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}/exercises/{CHAPTER}/{CHAPTER}.html")
    for place, words in {"submission": "work in Jupyter", "written-answer": "in the notebook"}.items():
        note = page.locator(f".{place} noscript p")
        assert note.is_visible() and words in note.inner_text()
    assert not page.locator("textarea").is_visible() and not page.locator(".submission-save").is_visible()
    context.close()
