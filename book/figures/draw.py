"""The one visual language of the book's drawings: boxes for layers, arrows for weights, a colour a role.

Colours are the tokens of ``_theme`` with their light values as fallback, so a drawing follows the
page into dark mode and still shows alone.  ``python book/figures/draw.py`` writes every drawing of
the modules ``chNN.py`` beside it; a test holds that what is committed is what they make.
"""

import importlib.util
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
TOKENS = {
    "ink": "#1d2128", "ink-2": "#59616d", "rule": "#e3e1da", "paper": "#fdfcf9", "paper-2": "#f6f4ee",
    "input": "#0b63a5", "input-fill": "#d6e7f5", "hidden": "#a8480c", "hidden-fill": "#fae1cf",
    "output": "#0a7256", "output-fill": "#d2ece3", "gate": "#7a3f92", "gate-fill": "#ecdcf3",
    "cell": "#80610a", "cell-fill": "#f5e7bd", "attend": "#b0245f", "attend-fill": "#f8d9e5", "grad": "#444b57",
}  # fmt: skip
SANS = "var(--sans, 'Source Sans 3', system-ui, sans-serif)"
SERIF = "var(--serif, 'Source Serif 4', Georgia, serif)"


def colour(token: str) -> str:
    """A token as CSS: the page's value, or the light one where there is no page."""
    return f"var(--{token}, {TOKENS[token]})"


def symbol(text: str) -> str:
    """``h_t-1``, ``h_{t−1}`` or ``h^d_t`` as tspans: an italic letter, what stands above and below it; anything else upright."""
    base, _, below = text.partition("_")
    base, _, above = base.partition("^")
    below = below.strip("{}").replace("-", "−")
    italic = f'<tspan font-style="italic">{escape(base)}</tspan>' if len(base) == 1 else escape(base)
    if above:
        italic += f'<tspan dy="-7" font-size="12" font-style="italic">{escape(above)}</tspan>'
    back, down = (' dx="-6"', 11) if above else ("", 4)
    return italic + (
        f'<tspan{back} dy="{down}" font-size="12" font-style="{"normal" if below.isdigit() else "italic"}">{escape(below)}</tspan>'
        if below
        else ""
    )


class Drawing:
    """An SVG of a given size in px; every method adds one mark, back to front."""

    def __init__(self, width: int, height: int):
        self.size, self.marks, self.heads = (width, height), [], set()

    def box(
        self, x: float, y: float, text: str, role: str, w: float = 72, h: float = 40, faint: bool = False
    ) -> tuple:
        """A layer, centred at (x, y), with its symbol; returns (x, y, w, h) for ``arrow`` to aim at."""
        style = f'fill="{colour(role + "-fill")}" stroke="{colour(role)}" stroke-width="1.5"'
        dim = ' opacity="0.45"' if faint else ""
        self.marks.append(
            f'<rect x="{x - w / 2:g}" y="{y - h / 2:g}" width="{w:g}" height="{h:g}" rx="6" {style}{dim}/>'
        )
        word = len(text.partition("_")[0].partition("^")[0]) > 1
        self.text(x, y + (5 if word else 6), text, size=15 if word else 18, anchor="middle", math=not word)
        return x, y, w, h

    def text(
        self, x: float, y: float, text: str, role: str = "ink", size: float = 14, anchor: str = "start",
        math: bool = False, weight: int = 400,
    ) -> None:  # fmt: skip
        """Words in the sans; with ``math`` a symbol in the serif."""
        inner = symbol(text) if math else escape(text)
        font = SERIF if math else SANS
        self.marks.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" text-anchor="{anchor}" '
            f'font-family="{font}" fill="{colour(role)}">{inner}</text>'
        )

    def arrow(
        self, path: str, role: str, label: str = "", at: tuple[float, float] = (0, 0), dashed: bool = False,
        anchor: str = "start", math: bool = True,
    ) -> None:  # fmt: skip
        """An arrow along an SVG path, in the colour of the weights it stands for, with their letter."""
        self.heads.add(role)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.marks.append(
            f'<path d="{path}" fill="none" stroke="{colour(role)}" stroke-width="1.75"{dash} marker-end="url(#head-{role})"/>'
        )
        if label:
            self.text(*at, label, role, size=17 if math else 14, anchor=anchor, math=math)

    def line(self, path: str, role: str = "rule", dashed: bool = False) -> None:
        """A plain line along an SVG path."""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.marks.append(f'<path d="{path}" fill="none" stroke="{colour(role)}" stroke-width="1.25"{dash}/>')

    def svg(self) -> str:
        """The whole drawing as text."""
        width, height = self.size
        heads = "".join(
            f'<marker id="head-{role}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto-start-reverse"><path d="M0 0.5 L7.5 4 L0 7.5 z" fill="{colour(role)}"/></marker>'
            for role in sorted(self.heads)
        )
        body = "\n".join(self.marks)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
            f"<defs>{heads}</defs>\n{body}\n</svg>\n"
        )


def all_drawings() -> dict[str, str]:
    """File name -> SVG, from every ``chNN.py``: each function there that takes nothing draws one."""
    found = {}
    for path in sorted(HERE.glob("ch*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= {f"{path.stem}_{name}.svg": draw().svg() for name, draw in module.DRAWINGS.items()}
    return found


if __name__ == "__main__":
    for name, svg in all_drawings().items():
        (HERE / name).write_text(svg, encoding="utf-8")
        print(name)
