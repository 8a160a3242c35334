"""The tables of the instructors' page add up to what the assignments' sources say."""

import re

import pages
import pytest
import submissions

CHAPTERS = submissions.chapters()
TASKS = {chapter: submissions.read_tasks(chapter) for chapter in CHAPTERS}
ALL = [task for tasks in TASKS.values() for task in tasks]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    site = pages.Pages(tmp_path_factory.mktemp("site"), "task_table", unrolled_root=str(submissions.ROOT))
    tables = "".join(f"```{{task-table}} {kind}\n```\n\n" for kind in ("assignments", "tasks", "nonsense"))
    return site.write(teach=f"# Teach\n\n{tables}").build()


def rows(made, n):
    found = made.html("teach").select("table")[n].select("tbody tr")
    return [[cell.text.strip() for cell in row.select("td")] for row in found]


def minutes(text):
    found = re.fullmatch(r"(?:(\d+) h )?(\d+)(?: min)?", text)
    return 60 * int(found[1] or 0) + int(found[2])


def test_a_row_for_each_assignment_and_a_total(made):
    *each, total = rows(made, 0)
    assert [row[0] for row in each] == [str(int(chapter[2:4])) for chapter in CHAPTERS]
    for row, tasks in zip(each, TASKS.values(), strict=True):
        assert int(row[2]) == len(tasks)
        assert int(row[3]) + int(row[4]) == sum(task.points for task in tasks)
        assert minutes(row[5]) == sum(task.minutes for task in tasks)
        assert minutes(row[1]) >= 30, "a chapter takes half an hour at least"
    for column in (2, 3, 4):
        assert int(total[column]) == sum(int(row[column]) for row in each)
    for column in (1, 5):
        assert minutes(total[column]) == sum(minutes(row[column]) for row in each)


def test_a_row_for_each_task(made):
    shown = rows(made, 1)
    assert [(row[1], int(row[3]), minutes(row[4])) for row in shown] == [
        (task.title.replace("'", "’"), task.points, task.minutes) for task in ALL
    ]
    assert [row[2] == "by hand" for row in shown] == [task.written for task in ALL]


def test_an_unknown_table_is_a_warning(made):
    assert "task-table: expected assignments or tasks, got 'nonsense'" in made.warnings
    assert made.warnings.count("WARNING") == 1
