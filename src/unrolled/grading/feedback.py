"""Feedback that keeps the hidden tests hidden.

Stock ``nbgrader generate_feedback`` prints every test cell as it was graded, hidden tests included, and
every traceback through it.  This preprocessor goes into ``GenerateFeedback.preprocessors``, after
``GetGrades``; the instructor's autograded notebooks keep everything.
"""

import re
from typing import Any

from nbconvert.preprocessors import Preprocessor
from traitlets import Unicode

TAG = re.compile(r"<(?=[A-Za-z/!?])")
"""where HTML may begin: behind a space of no width it is text, in words, code and formulas alike"""
LINK = re.compile(r"\](\(|:)(?!\s*(?:https?://|mailto:|#))", re.IGNORECASE)
"""where a link may begin that leads anywhere but to a page, a letter or a heading: into a script, for one"""
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class HideTests(Preprocessor):
    """In each test cell: cut the hidden tests out, keep of an error its message, drop other output.

    Markdown that the student may have written is shown without HTML, which could hold a script, and without attachments.
    """

    enabled = True
    begin = Unicode("BEGIN HIDDEN TESTS").tag(config=True)
    end = Unicode("END HIDDEN TESTS").tag(config=True)
    note = Unicode("# More tests, on fresh inputs, ran here.").tag(config=True)
    longest = 2000
    """characters of a message: what a student's code raises may be any length"""

    def preprocess_cell(self, cell: Any, resources: dict, index: int) -> tuple[Any, dict]:
        """Clean one cell; only a locked test cell holds hidden tests."""
        facts = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and not facts.get("locked"):
            cell.source = LINK.sub("]\u200b\\1", TAG.sub("<\u200b", cell.source))
            cell.pop("attachments", None)
        if cell.cell_type == "code" and facts.get("grade") and not facts.get("solution"):
            cell.source = self.cut(cell.source)
            cell.outputs = [self.shorten(output) for output in cell.outputs if output.output_type == "error"]
        return cell, resources

    def cut(self, source: str) -> str:
        """Put ``note`` where hidden tests stand; an unclosed region reaches to the end."""
        kept, inside = [], False
        for line in source.split("\n"):
            if self.begin in line:
                kept.append(self.note)
                inside = True
            elif self.end in line:
                inside = False
            elif not inside:
                kept.append(line)
        return "\n".join(kept)

    def shorten(self, output: Any) -> Any:
        """Leave the message of an error; the frames would show the lines of the test."""
        message = ANSI.sub("", output.evalue)[: self.longest]
        label = "Not yet." if output.ename == "CheckFailed" else f"{output.ename}:"
        output.traceback = [f"{label} {message}"]
        return output
