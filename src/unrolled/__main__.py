"""The command line: ``unrolled COMMAND``.  Each command imports what it needs when it runs."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from unrolled import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 failed, 2 wrong usage)."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if not hasattr(arguments, "run"):
        arguments.parser.print_help()
        return 2
    try:
        return arguments.run(arguments)
    except BrokenPipeError:  # `unrolled data | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def build_parser() -> argparse.ArgumentParser:
    """The parser; a command is one ``_add_…`` function that sets ``run``, a function of the arguments."""
    parser = argparse.ArgumentParser(
        prog="unrolled",
        description="Unrolled: sequence models for language, from recurrence to attention.",
    )
    parser.add_argument("--version", action="version", version=f"unrolled {__version__}")
    parser.set_defaults(parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (_add_data, _add_grade, _add_feedback, _add_report):
        add(commands)
    return parser


def _add_data(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    data = commands.add_parser(
        "data",
        help="list the corpora, their licences and where they are; download them",
        description="With no ACTION: a table of the corpora, with licence, whom to name, and where each is.",
        epilog="Corpora lie in the folder named by UNROLLED_DATA, else in your cache. "
        "'witch' is part of the package and needs no download.",
    )
    data.set_defaults(run=_list_data, parser=data)
    actions = data.add_subparsers(title="actions", metavar="ACTION")
    fetch = actions.add_parser(
        "fetch",
        help="download a corpus, or check the copy that is here",
        description="Exit code 1 on failure.",
    )
    fetch.add_argument("name", metavar="NAME", help="a corpus from the table, or 'all'")
    fetch.set_defaults(run=_fetch_data)
    path = actions.add_parser(
        "path", help="print the paths of a corpus's files", description="Exit code 1 if one is not here."
    )
    path.add_argument("name", metavar="NAME", help="a corpus from the table")
    path.set_defaults(run=_print_paths)


def _list_data(arguments: argparse.Namespace) -> int:
    from unrolled.data.registry import REGISTRY, VARIABLE, data_folder, find

    print(f"Corpora in {data_folder()} (set {VARIABLE} for another folder)\n")
    for source in REGISTRY.values():
        missing = [file for file in source.files if find(file) is None]
        state = "built in" if not source.files else "not here" if missing else "here"
        if missing and len(missing) < len(source.files):
            state = f"{len(source.files) - len(missing)} of {len(source.files)} files here"
        print(f"{source.name:<12} {_megabytes(source.size):>8}  {source.licence:<14} {state}")
        print(f"{'':12} {source.title}")
        print(f"{'':12} for: {source.purpose}")
        print(f"{'':12} credit: {source.attribution}")
        for folder in sorted({str(path.parent) for file in source.files if (path := find(file))}):
            print(f"{'':12} at: {folder}")
    print("\nDownload: unrolled data fetch NAME|all")
    return 0


def _fetch_data(arguments: argparse.Namespace) -> int:
    from unrolled.data.registry import REGISTRY, DataError, fetch, lookup

    try:
        sources = list(REGISTRY.values()) if arguments.name == "all" else [lookup(arguments.name)]
    except ValueError as error:
        return _complain(f"{error}, or all", 2)
    failed = 0
    for source in sources:
        try:
            paths = [fetch(file) for file in source.files]
        except DataError as error:
            failed = _complain(str(error), 1)
            continue
        where = f"in {paths[0].parent}" if paths else "is part of the package"
        print(f"{source.name}: {where} ({source.licence}; {source.attribution})")
    return failed


def _print_paths(arguments: argparse.Namespace) -> int:
    from unrolled.data.registry import find, lookup

    try:
        source = lookup(arguments.name)
    except ValueError as error:
        return _complain(str(error), 2)
    if not source.files:
        return _complain(f"{source.name} is part of the package and has no file", 1)
    paths = [(file, find(file)) for file in source.files]
    for file, path in paths:
        if path is None:
            return _complain(f"{file.name} is not here; download it: unrolled data fetch {source.name}", 1)
    print("\n".join(str(path) for _, path in paths))
    return 0


def _add_grade(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    grade = commands.add_parser(
        "grade",
        help="autograde an nbgrader assignment: fast, sandboxed, resumable",
        description="Grade what lies in nbgrader's submitted folder; then `nbgrader generate_feedback`, the "
        "formgrader and `nbgrader export` go on as after `nbgrader autograde`. Run it in the folder of the course.",
        epilog="Exit code: 0 all graded; 1 something could not be graded; 2 wrong usage; 3 all graded, but some "
        "points wait for you; 130 stopped (the next call goes on).",
    )
    grade.set_defaults(run=_grade, parser=grade)
    _of_assignment(grade)
    _of_class(grade, "submissions at a time")
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="let the workers of this Dask scheduler run the notebooks"
    )
    again = grade.add_mutually_exclusive_group()
    again.add_argument(
        "--resume", action="store_true", help="grade only what is new or has changed (the default)"
    )
    again.add_argument("--regrade", action="store_true", help="grade everything again")
    grade.add_argument(
        "--timeout", type=_positive, default=30, metavar="S", help="seconds a cell may take (30)"
    )
    grade.add_argument(
        "--total", type=_positive, default=600, metavar="S", help="seconds a notebook may take (600)"
    )
    grade.add_argument(
        "--memory", type=_positive, default=4096, metavar="MB", help="memory of a process (4096)"
    )
    grade.add_argument(
        "--sandbox", choices=["namespaces", "landlock"], help="only this one; else the strongest here"
    )
    grade.add_argument("--no-sandbox-i-trust-these-students", action="store_true", dest="trusted")
    grade.add_argument(
        "--count-unverified",
        action="store_true",
        help="give points for cells that could only be scored in the student's own process; else they wait for you",
    )
    grade.add_argument("--json", action="store_true", help="the summary as JSON, on stdout")


def _of_assignment(command: argparse.ArgumentParser) -> None:
    """What every command about an assignment takes."""
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command.add_argument(
        "--db",
        metavar="URL",
        help="the gradebook, if not the one of nbgrader_config.py: sqlite:///… or postgresql://…",
    )


def _of_class(command: argparse.ArgumentParser, at_a_time: str) -> None:
    """What every command takes that goes through a class."""
    command.add_argument(
        "--students", nargs="+", default=[], metavar="NAME", help="names or patterns; all if left out"
    )
    command.add_argument("--jobs", type=_positive, default=2, metavar="N", help=f"{at_a_time} (2)")


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text}")
    return number


def _grade(arguments: argparse.Namespace) -> int:
    from unrolled.grading.command import run

    return run(arguments)


def _add_feedback(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    feedback = commands.add_parser(
        "feedback",
        help="the feedback pages of a graded assignment: fast, without hidden tests",
        description="Write what `nbgrader generate_feedback` writes, by the course's own settings and template, "
        "without the hidden tests and with HTML in a student's text shown as text. Run it in the folder of the course.",
        epilog="Exit code: 0 all written; 1 some could not be; 2 nothing to write or wrong usage.",
    )
    feedback.set_defaults(run=_feedback, parser=feedback)
    _of_assignment(feedback)
    _of_class(feedback, "processes")
    feedback.add_argument("--force", action="store_true", help="write pages again that are there")


def _feedback(arguments: argparse.Namespace) -> int:
    from unrolled.grading.feedback_command import run

    return run(arguments)


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    report = commands.add_parser(
        "report",
        help="what an instructor wants to see of a graded assignment, as one page",
        description="Write one HTML file that asks for nothing from any network: points by task, which messages "
        "students met, what was mended or flagged, and pairs of similar solutions. Run it in the folder of the course.",
        epilog="Exit code: 0 written; 1 not written; 2 nothing to tell or wrong usage.",
    )
    report.set_defaults(run=_report, parser=report)
    _of_assignment(report)
    report.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where to; else report-ASSIGNMENT.html beside the autograded folders",
    )


def _report(arguments: argparse.Namespace) -> int:
    from unrolled.grading.report_command import run

    return run(arguments)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size else "-"


def _complain(message: str, code: int) -> int:
    print(f"unrolled: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
