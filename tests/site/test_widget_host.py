"""The static host: views of one model in step, mistakes shown in place, nothing started before it is near."""

import base64
import json
import shutil
from pathlib import Path

import pytest
from skips import skip_or_fail

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
HOST = Path(__file__).parents[2] / "book/_theme/static/widget-host.js"
COUNTER = """
window.loads = (window.loads ?? 0) + 1;
export default {
  initialize({ model }) { window.begun = (window.begun ?? 0) + 1; },
  render({ model, el }) {
    const button = document.createElement("button");
    const draw = () => { button.textContent = model.get("n"); };
    model.on("change:n", draw); draw();
    button.onclick = () => { model.set("n", model.get("n") + 1); model.save_changes(); model.send({ hello: 1 }); };
    el.append(button);
    window.models = [...(window.models ?? []), model];
  },
};
"""


def page_of(folder, models, views, gap=0):
    """A page that shows these models, beside the host's script."""
    state = {"version_major": 2, "version_minor": 0, "state": models}
    shown = "".join(
        f'<script type="application/vnd.jupyter.widget-view+json">{json.dumps({"model_id": view})}</script>'
        f'<div style="height:{gap}px"></div>'
        for view in views
    )
    (folder / "host.js").write_text(HOST.read_text())
    (folder / "a.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>t</title><body><script type="application/vnd.jupyter.widget-state+json">{json.dumps(state)}</script>'
        f'{shown}<script src="host.js"></script>'
    )


@pytest.fixture
def show(chromium_page, tmp_path):
    def shower(models, views, gap=0):
        page_of(tmp_path, models, views, gap)
        chromium_page.goto((tmp_path / "a.html").as_uri())
        return chromium_page

    return shower


@pytest.fixture
def chromium_page(request):
    if shutil.which("chromium") is None:
        skip_or_fail("chromium is missing: apt-get install chromium")
    browser = request.getfixturevalue("chromium")
    context = browser.new_context(viewport={"width": 800, "height": 600})
    yield context.new_page()
    context.close()


def model(source=COUNTER, **state):
    return {"model_name": "AnyModel", "state": {"_esm": source, "n": 1, **state}}


def test_two_views_of_a_model_are_in_step_and_another_model_is_not(show):
    page = show({"a": model(), "b": model()}, ["a", "a", "b"])
    page.wait_for_function("document.querySelectorAll('button').length === 3")
    page.locator("button").first.click()
    assert page.locator("button").all_inner_texts() == ["2", "2", "1"]
    assert page.evaluate("[window.loads, window.begun]") == [1, 2]


def test_listeners_can_be_taken_off_and_one_that_fails_leaves_the_rest(show):
    page = show({"a": model()}, ["a"])
    page.wait_for_selector("button")
    heard = page.evaluate("""() => {
      const m = window.models[0], heard = [], f = () => heard.push("f");
      m.on("change:n", () => { throw new Error("mine"); });
      m.on("change:n change", f); m.set("n", 5); m.off("change:n", f); m.set({ n: 6 }); m.set("n", 6); m.off(); m.set("n", 7);
      return heard;
    }""")
    assert heard == ["f", "f", "f"]


def test_a_widget_that_fails_says_so_in_its_place_and_the_next_one_lives(show):
    page = show(
        {"a": model("export default { render() { throw new Error('no such gate') } }"), "b": model()},
        ["a", "b", "gone"],
    )
    page.wait_for_selector("button")
    page.wait_for_function("document.querySelectorAll('[data-state=failed]').length === 2")
    assert "no such gate" in page.locator("[data-state=failed]").first.inner_text()


def test_a_widget_far_below_waits(show):
    page = show({"a": model(), "b": model()}, ["a", "b"], gap=6000)
    page.wait_for_selector("button")
    assert page.locator("button").count() == 1
    page.evaluate("window.scrollTo(0, 6000)")
    page.wait_for_function("document.querySelectorAll('button').length === 2")


WEIGHED = """
export default { render({ model, el }) { el.append(model.get("models").a.arrays.W.data + model.get("n")); } };
"""


@pytest.fixture
def served(chromium, tmp_path):
    """The same page from a server that counts what is asked for; ``answers`` maps a path to (status, text, seconds)."""
    asked, answers, contexts = [], {}, []

    def opener(models, views, gap=0):
        page_of(tmp_path, models, views, gap)
        context = chromium.new_context(viewport={"width": 800, "height": 600})
        contexts.append(context)
        page = context.new_page()

        def answer(route):
            name = route.request.url.split("/", 3)[3]
            asked.append(name)
            if name in answers:
                status, text, wait = answers[name]
                page.wait_for_timeout(wait) if wait else None
                return route.abort() if status == 0 else route.fulfill(status=status, body=text)
            file = tmp_path / name
            types = {".html": "text/html", ".js": "text/javascript"}
            return route.fulfill(body=file.read_text(), content_type=types[file.suffix])

        page.route("**/*", answer)
        page.goto("http://site.test/a.html", wait_until="domcontentloaded")  # "load" waits for weights too
        return page

    yield opener, asked, answers
    for context in contexts:
        context.close()


def weighed(name="ab", **state):
    return model(WEIGHED, models={"a": {"hash": name, "url": f"weights/{name}.model.js"}, "b": None}, **state)


def script(name, value):
    return f'unrolledFiles["{name}"]={json.dumps(value)}'


GOOD = script("ab.model.js", {"hash": "ab", "arrays": {"W": {"shape": [1], "data": "AAA"}}})


def test_weights_are_fetched_once_for_all_who_share_them_and_not_before_they_are_near(served):
    opener, asked, answers = served
    answers["weights/ab.model.js"] = (200, GOOD, 0)
    page = opener({"top": model(), "a": weighed(n=7), "b": weighed(n=8)}, ["top", "a", "b"], gap=4000)
    page.wait_for_selector("button")
    assert "weights/ab.model.js" not in asked
    for y, text in ((4000, "AAA7"), (8500, "AAA8")):
        page.evaluate(f"window.scrollTo(0, {y})")
        page.get_by_text(text, exact=True).wait_for()
    assert asked.count("weights/ab.model.js") == 1
    assert page.locator(".widget-waiting").count() == 0


def test_it_says_that_weights_are_loading(served):
    opener, _, answers = served
    answers["weights/ab.model.js"] = (200, GOOD, 2000)
    page = opener({"a": weighed()}, ["a"])
    assert page.locator(".widget-waiting").inner_text() == "Loading …"
    page.get_by_text("AAA1", exact=True).wait_for()
    assert page.locator(".widget-waiting").count() == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            (404, "", 0),
            "could not be loaded: weights/ab.model.js is not there, or the server can't be reached.",
        ),
        ((200, GOOD[:-9], 0), "could not be loaded: weights/ab.model.js is damaged."),
        (
            (0, "", 0),
            "could not be loaded: weights/ab.model.js is not there, or the server can't be reached.",
        ),
    ],
)
def test_weights_that_do_not_come_are_one_clear_sentence(served, answer, said):
    opener, _, answers = served
    answers["weights/ab.model.js"] = answer
    page = opener({"a": weighed(), "b": model()}, ["a", "b"])
    page.wait_for_selector("[data-state=failed]")
    assert said in page.locator("[data-state=failed]").inner_text()
    assert page.locator("button").count() == 1


def test_a_page_opened_from_a_folder_has_its_weights_too(show, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "ab.model.js").write_text(GOOD)
    page = show({"a": weighed()}, ["a"])
    page.get_by_text("AAA1", exact=True).wait_for()


def test_binary_traits_arrive_as_bytes(show):
    source = "export default { render({ model, el }) { el.textContent = model.get('w').getUint8(1); } }"
    saved = {
        **model(source, w=None),
        "buffers": [{"path": ["w"], "encoding": "base64", "data": base64.b64encode(b"\x01\x07").decode()}],
    }
    page = show({"a": saved}, ["a"])
    page.wait_for_function("document.querySelector('.widget-place').textContent === '7'")


def test_a_module_of_its_own_file_is_fetched_once_and_its_failure_said(served):
    opener, asked, answers = served
    answers["weights/ab.module.js"] = (200, script("ab.module.js", COUNTER), 0)
    answers["weights/cd.module.js"] = (404, "", 0)
    away = {name: {"hash": name, "url": f"weights/{name}.module.js"} for name in ("ab", "cd")}
    page = opener({"a": model(away["ab"]), "b": model(away["ab"]), "c": model(away["cd"])}, ["a", "b", "c"])
    page.wait_for_selector("[data-state=failed]")
    said = "The module that draws it could not be loaded: weights/cd.module.js is not there"
    assert said in page.locator("[data-state=failed]").inner_text()
    page.wait_for_function("document.querySelectorAll('button').length === 2")
    assert asked.count("weights/ab.module.js") == 1 and page.evaluate("window.loads") == 1
