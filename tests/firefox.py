"""Debian's Firefox, driven by WebDriver BiDi over its own socket.

Playwright's Firefox is a build of its own that must be downloaded; the stock one that Playwright can start
(``channel="moz-firefox"``) is sent commands that the ESR does not know.  What a test needs is little: open a page, evaluate,
click, type.
"""

import json
import subprocess
import time
from contextlib import contextmanager
from itertools import count

import websocket

STARTED = "WebDriver BiDi listening on "
KEYS = {"Control": "\ue009", "Enter": "\ue007", "Delete": "\ue017", "Escape": "\ue00c", "Tab": "\ue004"}


class FirefoxError(RuntimeError):
    """What the browser, or the page, said."""


class Firefox:
    """One tab."""

    def __init__(self, address):
        self.socket = websocket.create_connection(address + "/session", timeout=60, suppress_origin=True)
        self.numbers = count(1)
        self.ask("session.new", capabilities={})
        self.tab = self.ask("browsingContext.create", type="tab")["context"]

    def ask(self, method, **params):
        """Send a command and wait for its answer; what the browser tells of itself meanwhile is passed over."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                break
        if answer["type"] == "error":
            raise FirefoxError(f"{method}: {answer['error']}: {answer.get('message')}")
        return answer["result"]

    def goto(self, url):
        self.ask("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def reload(self):
        self.ask("browsingContext.reload", context=self.tab, wait="complete")

    def value(self, expression):
        """A JavaScript expression's value, as JSON carries it; promises are awaited."""
        answer = self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.tab}, awaitPromise=True,
        )  # fmt: skip
        if answer["type"] == "exception":
            raise FirefoxError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def wait(self, expression, seconds=120):
        """Until the expression is true."""
        end = time.monotonic() + seconds
        while not (value := self.value(expression)):
            if time.monotonic() > end:
                raise FirefoxError(f"not in {seconds} s: {expression}")
            time.sleep(0.1)
        return value

    def text(self, selector):
        """What is written in the first such element."""
        return self.value(f"document.querySelector({json.dumps(selector)}).innerText")

    def click(self, selector):
        """With the mouse, in the middle of the first such element."""
        element = self.ask(
            "script.evaluate", target={"context": self.tab}, awaitPromise=False,
            expression=f"(() => {{ const found = document.querySelector({json.dumps(selector)}); found.scrollIntoView({{ block: 'center' }}); return found; }})()",
        )["result"]  # fmt: skip
        origin = {"type": "element", "element": {"sharedId": element["sharedId"]}}
        moves = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
        ]  # fmt: skip
        self.act({"type": "pointer", "id": "mouse", "actions": moves})

    def press(self, *keys):
        """Keys held down together."""
        codes = [KEYS.get(key, key) for key in keys]
        downs = [{"type": "keyDown", "value": code} for code in codes]
        ups = [{"type": "keyUp", "value": code} for code in reversed(codes)]
        self.act({"type": "key", "id": "keyboard", "actions": downs + ups})

    def press_in_turn(self, *keys):
        """One key after the other, with no pause."""
        codes = [KEYS.get(key, key) for key in keys]
        strokes = [{"type": kind, "value": code} for code in codes for kind in ("keyDown", "keyUp")]
        self.act({"type": "key", "id": "keyboard", "actions": strokes})

    def insert(self, text):
        """As one pastes: all at once, where the cursor is."""
        self.value(f"document.execCommand('insertText', false, {json.dumps(text)})")

    def act(self, *actions):
        self.ask("input.performActions", context=self.tab, actions=list(actions))

    def close(self):
        try:
            self.ask("browser.close")
        finally:
            self.socket.close()


@contextmanager
def firefox(path, profile):
    """Start it with an empty profile, headless; at the end it is gone, whatever happened."""
    command = [
        path,
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        "0",
        "about:blank",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        browser = Firefox(_address(process))
        yield browser
        browser.close()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stderr.close()


def _address(process):
    """Where it listens, from what it says as it starts."""
    said = []
    for line in process.stderr:
        if STARTED in line:
            return line.split(STARTED)[1].strip()
        said.append(line)
    raise FirefoxError("Firefox did not start: " + "".join(said[-5:]))
