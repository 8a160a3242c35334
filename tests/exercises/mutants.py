"""``make mutants``: an independent check of the hidden tests, with mutants that nobody thought up.

Each reference solution is changed in one place by the operators of mutmut and cosmic-ray, and the hidden
tests alone must notice.  Writes ``book/mutants.json`` and its section of ``book/kill_matrix.md``.
A survivor needs a reason in ``mutants.yml``; without one it is a hole in the hidden tests.
"""

import argparse
import ast
import contextlib
import copy
import io
import json
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import submissions

BOOK = submissions.ROOT / "book"
REPORT, PAGE = BOOK / "mutants.json", BOOK / "kill_matrix.md"
REASONS = Path(__file__).with_suffix(".yml")
SECONDS = 10
"""of the processor, for one mutant; a mutant that runs on is killed"""

SWAPS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult],
    ast.MatMult: [ast.Mult], ast.Pow: [ast.Mult], ast.FloorDiv: [ast.Div], ast.Mod: [ast.Div],
    ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd], ast.And: [ast.Or], ast.Or: [ast.And],
    ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.In: [ast.NotIn], ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot], ast.IsNot: [ast.Is],
}  # fmt: skip

HEAD = """(mutants)=
## Mutants of the reference solutions

The wrong answers above are ours. This check is independent of them: a program changes each reference solution in one place, such as another sign,
another constant, a statement or a transpose left out, and the hidden tests alone must fail. A mutant that is as right as the solution is *equivalent*: no test may tell it apart.
`make mutants` makes and runs them all again.
"""


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each change to a solution, in words that stay the same from run to run, and the changed source."""
    tree = ast.parse(source)
    original = ast.unparse(tree)
    seen, changes = {original}, Counter()
    for node in ast.walk(tree):
        for new in replacements(node):
            mutant = ast.unparse(copy.deepcopy(tree, {id(node): new}))
            if mutant not in seen:
                seen.add(mutant)
                change = _change(original, mutant)
                changes[change] += 1
                yield change + (f" ({changes[change]})" if changes[change] > 1 else ""), mutant


def replacements(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    for operator in (_operators, _numbers_and_words, _removals, _calls, _slices, _loops_and_conditions):
        yield from operator(node)


def _operators(node):
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp):
        yield from (_with(node, op=new()) for new in SWAPS.get(type(node.op), []))
    if isinstance(node, ast.Compare):
        for n, op in enumerate(node.ops):
            for new in SWAPS[type(op)]:
                yield _with(node, ops=[*node.ops[:n], new(), *node.ops[n + 1 :]])


def _numbers_and_words(node):
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield from (ast.Constant(node.value + 1), ast.Constant(node.value - 1))
    elif isinstance(node.value, str):
        yield ast.Constant(f"XX{node.value}XX")


def _removals(node):
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr):
        yield ast.Pass()
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value, lineno=node.lineno)
    if isinstance(node, ast.UnaryOp):
        yield node.operand
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def _calls(node):
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name) and node.func.id == "reversed":
        yield node.args[0]
    if getattr(node.func, "attr", "") == "where" and len(node.args) == 3:
        condition, yes, no = node.args
        yield _with(node, args=[condition, no, yes])
    for n in range(len(node.keywords)):
        yield _with(node, keywords=node.keywords[:n] + node.keywords[n + 1 :])


def _slices(node):
    if isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound):
                yield _with(node, **{bound: None})


def _loops_and_conditions(node):
    if isinstance(node, ast.Break | ast.Continue):
        yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()
    if isinstance(node, ast.For):
        yield _with(node, iter=ast.List([], ast.Load()))
    if isinstance(node, ast.If | ast.IfExp):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.comprehension):
        for n, test in enumerate(node.ifs):
            negated = ast.UnaryOp(ast.Not(), test)
            yield _with(node, ifs=[*node.ifs[:n], negated, *node.ifs[n + 1 :]])


def _with(node, **fields):
    """The node with other fields."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _change(original: str, mutant: str) -> str:
    """The line before and after; of a long line what is around the change."""
    lines = zip(original.splitlines(), mutant.splitlines(), strict=True)
    before, after = next((a.strip(), b.strip()) for a, b in lines if a != b)
    if len(before) > 110:
        start, end = _cut(before, after), _cut(before[::-1], after[::-1])
        before, after = before[start : len(before) - end], after[start : len(after) - end]
    return f"{before} → {after}"


def _cut(a: str, b: str) -> int:
    """How much of the beginning that two lines share can go: whole words, all but some forty letters."""
    same = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a.rfind(" ", 0, max(0, same - 40)) + 1


def survives(task: submissions.Task, source: str) -> bool:
    """Whether the hidden tests of a task, and nothing else, let a mutant pass."""
    namespace = {}
    signal.signal(signal.SIGPROF, _out_of_time)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
            exec(task.setup, namespace)
            exec(source, namespace)
            return submissions.run(task, namespace[task.function], hidden=True).message is None
    except Exception:
        return False
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _out_of_time(*_):
    raise TimeoutError(f"a mutant took more than {SECONDS} s")


def measure(chapter: str) -> dict[str, dict]:
    """The row of each code task of a chapter: how many were made and killed, and what survived."""
    rows = {}
    for task in submissions.read_tasks(chapter):
        if not task.written:
            made = list(mutants(task.solution))
            survivors = [{"change": change} for change, source in made if survives(task, source)]
            rows[task.id] = {"made": len(made), "killed": len(made) - len(survivors), "survivors": survivors}
            print(f"{chapter} {task.id}: {rows[task.id]['killed']} of {len(made)} killed", flush=True)
            for survivor in survivors:
                print(f"  survives: {survivor['change']}", flush=True)
    return rows


def reasons() -> dict[tuple[str, str], dict]:
    """Why a survivor survives, by task and change: {"why": …, "equivalent": …}."""
    table = yaml.safe_load(REASONS.read_text(encoding="utf-8")) or {}
    return {
        (task, change): {"why": entry["why"], "equivalent": entry.get("equivalent", True)}
        for task, entries in table.items()
        for entry in entries
        for change in entry["changes"]
    }


def explain(report: dict[str, dict]) -> dict[str, dict]:
    """The report with the reasons of ``mutants.yml``; a survivor without one is not equivalent."""
    known, unknown = reasons(), {"why": "", "equivalent": False}
    for tasks in report.values():
        for task, row in tasks.items():
            row["survivors"] = [
                {"change": s["change"], **known.get((task, s["change"]), unknown)} for s in row["survivors"]
            ]
    return report


def load() -> dict[str, dict]:
    """The published report, of the chapters that there are."""
    report = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    return {chapter: report[chapter] for chapter in submissions.chapters() if chapter in report}


def count(tasks: dict[str, dict]) -> tuple[int, int, int]:
    """Made, killed and equivalent mutants of a chapter."""
    rows = tasks.values()
    equivalent = sum(s["equivalent"] for row in rows for s in row["survivors"])
    return sum(row["made"] for row in rows), sum(row["killed"] for row in rows), equivalent


def section(report: dict[str, dict]) -> str:
    """The end of the page: a line for each chapter, then the survivors, without the solutions' lines."""
    counts = {chapter: count(tasks) for chapter, tasks in report.items()}
    counts["all"] = tuple(map(sum, zip(*counts.values(), strict=True)))
    lines = [
        "| chapter | made | killed | equivalent | killed of the others |",
        "| --- | --- | --- | --- | --- |",
    ]
    for chapter, (made, killed, same) in counts.items():
        lines.append(f"| {chapter} | {made} | {killed} | {same} | {killed / (made - same):.1%} |")
    return "\n".join([HEAD, *lines, "\n### The survivors\n", *_survivors(report), ""])


def _survivors(report):
    lines = ["| task | mutants | equivalent | why they survive |", "| --- | --- | --- | --- |"]
    for tasks in report.values():
        for task, row in tasks.items():
            groups = Counter((s["why"] or "**not explained**", s["equivalent"]) for s in row["survivors"])
            for (why, same), n in groups.items():
                lines.append(f"| `{task}` | {n} | {'yes' if same else 'no'} | {why} |")
    return lines


def with_section(page: str, report: dict[str, dict]) -> str:
    """The page of the matrix with this section, new or renewed, at its end."""
    matrix = page.partition(HEAD[: HEAD.index("\n")])[0].rstrip("\n")
    return f"{matrix}\n\n\n{section(report)}" if report else f"{matrix}\n"


def write(report: dict[str, dict]) -> None:
    """Both files, chapters in order; the matrix itself stays as it is."""
    report = {chapter: report[chapter] for chapter in sorted(report)}
    REPORT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8"), report), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Run mutants of the reference solutions.")
    parser.add_argument("chapters", nargs="*", help="all when none is named")
    parser.add_argument("--explain", action="store_true", help="only read the reasons again")
    options = parser.parse_args()
    if unknown := sorted(set(options.chapters) - set(submissions.chapters())):
        parser.error(f"chapters: expected some of {', '.join(submissions.chapters())}, got {unknown[0]!r}")
    report = load()
    for chapter in [] if options.explain else options.chapters or submissions.chapters():
        report[chapter] = measure(chapter)
        write(explain(report))
    write(explain(report))
    for chapter, tasks in load().items():
        made, killed, same = count(tasks)
        open_ = sum(not s["why"] for row in tasks.values() for s in row["survivors"])
        print(f"{chapter}: made {made}, killed {killed}, equivalent {same}, not explained {open_}")


if __name__ == "__main__":
    main()
