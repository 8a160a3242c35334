"""`unrolled report` on a class that was really graded: what it tells, that it asks for nothing, that nothing runs in it."""

import os
import re
import stat
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from grading.classroom import (
    CHAPTER,
    CODE,
    TASKS,
    copy_course,
    fill,
    make_class,
    points,
    release,
    run,
    solutions,
    submit,
)

from unrolled.grading.report import Hint, _hints, kind_of, message

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]
HOSTILE = '<img src=x onerror="alert(1)">'
SHOUT = "</code></pre><script>alert(2)</script>"
COPIED = """def leaky_step(x_t, h_prev, W, U, b, leak):
    result = []
    for row, old in zip(np.atleast_2d(x_t), np.atleast_2d(h_prev)):
        units = []
        for n in range(len(b)):
            total = b[n]
            for m in range(len(old)):
                total += U[n, m] * old[m]
            for d in range(len(row)):
                total += W[n, d] * row[d]
            units.append((1 - leak) * old[n] + leak * np.tanh(total))
        result.append(units)
    note = '%s'
    return np.array(result).reshape(h_prev.shape)
"""
SWAPPED = """def leaky_step(x_t, h_prev, W, U, b, leak):
    return leak * h_prev + (1 - leak) * np.tanh(h_prev @ U.T + x_t @ W.T + b)
"""
BORROWED = """class Own(np.ndarray):
    pass
def leaky_step(x_t, h_prev, W, U, b, leak):
    return ((1 - leak) * h_prev + leak * np.tanh(h_prev @ U.T + x_t @ W.T + b)).view(Own)
"""
HUNGRY = """import os, time
for _ in range(4):
    if os.fork() == 0:
        kept = b"x" * (500 << 20)
        time.sleep(600)
time.sleep(600)
"""
SHOUTING = "def all_states(*args):\n    raise ValueError('%s')\n"


@pytest.fixture(scope="module")
def reported(module_course):
    """A class of 12 and some with something to tell; graded, one mark given by hand, reported."""
    course, base = module_course, release(module_course)
    make_class(course, 12)
    renamed = COPIED.replace("total", "z").replace("units", "out").replace("row", "vec")
    for student, text in ((HOSTILE, COPIED % SHOUT), ("zoe", renamed % "other words")):
        answers = {**solutions(), "leaky-step": text, "all-states": SHOUTING % SHOUT}
        submit(course, student, fill(base, answers))
    submit(course, "swapped", fill(base, {**solutions(), "leaky-step": SWAPPED}))
    twice = fill(base, solutions())
    submit(course, "mended", {**twice, "cells": [*twice["cells"], twice["cells"][-1]]})
    submit(course, "borrower", fill(base, {**solutions(), "leaky-step": BORROWED}))
    submit(course, "hungry", fill(base, {**solutions(), "all-states": HUNGRY}))
    submit(course, "broken", b"not a notebook at all")
    graded = run(course, "-m", "unrolled", "grade", CHAPTER, "--memory", "1500")
    assert graded.returncode == 1, graded.stderr
    late = submit(course, "latecomer", base)
    made = run(course, "-m", "unrolled", "report", CHAPTER)
    assert made.returncode == 0, made.stderr
    assert late.exists()
    path = course / "_nbgrader" / f"report-{CHAPTER}.html"
    return course, path, path.read_text(encoding="utf-8"), made.stdout


class Page(HTMLParser):
    """Tags with attributes, and the text of each section."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.sections, self.section = [], {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.section = dict(attrs)["aria-labelledby"]

    def handle_data(self, data):
        self.sections[self.section] = self.sections.get(self.section, "") + data


def test_it_asks_for_nothing_and_runs_nothing(reported):
    *_, text, _ = reported
    page = Page(text)
    assert not {tag for tag, _ in page.tags} & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
    }
    loose = [
        (tag, name) for tag, attrs in page.tags for name in attrs if name.startswith("on") or name == "src"
    ]
    assert not loose
    assert all(attrs["href"].startswith("#") for tag, attrs in page.tags if tag == "a")
    assert "url(" not in text and "@import" not in text and "http://" not in text and "https://" not in text
    policy = next(a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


def test_hostile_names_code_and_messages_are_words(reported):
    *_, text, _ = reported
    page = Page(text)
    everything = "".join(page.sections.values())
    assert HOSTILE in page.sections["alike"], "the name itself, as text"
    assert SHOUT in everything and SHOUT not in text


def test_points_are_the_gradebooks(reported):
    course, _, text, _ = reported
    rows = re.findall(r"<tr><th scope=\"row\">([^<]+)</th>(.*?)</tr>", text, flags=re.S)
    told = {name: [float(x) for x in re.findall(r"<td>([\d.]+)</td>", cells)] for name, cells in rows}
    assert set(told) >= {f"{t.id}-test" for t in CODE}
    total = sum(points(course).values())
    students = sum(told["leaky-step-test"][2:6])
    assert students == len(points(course))
    means = sum(
        cells[1] * sum(cells[2:5]) for name, cells in told.items() if name in {f"{t.id}-test" for t in CODE}
    )
    assert means == pytest.approx(total, rel=0.01)
    written = next(t.id for t in TASKS if t.written)
    assert told[written][5] > 0, "the written answers wait"


def test_hints_are_counted(reported):
    *_, text, _ = reported
    hints = Page(text).sections["hints"]
    assert "nothing is written there yet" in hints and "λ and 1 − λ have changed places" in hints
    assert len(re.findall(r"all_states: it stopped with ValueError", hints)) == 1, "two students, one kind"
    assert "Traceback" not in hints and "expected:" not in hints


def test_what_to_look_at(reported):
    *_, text, stdout = reported
    look = Page(text).sections["look"]
    assert "Not graded (1)" in look and "broken" in look
    assert "Mended (1)" in look and "mended" in look
    assert "Handed in, not graded (1)" in look and "latecomer" in look
    assert "Flagged (1)" in look and "borrower" in look and "leaky-step-test: " in look
    assert "Stopped early (1)" in look and "hungry" in look and "1500 MB" in look
    assert "Not graded: 1" in stdout and "Mended: 1" in stdout


def test_the_copied_pair_is_told_as_a_hint(reported):
    *_, text, stdout = reported
    alike = Page(text).sections["alike"]
    assert "A hint where to look, not a proof." in alike and "(a hint, not a proof)" in stdout
    assert re.search(r"and zoe: \d+ % \(\d+ passages\) in leaky-step", re.sub(r"\s+", " ", alike))
    assert "<mark>" in text


def test_only_the_owner_reads_it_and_it_is_written_anew(reported):
    course, path, _, _ = reported
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    out = course / "elsewhere" / "a report.html"
    again = run(course, "-m", "unrolled", "report", CHAPTER, "--out", str(out))
    assert again.returncode == 0 and out.is_file() and str(out) in again.stdout


def test_every_heading_has_an_order_and_tables_have_heads(reported):
    *_, text, _ = reported
    page = Page(text)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))
    scopes = [attrs.get("scope") for tag, attrs in page.tags if tag == "th"]
    assert scopes and set(scopes) == {"col", "row"}
    assert ("html", {"lang": "en"}) in page.tags


def test_nothing_graded_is_said_in_a_sentence(released, tmp_path):
    course = copy_course(released, tmp_path / "course")
    done = run(course, "-m", "unrolled", "report", CHAPTER)
    assert done.returncode == 2 and "nothing of 'ch01_rnn' is graded yet" in done.stderr
    done = run(course, "-m", "unrolled", "report", "ps9")
    assert done.returncode == 2 and "no assignment 'ps9' in the gradebook (there: ch01_rnn)" in done.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = run(elsewhere, "-m", "unrolled", "report", CHAPTER)
    assert done.returncode == 2 and "no gradebook at" in done.stderr and not list(elsewhere.iterdir())


# messages


def error(ename, evalue):
    return {"outputs": [{"output_type": "error", "ename": ename, "evalue": evalue}]}


def test_a_message_is_its_sentence_without_the_numbers():
    text = "f: the bias b is left\nout.\nh:\n  expected: [1, 2]\n  got:      [3]\nfor\n  x = [1]"
    assert message({"ename": "CheckFailed", "evalue": text}) == "f: the bias b is left out."
    assert (
        message({"ename": "NameError", "evalue": "name 'f' is not defined"})
        == "NameError: name 'f' is not defined"
    )
    assert message({"ename": "AssertionError", "evalue": ""}) == "AssertionError"
    assert len(message({"ename": "E", "evalue": "x" * 9999})) < 320


def test_messages_of_one_kind_are_counted_together():
    a, b = (
        "f: it stopped with KeyError: my words, at line 3 of your cell: `x[0]`",
        "f: it stopped with KeyError: other",
    )
    cells = [
        error("CheckFailed", a),
        error("CheckFailed", b),
        error("CheckFailed", "f: expected (2, 3), got (3, 2)."),
    ]
    cells += [error("CheckFailed", "f: expected (4, 3), got (3, 4)."), {"outputs": []}, {}]
    cells += [error("CheckFailed", b)]
    assert _hints(cells) == [Hint(b, 3), Hint("f: expected (2, 3), got (3, 2).", 2)]
    assert kind_of("is used transposed") != kind_of("is left out")
