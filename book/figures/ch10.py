"""The drawings of chapter 10."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import Drawing

ROWS = (  # what is asked for, the architecture, its shapes, its chapter
    ("one label for the text", "classification", "T → 1", "chapter 5"),
    ("a label for each word", "labeling", "T → T", "chapter 5"),
    ("the next word, then the next", "language model", "t → t + 1", "chapters 3, 4 and 5"),
    ("a text of its own length", "encoder–decoder", "S → T", "chapter 8"),
)
CHOICES = (
    ("Is all of the input there before the first answer?", "read it both ways", "chapter 6"),
    ("Does something far back decide?", "a gated cell", "chapter 7"),
    ("Is the source long, or its words moved about?", "attention", "chapter 9"),
    ("Are there data enough for more layers?", "a stack, measured", "chapter 6"),
)


def map_() -> Drawing:
    """First what the output is, which settles the shape; then four questions, each of which changes one module."""
    d = Drawing(700, 530)
    d.text(20, 28, "1  What is to come out?", weight=600, size=16)
    for n, (wanted, name, shape, where) in enumerate(ROWS):
        y = 62 + 54 * n
        d.text(20, y + 5, wanted)
        d.arrow(f"M218 {y} H262", "output")
        d.box(340, y, name, "output", w=148, h=36)
        d.text(432, y + 5, shape, "output", size=16)
        d.text(540, y + 5, where, "ink-2")
    d.line("M20 282 H680")
    d.text(
        20,
        312,
        "2  What is it made of?  Each answer exchanges one module, and nothing else.",
        weight=600,
        size=16,
    )
    roles = ("hidden", "cell", "attend", "hidden")
    for n, ((question, answer, where), role) in enumerate(zip(CHOICES, roles, strict=True)):
        y = 346 + 50 * n
        d.text(20, y + 5, question)
        d.arrow(f"M342 {y} H374", role)
        d.box(462, y, answer, role, w=168, h=36)
        d.text(562, y + 5, where, "ink-2")
    return d


DRAWINGS = {"map": map_}
