"""nbgrader for this course.  Run its commands in this folder: `nbgrader autograde ch01_rnn`.

What instructors collect and make lies in `_nbgrader/`, which git ignores:
`_nbgrader/submitted/<student>/<assignment>/<assignment>.ipynb` comes in, `autograded/` and `feedback/` go out.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "solutions"))

from tasks import CODE_STUB, TEXT_STUB  # noqa: E402

# nbgrader starts `alembic` by its bare name: find it although the environment is not activated.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "unrolled"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "_nbgrader/source"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "_nbgrader/submitted"
c.CourseDirectory.autograded_directory = "_nbgrader/autograded"
c.CourseDirectory.feedback_directory = "_nbgrader/feedback"
c.ZipCollectApp.downloaded_directory = "_nbgrader/downloaded"
c.CourseDirectory.db_url = f"sqlite:///{ROOT / '_nbgrader' / 'gradebook.db'}"
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    "*.md",
    "*.txt~",
    "*.py",
]

c.ClearSolutions.code_stub = {"python": CODE_STUB}
c.ClearSolutions.text_stub = TEXT_STUB

# A deleted test cell is put back, not silently ungraded; no time is lost on a polite goodbye to the kernel.
c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = 60
c.Execute.shutdown_kernel = "immediate"

# Stock feedback shows the hidden tests: the cells as graded, and every traceback through them.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "unrolled.grading.feedback.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
