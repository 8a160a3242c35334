"""Pairs of solutions that are more alike than the task explains: a hint where to look, never a proof.

Code becomes a row of tokens in which every name of the student's own is the same letter, so renaming, comments and
layout change nothing.  Every run of ``RUN`` tokens counts once, wherever it stands, so moving functions changes nothing
either.  Runs that the release or the instructor's solution has, and runs that many students have, say nothing about
two of them and are left out.  What is left over and shared is what is told.
"""

import builtins
import io
import keyword
import re
import tokenize
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

RUN = 10
"""tokens: about one line of code"""
LEAST_SHARED = 15
"""unusual runs that two must share: some 25 tokens on end, or several lines"""
LEAST_SHARE = 0.4
KEPT = {*keyword.kwlist, *dir(builtins)}
SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
ROUGH = re.compile(r"[^\W\d]\w*|\d[\w.]*|'[^'\n]*'|\"[^\"\n]*\"|[^\w\s]")

Run = tuple[str, ...]


class Pair(NamedTuple):
    """Two students whose solutions share unusual runs."""

    first: str
    second: str
    shared: int
    """unusual runs that both have"""
    share: float
    """of the unusual runs of the one who has fewer"""
    tasks: tuple[str, ...]


def tokens(source: str) -> list[tuple[str, int]]:
    """Normalised tokens with their lines; what is no Python is split roughly."""
    source = "\n".join("" if re.match(r"\s*[%!]", line) else line for line in source.split("\n"))
    try:
        found = [
            (t.type, t.string, t.start[0]) for t in tokenize.generate_tokens(io.StringIO(source).readline)
        ]
    except (tokenize.TokenError, SyntaxError, ValueError):
        found = [
            (_kind(text), text, n)
            for n, line in enumerate(source.split("\n"), start=1)
            for text in ROUGH.findall(line.partition("#")[0])
        ]
    imported = set(re.findall(r"\b(?:import|as)\s+([A-Za-z_]\w*)", source))
    row, before = [], ""
    for kind, text, line in found:
        if kind not in SKIPPED:
            row.append((_normal(kind, text, before, imported), line))
            before = text
    return row


def _kind(text: str) -> int:
    if text[0].isalpha() or text[0] == "_":
        return tokenize.NAME
    return tokenize.NUMBER if text[0].isdigit() else tokenize.STRING if text[0] in "'\"" else tokenize.OP


def _normal(kind: int, text: str, before: str, imported: set[str]) -> str:
    if kind == tokenize.NAME:
        return text if text in KEPT or text in imported or before == "." else "n"
    return {tokenize.STRING: "s", tokenize.NUMBER: "0", tokenize.NEWLINE: ";"}.get(
        kind, {tokenize.INDENT: ">", tokenize.DEDENT: "<"}.get(kind, text)
    )


def runs(source: str) -> dict[Run, set[int]]:
    """Every run of ``RUN`` tokens, with the lines it stands on."""
    row = tokens(source)
    found: dict[Run, set[int]] = {}
    for n in range(len(row) - RUN + 1):
        part = row[n : n + RUN]
        found.setdefault(tuple(text for text, _ in part), set()).update(line for _, line in part)
    return found


def most(students: int) -> int:
    """How many may share a run that still counts as unusual."""
    return max(2, min(max(4, students // 20), students // 3, 30))


class Class:
    """All solutions of one assignment: by student, by task, the source."""

    def __init__(self, sources: Mapping[str, Mapping[str, str]], known: Iterable[str] = ()):
        self.sources = sources
        given = {run for source in known for run in runs(source)}
        self.owners: dict[tuple[str, Run], list[str]] = {}
        for student, tasks in sources.items():
            for task, source in tasks.items():
                for run in runs(source).keys() - given:
                    self.owners.setdefault((task, run), []).append(student)
        limit = most(len(sources))
        self.owners = {key: owners for key, owners in self.owners.items() if len(owners) <= limit}

    def pairs(self, least_shared: int = LEAST_SHARED, least_share: float = LEAST_SHARE) -> list[Pair]:
        """The pairs that stand out, the most alike first."""
        own: dict[str, int] = {}
        shared: dict[tuple[str, str], dict[str, int]] = {}
        for (task, _), owners in self.owners.items():
            for student in owners:
                own[student] = own.get(student, 0) + 1
            for pair in combinations(sorted(owners), 2):
                tasks = shared.setdefault(pair, {})
                tasks[task] = tasks.get(task, 0) + 1
        found = []
        for (a, b), tasks in shared.items():
            total = sum(tasks.values())
            share = total / min(own[a], own[b])
            if total >= least_shared and share >= least_share:
                found.append(Pair(a, b, total, share, tuple(sorted(tasks, key=lambda t: -tasks[t]))))
        return sorted(found, key=lambda p: (-p.share, -p.shared, p.first, p.second))

    def lines(self, student: str, other: str, task: str) -> set[int]:
        """The lines of a student's solution in which something unusual stands that the other has too."""
        marked: set[int] = set()
        for run, lines in runs(self.sources[student].get(task, "")).items():
            if {student, other} <= set(self.owners.get((task, run), ())):
                marked |= lines
        return marked
