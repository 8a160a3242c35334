"""One style sheet for every page, ``_static/site.css``, of KaTeX's, the theme's and the extensions'; and the fonts, woff2 only.

A phone waits for each sheet before it paints, and a font that comes after the text moves it.  So the sheets are joined, and
the template asks for the fonts of ``FIRST`` before anything else.  Where they are late, theme.css has the reader's own
fonts stand in, set to the same widths and heights, and nothing jumps far.
"""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import house
import places
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

PACKAGES = house.REPOSITORY / "node_modules"
KATEX = PACKAGES / "katex" / "dist"
FIRST = (
    "source-serif-4-latin-400-normal",
    "source-serif-4-latin-600-normal",
    "source-sans-3-latin-400-normal",
)
"""What every page opens with: a browser complains of a font that it was told to load and does not need."""
LATER = (
    "source-serif-4-latin-400-italic",
    "source-sans-3-latin-600-normal",
    "source-code-pro-latin-400-normal",
)
OURS = (
    "tokens", "theme", "prose", "equations", "api", "drawing", "quiz", "tables", "progress", "live", "cells",
)  # fmt: skip
"""The theme's sheets in their order: a later one may overrule an earlier one."""
NAME = "site.css"


def joined() -> str:
    """The text of ``site.css``."""
    if not KATEX.is_dir():
        raise ExtensionError("node_modules is missing: run `make book`, or `npm ci`")
    katex = only_woff2((KATEX / "katex.min.css").read_text(encoding="utf-8"))
    ours = [(house.STATIC / f"{name}.css").read_text(encoding="utf-8") for name in OURS]
    sheets = [katex.replace("url(fonts/", "url(vendor/katex/fonts/"), *ours, places.rules()]
    return "\n".join(sheets)


def only_woff2(css: str) -> str:
    """KaTeX's fonts in the one format that every browser of ours reads, drawn at once with a fallback."""
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)', "", css)
    return css.replace("@font-face{", "@font-face{font-display:swap;")


def package_of(font: str) -> Path:
    """Where npm put a font."""
    return PACKAGES / "@fontsource" / font.split("-latin-")[0] / "files" / f"{font}.woff2"


def join(app: Sphinx) -> None:
    """The sheet, and its hash: a browser that has seen an older page asks for the new one."""
    app.unrolled_css = joined()  # type: ignore[attr-defined]


def name_it(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """What the template asks for: css_digest, the sheets that are joined (joined_css), and the paths of first_fonts."""
    found = hashlib.sha256(app.unrolled_css.encode()).hexdigest()[:8]  # type: ignore[attr-defined]
    context["css_digest"] = f"?v={found}"
    context["joined_css"] = [f"{name}.css" for name in OURS]
    context["first_fonts"] = [f"_static/vendor/fonts/{name}.woff2" for name in FIRST]


def write(app: Sphinx, error: Exception | None) -> None:
    """``site.css`` and the fonts that it names."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    fonts = {package_of(name): static / "vendor" / "fonts" for name in FIRST + LATER}
    fonts |= {path: static / "vendor" / "katex" / "fonts" for path in (KATEX / "fonts").glob("*.woff2")}
    shutil.rmtree(static / "vendor", ignore_errors=True)  # it is all written here
    for path, folder in fonts.items():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / path.name)
    (static / NAME).write_text(app.unrolled_css, encoding="utf-8")  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, bool]:
    """Joined before the first page, written after the theme's files were copied."""
    app.connect("builder-inited", join)
    app.connect("html-page-context", name_it, priority=900)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
