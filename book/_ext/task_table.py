"""What the assignments ask for, read from their sources in ``solutions/``: nothing is typed.

    ```{task-table} assignments
    ```

has a row for each chapter: its own reading time (the first "… minutes" of its {meta}), and its assignment's
tasks, points by machine and by hand, and minutes.  ``{task-table} tasks`` has a row for each task.
"""

import re
from pathlib import Path

from docutils import nodes
from house import chapter, root, setup_house, table
from live_exercise import course_tasks
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
KINDS = ("assignments", "tasks")


def reading_minutes(page: Path) -> int | None:
    """The first "… minutes" of a chapter's {meta}; None where there is no such page or line.

    >>> reading_minutes(Path("nowhere.md"))
    """
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    found = re.search(r"```\{meta\}\n.*?(\d+) minutes", text)
    return int(found[1]) if found else None


def _hours(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"


class TaskTable(SphinxDirective):
    """```{task-table} assignments``` or ``tasks``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Draw the table, and note what it was made from."""
        kind = self.arguments[0]
        if kind not in KINDS:
            logger.warning(
                "task-table: expected %s, got %r", " or ".join(KINDS), kind, location=self.get_location()
            )
            return []
        reader = course_tasks()
        rows = []
        for name in reader.chapters():
            self.env.note_dependency(str(reader.source_path(name)))
            rows += self._assignment(name, reader) if kind == "assignments" else self._tasks(name, reader)
        if kind == "assignments":
            rows.append(self._total(reader))
            heads = ["chapter", "reading", "tasks", "points by machine", "points by hand", "assignment"]
            return [table(heads, rows, numeric=(1, 2, 3, 4, 5))]
        return [table(["chapter", "task", "marked", "points", "time"], rows, numeric=(3, 4))]

    def _assignment(self, name: str, reader) -> list[list]:
        listed = reader.read_tasks(name)
        page = root(self.env.app) / "book" / f"{name}.md"
        self.env.note_dependency(str(page))
        reading = reading_minutes(page)
        return [[
            str(chapter(name)), _hours(reading) if reading else "–", str(len(listed)),
            *self._points(listed), _hours(sum(task.minutes for task in listed)),
        ]]  # fmt: skip

    def _total(self, reader) -> list:
        listed = [task for name in reader.chapters() for task in reader.read_tasks(name)]
        pages = (root(self.env.app) / "book" / f"{name}.md" for name in reader.chapters())
        reading = sum(reading_minutes(page) or 0 for page in pages)
        cells = ["all", _hours(reading), str(len(listed)), *self._points(listed)]
        return [nodes.strong("", text) for text in (*cells, _hours(sum(task.minutes for task in listed)))]

    @staticmethod
    def _points(listed: list) -> list[str]:
        by_hand = sum(task.points for task in listed if task.written)
        return [str(sum(task.points for task in listed) - by_hand), str(by_hand)]

    @staticmethod
    def _tasks(name: str, reader) -> list[list]:
        return [
            [
                str(chapter(name)), task.title, "by hand" if task.written else "by machine",
                str(task.points), _hours(task.minutes),
            ]
            for task in reader.read_tasks(name)
        ]  # fmt: skip


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.setup_extension("live_exercise")
    app.add_directive("task-table", TaskTable)
    return setup_house(app)
