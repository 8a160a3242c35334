"""``make kill-matrix``: which wrong answer each check catches, and with which words.

Writes ``book/kill_matrix.json`` and the page ``book/kill_matrix.md`` that instructors read; the page
ends with what ``make mutants`` found.
"""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import mutants
import submissions

BOOK = submissions.ROOT / "book"
HEAD = """---
myst:
  html_meta:
    description: "For instructors: the wrong answers that the assignments' checks are held against, and what a student is told for each."
---

<!-- Made by `make kill-matrix` from tests/exercises/misconceptions. Do not edit. -->

(kill-matrix)=
# What the checks catch

A test that passes right answers proves little. Each task below is therefore held against wrong answers that a student might well hand in:
the visible check must catch every one and say what is wrong with it, and the hidden tests must catch it on their own, so that it earns no points.
Unusual right answers, such as other orders of operations, loops, `einsum` or float32, must pass both.
"""


def measure(chapter: str) -> list[dict]:
    """A row for each answer of a chapter."""
    rows = []
    for answer in submissions.load(chapter):
        task = submissions.read_task(chapter, answer.task)
        visible = submissions.run(task, answer.function, hidden=False)
        hidden = submissions.run(task, answer.function, hidden=True)
        rows.append({
            "task": answer.task,
            "answer": answer.title,
            "wrong": answer.hint is not None,
            "check": f"check_{task.function}" if visible.message else None,
            "hint": _first_sentences(visible.message, answer.function.__name__),
            "as_intended": (answer.hint in (visible.message or "")) if answer.hint else visible.message is None,
            "hidden_tests_fail": hidden.message is not None,
        })  # fmt: skip
    return rows


def page(matrix: dict[str, list[dict]]) -> str:
    """The matrix as a page: a table for each task."""
    parts = [HEAD, _total([row for rows in matrix.values() for row in rows])]
    for chapter, rows in matrix.items():
        parts.append(f"\n## {chapter}\n")
        for task in submissions.read_tasks(chapter):
            own = [row for row in rows if row["task"] == task.id]
            if own:
                parts.append(f"\n### {task.title}\n\n`{task.id}`, {task.points} points.\n")
                parts.append(_table([row for row in own if row["wrong"]]))
                right = ", ".join(row["answer"] for row in own if not row["wrong"])
                parts.append(f"\nRight, and accepted: {right}.\n")
    return "\n".join(parts)


def build() -> dict[str, str]:
    """What both files should hold now."""
    matrix = {chapter: measure(chapter) for chapter in submissions.chapters()}
    return {
        "kill_matrix.json": json.dumps(matrix, indent=1, ensure_ascii=False) + "\n",
        "kill_matrix.md": mutants.with_section(page(matrix), mutants.load()),
    }


def _total(rows: list[dict]) -> str:
    wrong, right = [r for r in rows if r["wrong"]], [r for r in rows if not r["wrong"]]
    caught = sum(r["as_intended"] for r in wrong)
    hidden = sum(r["hidden_tests_fail"] for r in wrong)
    accepted = sum(r["as_intended"] and not r["hidden_tests_fail"] for r in right)
    return (
        f"Wrong answers: {len(wrong)}. Caught by the intended check with the intended hint: {caught}. "
        f"Caught by the hidden tests alone: {hidden}. Unusual right answers: {len(right)}. Accepted: {accepted}.\n"
    )


def _table(rows: list[dict]) -> str:
    lines = ["| wrong answer | what the student is told | hidden tests |", "| --- | --- | --- |"]
    for row in rows:
        told = _as_text(row["hint"]) if row["as_intended"] else "**not caught as intended**"
        lines.append(f"| {row['answer']} | {told} | {'fail' if row['hidden_tests_fail'] else '**pass**'} |")
    return "\n".join(lines)


def _as_text(message: str) -> str:
    """Keep Markdown from reading anything into a message."""
    return re.sub(r"([\\|_*<>\[\]{}`$])", r"\\\1", message)


def _first_sentences(message: str | None, name: str) -> str | None:
    """The explanation, without the function's name and without the numbers."""
    if message is None:
        return None
    message = re.sub(
        r"(stopped with \w+): .* of your cell: `.*?`", r"\1", message
    )  # numpy's words, our lines
    message = re.split(r"(?: [\w ]{1,20}:)? (?:expected|bits|you predicted): | for \w+ = ", message)[0]
    return message.removeprefix(f"{name}: ").removeprefix(f"{name}, ").strip()


if __name__ == "__main__":
    for file, text in build().items():
        (BOOK / file).write_text(text, encoding="utf-8")
        print(f"book/{file}")
        if file.endswith(".md"):
            print(next(line for line in text.splitlines() if line.startswith("Wrong answers")))
