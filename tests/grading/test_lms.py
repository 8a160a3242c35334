"""In and out of a learning platform: real archives through `nbgrader zip_collect`, the real gradebook through `nbgrader export`.

The archives and tables are made here in the shape that the platforms' own code gives them: names with accents and
spaces, late ones, second attempts, zips inside, names whose encoding nobody said.
"""

import csv
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from grading.classroom import CHAPTER, copy_course, release, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]
CANVAS = "--collector=unrolled.grading.canvas.CanvasCollector"
MOODLE = "--collector=unrolled.grading.moodle.MoodleCollector"
WORKSHEET = "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments"


@pytest.fixture
def own_course(released, tmp_path):
    return copy_course(released, tmp_path / "course")


def notebook(course, mark):
    """The release, told apart by a cell of its own."""
    filled = release(course)
    filled["cells"].append({"cell_type": "markdown", "id": "mark", "metadata": {}, "source": f"I am {mark}"})
    return json.dumps(filled).encode()


def archive(course, name, files, made=None):
    """Put an archive, or any file, where nbgrader looks for it."""
    path = course / "_nbgrader" / "downloaded" / CHAPTER / "archive" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(files, dict):
        with zipfile.ZipFile(path, "w") as zipped:
            for inside, content in files.items():
                zipped.writestr(inside, content)
    else:
        path.write_bytes(files)
    if made:
        os.utime(path, (made, made))
    return path


def zipped(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    return data.getvalue()


def collect(course, *options):
    done = run(course, "-m", "nbgrader", "zip_collect", CHAPTER, *options)
    assert done.returncode == 0, done.stderr
    return done.stderr


def collected(course):
    """What lies in `submitted`: student, file, and whose notebook it is."""
    root = course / "_nbgrader" / "submitted"
    found = {}
    for path in sorted(root.rglob("*.ipynb")):
        student, assignment, *rest = path.relative_to(root).parts
        assert assignment == CHAPTER
        marks = [
            cell["source"] for cell in json.loads(path.read_bytes())["cells"] if cell.get("id") == "mark"
        ]
        found[student, "/".join(rest)] = "".join(marks).removeprefix("I am ")
    return found


def test_canvas_archives(own_course):
    course, nb = own_course, lambda mark: notebook(own_course, mark)
    archive(
        course,
        "seq-101-rnn submissions.zip",
        {
            f"doejane_101_9001_{CHAPTER}.ipynb": nb("jane, Monday"),
            f"muñozvillajosé_102_9002_{CHAPTER}.ipynb": nb("josé"),
            f"lee_LATE_103_9003_{CHAPTER}-2.ipynb": nb("lee, third upload, late"),
            f"o_neil2_104_9004_{CHAPTER} (1).ipynb": nb("o neil"),
            "kaya_105_9005_my homework, final.ipynb": nb("kaya, another name"),
            f"zaza_106_9006_{CHAPTER}.zip": zipped({f"deep/{CHAPTER}.ipynb": nb("zaza, zipped")}),
            "max_107_9007_notes.pdf": b"no notebook",
            f"twice_108_9010_{CHAPTER}-1.ipynb": nb("twice, second"),
            f"twice_108_9009_{CHAPTER}.ipynb": nb("twice, first"),
            f"sketch_109_9012_{CHAPTER}.ipynb": nb("sketch, the real one"),
            "sketch_109_9013_scratch.ipynb": nb("sketch, a sketch"),
        },
    )
    archive(
        course,
        "seq-101-rnn submissions (1).zip",
        {f"doejane_LATE_101_9050_{CHAPTER}-1.ipynb": nb("jane, Tuesday")},
    )
    collect(course, CANVAS)
    assert collected(course) == {
        ("101", f"{CHAPTER}.ipynb"): "jane, Tuesday",
        ("102", f"{CHAPTER}.ipynb"): "josé",
        ("103", f"{CHAPTER}.ipynb"): "lee, third upload, late",
        ("104", f"{CHAPTER}.ipynb"): "o neil",
        ("105", f"{CHAPTER}.ipynb"): "kaya, another name",
        ("106", f"{CHAPTER}.ipynb"): "zaza, zipped",
        ("108", f"{CHAPTER}.ipynb"): "twice, second",
        ("109", f"{CHAPTER}.ipynb"): "sketch, the real one",
    }


def test_a_newer_attempt_under_another_name_does_not_lose_to_an_older_one(own_course):
    archive(own_course, "a.zip", {f"doejane_101_9001_{CHAPTER}.ipynb": notebook(own_course, "Monday")})
    archive(own_course, "b.zip", {"doejane_101_9100_final.ipynb": notebook(own_course, "Tuesday")})
    collect(own_course, CANVAS)
    assert collected(own_course) == {("101", f"{CHAPTER}.ipynb"): "Tuesday"}


def test_an_archive_that_does_not_say_its_encoding(own_course):
    """Names as bytes of UTF-8 without the flag: Python reads them as code page 437."""
    path = archive(
        own_course, "old.zip", {f"mu*ozjos*_102_9002_{CHAPTER}.ipynb": notebook(own_course, "josé")}
    )
    path.write_bytes(path.read_bytes().replace(b"mu*ozjos*", "muñozjo".encode() + b"s"))
    collect(own_course, CANVAS)
    assert collected(own_course) == {("102", f"{CHAPTER}.ipynb"): "josé"}


def test_nobody_hands_in_for_somebody_else(own_course):
    """Names inside a student's zip are the student's; the archive's own name may look like a file's."""
    victim, nb = f"victim_102_9999_{CHAPTER}.ipynb", lambda mark: notebook(own_course, mark)
    archive(
        own_course,
        "seq_101_2026_submissions.zip",
        {
            f"mallory_107_9007_{CHAPTER}.zip": zipped({victim: nb("forged")}),
            f"victim_102_9002_{CHAPTER}.ipynb": nb("the victim's own"),
            f"x_102_108_9008_{CHAPTER}.ipynb": nb("a name that ends in a number"),
        },
    )
    told = collect(own_course, CANVAS)
    assert collected(own_course) == {
        ("102", f"{CHAPTER}.ipynb"): "the victim's own",
        ("107", f"{CHAPTER}.ipynb"): "forged",
    }
    assert "Can be read in two ways, taken as 102's" in told


def test_collecting_again_needs_force_and_takes_the_newer_attempt(own_course):
    archive(own_course, "a.zip", {f"doejane_101_9001_{CHAPTER}.ipynb": notebook(own_course, "Monday")})
    collect(own_course, CANVAS)
    archive(own_course, "b.zip", {f"doejane_101_9100_{CHAPTER}-1.ipynb": notebook(own_course, "Tuesday")})
    again = run(own_course, "-m", "nbgrader", "zip_collect", CHAPTER, CANVAS)
    assert again.returncode == 1 and "--force" in again.stderr
    collect(own_course, CANVAS, "--force")
    assert collected(own_course) == {("101", f"{CHAPTER}.ipynb"): "Tuesday"}


def worksheet(*rows):
    return "\n".join([WORKSHEET, *rows]).encode() + b"\n"


PEOPLE = worksheet(
    'Participant 501,José Muñoz Villa,,jose@uni.example,Submitted for grading,,15.00,Yes,"Wednesday, 14 January 2026, 11:59 PM",-,',
    'Participant 502,Jane Doe,s777,jane@uni.example,Submitted for grading,,15.00,Yes,"Friday, 16 January 2026, 8:05 AM",-,',
    'Participant 503,Jane Doe,s778,jane2@uni.example,Submitted for grading,,15.00,Yes,"Monday, 12 January 2026, 9:00 AM",-,',
    "Participant 504,Ö. Çelik_Ü,../../etc,,No submission,,15.00,Yes,-,-,",
    'Participant 505,Ana,s779,ana@uni.example,Submitted for grading,4.00,15.00,No,"Monday, 12 January 2026, 9:00 AM",-,',
)


def moodle_files(course):
    nb = lambda mark: notebook(course, mark)  # noqa: E731
    return {
        f"José Muñoz Villa_501_assignsubmission_file_/{CHAPTER}.ipynb": nb("josé"),
        f"Jane Doe_502_assignsubmission_file/my work/{CHAPTER}.ipynb": nb("the first jane, in a folder"),
        f"Jane Doe_503_assignsubmission_file_{CHAPTER}.ipynb": nb("the other jane, flat"),
        "Jane Doe_503_assignsubmission_onlinetext_/onlinetext.html": b"<p>hello</p>",
        f"Ana_505_assignsubmission_file_/{CHAPTER} (2).ipynb": nb("ana, a browser's copy"),
        f"Ö. Çelik Ü_504_assignsubmission_file_/{CHAPTER}.ipynb": nb("a name that is a path"),
        f"Nobody_999_assignsubmission_file_/{CHAPTER}.ipynb": nb("nobody"),
    }


def test_moodle_archives(own_course):
    course = own_course
    archive(course, "SEQ-rnn-4711.zip", moodle_files(course), made=1_768_500_000)
    archive(
        course,
        "SEQ-rnn-4711 (1).zip",
        {f"José Muñoz Villa_501_assignsubmission_file_/{CHAPTER}.ipynb": notebook(course, "josé, again")},
        made=1_768_600_000,
    )
    archive(course, "Grades-SEQ-rnn-4711.csv", b"\xef\xbb\xbf" + PEOPLE)
    told = collect(course, MOODLE, "--MoodleCollector.timezone=Europe/Madrid")
    assert collected(course) == {
        ("jose@uni.example", f"{CHAPTER}.ipynb"): "josé, again",
        ("s777", f"{CHAPTER}.ipynb"): "the first jane, in a folder",
        ("s778", f"{CHAPTER}.ipynb"): "the other jane, flat",
        ("s779", f"{CHAPTER}.ipynb"): "ana, a browser's copy",
    }
    assert "No id for 'Participant 504'" in told and "number 999" in told
    times = {p.parts[-3]: p.read_text() for p in (course / "_nbgrader" / "submitted").rglob("timestamp.txt")}
    assert times["jose@uni.example"] == "2026-01-14 22:59:00" and times["s777"] == "2026-01-16 07:05:00"


def test_moodle_without_a_worksheet_says_what_is_missing(own_course):
    archive(own_course, "a.zip", moodle_files(own_course))
    done = run(own_course, "-m", "nbgrader", "zip_collect", CHAPTER, MOODLE)
    assert done.returncode == 1 and "no grading worksheet" in done.stderr
    assert "Traceback" not in done.stderr and not (own_course / "_nbgrader" / "submitted").exists()
    collect(own_course, MOODLE, "--force", "--MoodleCollector.numbers_as_ids=True")
    assert ("503", f"{CHAPTER}.ipynb") in collected(own_course)


# marks out

MARKS = """
from nbgrader.api import Gradebook
PEOPLE = [
    ("101", "Jane", "Doe", "jane@uni.example", None, 1.0),
    ("102", "José", "Muñoz Villa", "jose@uni.example", None, 0.5),
    ("s777", '=HYPERLINK("http://evil.example","x")', "+cmd|' /C calc'!A0", "@evil", "901", 0.25),
    ("absent", "Never", "There", "-1+1@uni.example", None, None),
]
with Gradebook("sqlite:///_nbgrader/gradebook.db") as book:
    for student, first, last, email, lms, share in PEOPLE:
        book.update_or_create_student(student, first_name=first, last_name=last, email=email, lms_user_id=lms)
        if share is None:
            continue
        submission = book.update_or_create_submission("CHAPTER", student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score = share * grade.max_score if grade.cell.cell_type == "code" else None
                grade.needs_manual_grade = grade.cell.cell_type != "code" and student == "102"
    book.db.commit()
"""


@pytest.fixture(scope="module")
def marked(released, tmp_path_factory):
    folder = tmp_path_factory.mktemp("marked")
    shutil.rmtree(folder)
    course = copy_course(released, folder)
    done = run(course, "-c", MARKS.replace("CHAPTER", CHAPTER))
    assert done.returncode == 0, done.stderr
    return course


def export(course, exporter, *options):
    done = run(course, "-m", "nbgrader", "export", f"--exporter=unrolled.grading.{exporter}", *options)
    assert done.returncode == 0, done.stderr
    return done.stderr


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("exporter", "name"),
    [("canvas.CanvasExporter", "canvas.csv"), ("moodle.MoodleExporter", "moodle.csv")],
)
def test_a_table_without_a_roster(marked, exporter, name):
    told = export(marked, exporter)
    assert (marked / name).read_text(encoding="utf-8") == (GOLDEN / name).read_text(encoding="utf-8")
    assert "wait for a manual grade: 102" in told


CANVAS_ROSTER = f"""Student,ID,SIS User ID,SIS Login ID,Section,{CHAPTER} (4711),Essay (4712),Current Score
    Points Possible,,,,,100,10,(read only)
"Doe, Jane",101,u1,jdoe,Ünit 1,,9,90
"Muñoz Villa, José",102,u2,jmunoz,Ünit 1,3,,
"=1+1, Eve",901,u3,s777,Ünit 1,,,
"Other, Somebody",904,u4,other,Ünit 1,7.5,,
"Student, Test",905,,ab12,Ünit 1,,,
"""


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_canvas_gradebook_is_filled_in(marked, delimiter):
    rows = list(csv.reader(io.StringIO(CANVAS_ROSTER)))
    with open(marked / "roster.csv", "w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    told = export(marked, "canvas.CanvasExporter", "--CanvasExporter.roster=roster.csv", "--to=filled.csv")
    assert (marked / "filled.csv").read_text(encoding="utf-8") == (GOLDEN / "canvas_filled.csv").read_text(
        encoding="utf-8"
    )
    assert "100 points in Canvas" in told


def test_a_canvas_column_of_another_title(marked):
    (marked / "roster.csv").write_text(CANVAS_ROSTER.replace(CHAPTER, "Homework 1"), encoding="utf-8")
    options = ["--CanvasExporter.roster=roster.csv", "--to=filled.csv"]
    done = run(
        marked, "-m", "nbgrader", "export", "--exporter=unrolled.grading.canvas.CanvasExporter", *options
    )
    assert (
        done.returncode == 1 and f"no columns '{CHAPTER}'" in done.stderr and "Traceback" not in done.stderr
    )
    export(marked, "canvas.CanvasExporter", *options, f"--CanvasExporter.columns={CHAPTER}=Homework 1")
    assert table(marked / "filled.csv")[0][5] == "Homework 1 (4711)"


SHEET = worksheet(
    "Participant 501,José Muñoz Villa,,JOSE@uni.example,Submitted for grading,,100.00,Yes,-,-,",
    "Participant 502,=Eve,s777,eve@uni.example,Submitted for grading,,100.00,Yes,-,-,",
    "Participant 503,Jane Doe,101,jane@uni.example,Graded,55.00,100.00,No,-,-,kept",
    "Participant 504,Never There,absent,never@uni.example,No submission,,100.00,Yes,-,-,",
)


@pytest.mark.parametrize("scale", [False, True])
def test_a_moodle_worksheet_is_filled_in(marked, scale):
    (marked / "sheet.csv").write_bytes(b"\xef\xbb\xbf" + SHEET)
    told = export(
        marked,
        "moodle.MoodleExporter",
        "--MoodleExporter.worksheet=sheet.csv",
        f"--MoodleExporter.scale={scale}",
        "--to=filled.csv",
    )
    golden = GOLDEN / f"moodle_filled{'_scaled' if scale else ''}.csv"
    assert (marked / "filled.csv").read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")
    assert "does not let this mark be changed: Participant 503" in told
    assert ("written as they are" in told) != scale


def test_no_cell_is_a_formula(marked):
    for exporter, options in (
        ("canvas.CanvasExporter", ["--to=table.csv"]),
        ("moodle.MoodleExporter", ["--to=table.csv"]),
    ):
        export(marked, exporter, *options)
        cells = [cell for row in table(marked / "table.csv") for cell in row]
        assert any(cell.startswith("'=HYPERLINK") or "+cmd" in cell for cell in cells)
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r") and cell]


def test_a_table_of_some(marked):
    export(
        marked, "canvas.CanvasExporter", "--student=['101']", f"--assignment=['{CHAPTER}']", "--to=some.csv"
    )
    assert [row[1] for row in table(marked / "some.csv")[2:]] == ["101"]
    done = run(
        marked,
        "-m",
        "nbgrader",
        "export",
        "--exporter=unrolled.grading.canvas.CanvasExporter",
        "--assignment=['ps9']",
    )
    assert done.returncode == 1 and "no assignment ps9 in the gradebook; there: ch01_rnn" in done.stderr
