"""A question with an explanation for each choice; no kernel and no script.

    ```{quiz}
    question: Which weights does step 3 use that step 2 does not?
    choices:
      - text: A new $U$ for each step.
        why: Then a longer sentence would need more weights. $U$ is shared.
      - text: None.
        right: true
        why: The copies hold different values, never different weights.
    ```

Several questions in one block are a list of these.  Texts are the page's own markup.  More than one choice may be right.  Choosing shows that choice's
explanation (CSS, ``:checked``), and a live region reads it out; without CSS, and on paper, all are shown.
A mistake in the YAML, or no right choice, is a warning that names the line.
"""

from typing import Any

import yaml
from docutils import nodes
from house import InlineTag, Tag, parse_into, setup_house
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class QuizError(ValueError):
    """What is wrong with a quiz, and in which line of it, from 0."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def read_quiz(body: str) -> list[dict[str, Any]]:
    """The questions, or QuizError that says what is missing where."""
    try:
        found = yaml.safe_load(body)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line if wrong.problem_mark else 0
        raise QuizError(f"not YAML: {wrong.problem} (a text with a colon needs quotes)", line) from None
    questions = found if isinstance(found, list) and found else [found]
    lines = [n for n, line in enumerate(body.splitlines()) if "question:" in line]
    for n, quiz in enumerate(questions):
        _expect_question(quiz, lines[n] if n < len(lines) else 0)
    return questions


def _expect_question(quiz: Any, line: int) -> None:
    if not isinstance(quiz, dict) or set(quiz) != {"question", "choices"}:
        raise QuizError("expected the keys question and choices", line)
    choices = quiz["choices"]
    if not isinstance(choices, list) or len(choices) < 2:
        raise QuizError("expected at least two choices", line)
    for n, choice in enumerate(choices, start=1):
        if not isinstance(choice, dict) or not {"text", "why"} <= set(choice) <= {"text", "why", "right"}:
            raise QuizError(f"choice {n}: expected text, why and perhaps right", line)
        if not isinstance(choice.get("right", False), bool):
            raise QuizError(f"choice {n}: right is true or false", line)
    if not any(choice.get("right") for choice in choices):
        raise QuizError("no choice has right: true", line)


class Quiz(SphinxDirective):
    """```{quiz}``` with a YAML body."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """A fieldset with one radio button a choice."""
        try:
            questions = read_quiz("\n".join(self.content))
        except QuizError as wrong:
            source, line = self.get_source_info()
            where = f"{source}:{line + 1 + wrong.line}"
            logger.warning("quiz: %s", wrong, location=where)
            return [nodes.paragraph("", f"This question has a mistake in its source: {wrong}.")]
        return [self._box(quiz) for quiz in questions]

    def _box(self, quiz: dict[str, Any]) -> nodes.Element:
        name = f"quiz-{self.env.new_serialno('quiz') + 1}"
        box = Tag(tag="fieldset", classes=["quiz"], ids=[name])
        box += self._question(str(quiz["question"]))
        answers = Tag(tag="div", classes=["quiz-choices"], attrs={"aria_live": "polite"})
        answers += [self._choice(name, n, choice) for n, choice in enumerate(quiz["choices"], start=1)]
        box += answers
        return box

    def _question(self, text: str) -> list[nodes.Node]:
        """The legend, and what follows its first paragraph: a legend holds a line of text only."""
        parsed = parse_into(self, text, Tag(tag="legend"))
        blocks = [child for child in parsed if isinstance(child, nodes.paragraph)]
        if not blocks:
            return [parsed]
        legend = Tag("", *blocks[0].children, tag="legend")
        return [legend, *[child for child in parsed if child is not blocks[0]]]

    def _choice(self, name: str, n: int, choice: dict[str, Any]) -> nodes.Node:
        key, right = f"{name}-{n}", choice.get("right", False)
        row = Tag(tag="div", classes=["quiz-choice"])
        row += InlineTag(
            tag="input", ids=[key], attrs={"type": "radio", "name": name, "aria_describedby": f"{key}-why"}
        )
        row += parse_into(self, str(choice["text"]), InlineTag(tag="label", attrs={"for": key}))
        why = Tag(tag="div", ids=[f"{key}-why"], classes=["quiz-why", "right" if right else "wrong"])
        first, text = ("Yes.", str(choice["why"])) if right else ("Not yet.", str(choice["why"]))
        why += [Tag("", nodes.Text(first), tag="b"), nodes.Text(" ")]
        why += parse_into(self, text.removeprefix(first).lstrip(), Tag(tag="div")).children
        row += why
        return row


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("quiz", Quiz)
    app.add_css_file("quiz.css")
    return setup_house(app)
