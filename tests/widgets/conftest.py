"""Pages for the widgets' tests, which may not reach any network."""

import pytest
import widget_page


@pytest.fixture
def show(chromium, tmp_path):
    """``show(widget, …)`` opens it on a bare page; the test fails on any error or request that page makes."""
    wrong, contexts = [], []

    def heard(message):
        ours = not message.text.startswith("Canvas2D: Multiple readback")  # the tests read pixels
        if ours and message.type in ("error", "warning"):
            wrong.append(message.text)

    def open_page(widget, width=1000, dark=False, clock=False, reduced="no-preference", html=None, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html or widget_page.page_of(widget, **options), encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 900}, reduced_motion=reduced)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", heard)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: r.url.startswith(("http:", "https:", "ws")) and wrong.append(r.url))
        if clock:
            page.clock.install()
        page.goto(path.as_uri())
        page.wait_for_function("window.ready === true || document.querySelector('[data-state=alive]')")
        if dark:
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
