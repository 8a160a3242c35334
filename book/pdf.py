"""``make pdf``: the book as one PDF, ``_build/unrolled.pdf``, printed from the built pages by Chromium.

The pages come in the order of the contents: the start page, the chapters, the reference.  Assignments are notebooks
and stay out, and so does what only lists code.  The joined file has a bookmark for each heading of the first two levels,
a number on each page, and links that stay inside it where they led to another of its pages.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urlsplit

import yaml
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, Fit, NameObject

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("Chapters", "Reference")
LEFT_OUT = re.compile(r"book/(api/.*|claims|gallery|kill_matrix)")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MARGIN = {"top": "18mm", "bottom": "22mm", "left": "20mm", "right": "20mm"}
READY = """async () => {
  for (const fold of document.querySelectorAll("details:not(.hide, .live-exercise details)")) fold.open = true;
  const over = performance.now() + 20000;
  for (const place of document.querySelectorAll(".widget-place")) {
    place.scrollIntoView();
    while (!["alive", "failed"].includes(place.dataset.state) && performance.now() < over)
      await new Promise(done => setTimeout(done, 50));
  }
  await document.fonts.ready;
  const heads = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")];
  return heads.filter(head => head.checkVisibility()).map(head => {
    const copy = head.cloneNode(true);
    for (const extra of copy.querySelectorAll(".headerlink, .katex-html, annotation")) extra.remove();
    return copy.textContent.replace(/\\s+/g, " ").trim();
  });
}"""
NUMBERS = """<style>@page {{ size: A4; margin: 0 }} body {{ margin: 0 }}
p {{ height: 297mm; margin: 0; break-after: page; position: relative; font: 9pt "Source Sans 3", sans-serif; color: #444 }}
p:last-child {{ break-after: auto }} span {{ position: absolute; bottom: 11mm; width: 100%; text-align: center }}</style>{}"""


class Printed(NamedTuple):
    """A page's PDF, and the words of its headings in order."""

    data: bytes
    headings: list[str]


class FailedError(Exception):
    """No PDF; the message says what is missing."""


def pages(root: Path = ROOT) -> list[str]:
    """The names of the pages that are printed, in order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    files = [entry["file"] for part in toc["parts"] if part["caption"] in PARTS for entry in part["chapters"]]
    return [toc["root"], *(name for name in files if not LEFT_OUT.fullmatch(name))]


def browser() -> str:
    """Chromium's path."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        raise FailedError(
            "No Chromium: install it (Debian: apt-get install chromium), then `make pdf` again."
        )
    return found


def printed(names: list[str], site: Path) -> Iterator[Printed]:
    """Each page, and last a page for each number."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=browser(), args=options)
        page, count = chromium.new_page(color_scheme="light", reduced_motion="reduce"), 0
        page.emulate_media(media="print")  # what paper leaves out is no heading
        for name in names:
            page.goto((site / f"{name}.html").as_uri(), wait_until="load")
            headings = page.evaluate(READY)
            data = page.pdf(format="A4", margin=MARGIN, outline=True, tagged=True)
            count += len(PdfReader(BytesIO(data)).pages)
            print(f"  {name}", flush=True)
            yield Printed(data, headings)
        page.set_content(NUMBERS.format("".join(f"<p><span>{n}</span></p>" for n in range(1, count + 1))))
        yield Printed(page.pdf(prefer_css_page_size=True), [])
        chromium.close()


def joined(parts: dict[str, Printed], numbers: bytes, site: Path) -> PdfWriter:
    """One document: a bookmark a heading, links that stay inside, a number on each page."""
    book, places, owners = PdfWriter(), {}, []
    for name, part in parts.items():
        reader, start = PdfReader(BytesIO(part.data)), len(book.pages)
        places[name] = {"": (start, None)} | {
            anchor.lstrip("/"): (start + (reader.get_destination_page_number(place) or 0), place.top)
            for anchor, place in reader.named_destinations.items()
        }
        book.append(reader, import_outline=False)
        owners += [name] * len(reader.pages)
        bookmark(book, reader, start, part.headings)
    for page, number, own in zip(book.pages, PdfReader(BytesIO(numbers)).pages, owners, strict=True):
        lead_inside(book, page, own, places, site)
        page.merge_page(number)
        page.compress_content_streams()
    return book


def bookmark(book: PdfWriter, reader: PdfReader, start: int, headings: list[str]) -> None:
    """Two levels of the part's headings; Chromium says where they are, the page how they read."""
    found = list(outline(reader.outline))
    words = headings if len(headings) == len(found) else [str(place.title) for _, place in found]
    above = None
    for (depth, place), title in zip(found, words, strict=True):
        if depth < 2:
            page = start + (reader.get_destination_page_number(place) or 0)
            fit = Fit.xyz(left=0, top=place.top, zoom=None)
            item = book.add_outline_item(
                title=title, page_number=page, parent=above if depth else None, fit=fit
            )
            above = above if depth else item


def outline(entries: list[Any], depth: int = 0) -> Iterator[tuple[int, Any]]:
    """(depth, place) of each bookmark, in order."""
    for entry in entries:
        if isinstance(entry, list):
            yield from outline(entry, depth + 1)
        else:
            yield depth, entry


def lead_inside(book: PdfWriter, page: PageObject, own: str, places: dict[str, Any], site: Path) -> None:
    """Links to pages that are in the book become jumps; a link to another file of the site becomes plain text."""
    kept = ArrayObject()
    for reference in page.get("/Annots", []):
        link = reference.get_object()
        action = link.get("/A", {})
        place = aim(str(action.get("/URI", "")), str(link.get("/Dest", "")), own, places, site)
        if place:
            target, top = place
            link.pop("/A", None)
            fit = Fit.xyz(left=None, top=top, zoom=None) if top is not None else Fit.fit_horizontally()
            aimed = [book.pages[target].indirect_reference, NameObject(fit.fit_type), *fit.fit_args]
            link[NameObject("/Dest")] = ArrayObject(aimed)
        if place or not str(action.get("/URI", "")).startswith("file:"):
            kept.append(reference)
    if "/Annots" in page:
        page[NameObject("/Annots")] = kept


def aim(uri: str, dest: str, own: str, places: dict[str, Any], site: Path) -> tuple[int, float | None] | None:
    """(page, height) that a link leads to inside the book; None if it leads elsewhere."""
    if dest:
        return places[own].get(dest.lstrip("/"))
    address, anchor = urldefrag(uri)
    path = Path(unquote(urlsplit(address).path))
    if not uri.startswith("file:") or not path.is_relative_to(site):
        return None
    found = places.get(path.relative_to(site).with_suffix("").as_posix())
    return found and found.get(unquote(anchor), found[""])


def make(root: Path = ROOT) -> Path:
    """Print, join, write; the file that was there stays until the new one is whole."""
    site, pdf = root / "_build" / "html", root / "_build" / "unrolled.pdf"
    names = pages(root)
    missing = [name for name in names if not (site / f"{name}.html").is_file()]
    if missing:
        raise FailedError(f"{missing[0]} is not built: `make book` first.")
    *parts, numbers = printed(names, site)
    book = joined(dict(zip(names, parts, strict=True)), numbers.data, site)
    book.add_metadata({"/Title": "Unrolled", "/Author": "The Unrolled authors"})
    book.page_mode = "/UseOutlines"
    book.compress_identical_objects()
    new = pdf.with_suffix(".new")
    book.write(new)
    os.replace(new, pdf)
    print(f"{pdf.relative_to(root)}: {len(book.pages)} pages, {pdf.stat().st_size / 1e6:.1f} MB")
    return pdf


if __name__ == "__main__":
    try:
        make()
    except FailedError as error:
        sys.exit(str(error))
