"""The picture that goes with a shared link: a page's title over the unrolled network, in the book's letters and colours.

Not an extension itself.  A card that says the same already is left as it is: drawing takes about 0.1 s.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import house
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

SIZE = (1200, 630)
MARGIN = 80
FONTS = house.REPOSITORY / "node_modules" / "@fontsource"
FORM = "1"  # of the drawing; another one draws every card anew


class Card(NamedTuple):
    """What a card says."""

    title: str
    description: str
    eyebrow: str
    site: str


def draw(card: Card, path: Path) -> bool:
    """Draw the card into ``path``, unless the file there says the same; whether it was drawn."""
    key = "\n".join([FORM, *card])
    if path.is_file() and _key_of(path) == key:
        return False
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Card", key)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(card).quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, pnginfo=notes)
    return True


def _key_of(path: Path) -> str:
    try:
        with Image.open(path) as image:
            image.load()
            return str(image.info.get("Card"))
    except OSError:  # no whole picture: a build was stopped
        return ""


def picture(card: Card) -> Image.Image:
    """Eyebrow, title, description from above; the network at the foot."""
    image = Image.new("RGB", SIZE, colour("paper"))
    pen, y = ImageDraw.Draw(image), MARGIN - 12
    small = font("source-sans-3", 600, 28)
    eyebrow = f"{card.site} · {card.eyebrow}" if card.eyebrow else card.site
    pen.text((MARGIN, y), eyebrow, colour("hidden"), small)
    y += 54
    size, lines = fitted(card.title)
    for line in lines:
        pen.text((MARGIN, y), line, colour("ink"), font("source-serif-4", 600, size))
        y += round(size * 1.15)
    text, y = font("source-sans-3", 400, 30), y + 24
    room = max(0, (SIZE[1] - 195 - y) // 40)  # lines above the network
    for line in clipped(wrapped(card.description, text), room):
        pen.text((MARGIN, y), line, colour("ink-2"), text)
        y += 40
    image.paste(network(), (0, SIZE[1] - 170))
    return image


@cache
def network() -> Image.Image:
    """Six steps of a recurrent network, drawn twice as large as they are shown, so that edges are smooth."""
    image = Image.new("RGB", (2 * SIZE[0], 340), colour("paper"))
    pen, radius, middle = ImageDraw.Draw(image), 46, 130
    places = [2 * MARGIN + radius + n * 390 for n in range(6)]
    for place in places:
        _arrow(pen, (place, 300), (place, middle + radius + 8), colour("input"))
        pen.ellipse([place - 14, 292, place + 14, 320], fill=colour("input"))
        _arrow(pen, (place, middle - radius), (place, 24), colour("output"))
    for here, there in zip(places, [*places[1:], 2 * SIZE[0] + 60], strict=True):
        _arrow(pen, (here + radius, middle), (there - radius - 8, middle), colour("hidden"))
    for place in places:
        box = [place - radius, middle - radius, place + radius, middle + radius]
        pen.ellipse(box, fill=colour("hidden-fill"), outline=colour("hidden"), width=6)
    return image.resize((SIZE[0], 170), Image.Resampling.LANCZOS)


def _arrow(
    pen: ImageDraw.ImageDraw, start: tuple[int, int], end: tuple[int, int], ink: tuple[int, ...]
) -> None:
    (x, y), (to_x, to_y) = start, end
    along = ((to_x > x) - (to_x < x), (to_y > y) - (to_y < y))
    pen.line([start, (to_x - 16 * along[0], to_y - 16 * along[1])], fill=ink, width=6)
    across = (along[1], along[0])
    base = (to_x - 22 * along[0], to_y - 22 * along[1])
    pen.polygon([end, *((base[0] + side * across[0], base[1] + side * across[1]) for side in (-13, 13))], ink)


def fitted(title: str) -> tuple[int, list[str]]:
    """The largest size at which the title has one line, or else two; a very long one is cut."""
    for size, most in ((76, 1), (66, 1), (76, 2), (62, 2), (50, 2)):
        lines = wrapped(title, font("source-serif-4", 600, size))
        if len(lines) <= most:
            return size, lines
    return 50, clipped(lines, 2)


def wrapped(text: str, letters: ImageFont.FreeTypeFont) -> list[str]:
    """Lines as wide as the card."""
    lines: list[str] = []
    for word in text.split():
        if lines and letters.getlength(f"{lines[-1]} {word}") <= SIZE[0] - 2 * MARGIN:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def clipped(lines: list[str], most: int) -> list[str]:
    """The first lines; the last of them says that there is more.

    >>> clipped(["one two", "three"], 1)
    ['one …']
    """
    if len(lines) <= most or not most:
        return lines[:most]
    return [*lines[: most - 1], f"{lines[most - 1].rsplit(' ', 1)[0].rstrip(',;:')} …"]


@cache
def font(family: str, weight: int, size: int) -> ImageFont.FreeTypeFont:
    """The book's own letters, as the pages load them."""
    return ImageFont.truetype(FONTS / family / "files" / f"{family}-latin-{weight}-normal.woff2", size)


@cache
def colour(token: str) -> tuple[int, ...]:
    """A token of the light theme as (red, green, blue)."""
    tokens = (house.STATIC / "tokens.css").read_text(encoding="utf-8")
    found = re.search(rf"--{token}:\s*#([0-9a-f]{{6}})", tokens)
    return tuple(bytes.fromhex(found[1])) if found else (0, 0, 0)
