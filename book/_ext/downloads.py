"""The notebook of each page, to download: plain Markdown and code that JupyterLab shows well and that runs anywhere.

A chapter's source is MyST; ``plain`` turns what only the website knows (our directives, roles, equation labels,
TeX colours) into what every notebook knows.  An exercise is handed out as it was released.  Before all stands the
cell that installs the package.  Cells have ids made of their content, so the same page makes the same bytes.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import nbformat
import repository
import yaml
from sphinx.application import Sphinx

TOKENS = Path(__file__).resolve().parents[1] / "_theme" / "static" / "tokens.css"
COLOURS = {
    "inp": "input",
    "hid": "hidden",
    "out": "output",
    "gat": "gate",
    "cel": "cell",
    "att": "attend",
    "grd": "grad",
}
OPENING = re.compile(r"^( *)(`{3,}|:{3,})\{([\w:+-]+)\} *(.*)$")
OPTION = re.compile(r"^ *:([\w-]+): ?(.*)$")
TITLED = {
    "note": "Note",
    "tip": "Tip",
    "warning": "Careful",
    "important": "Important",
    "hint": "Hint",
    "seealso": "See also",
}


class Directive(NamedTuple):
    """One ```{name} argument``` with its options and body."""

    name: str
    argument: str
    options: dict[str, str]
    body: str


class Page(NamedTuple):
    """What the plain text of a page may need to ask."""

    folder: Path
    claim: Callable[[str], str]
    attachments: dict[str, dict[str, str]]
    seconds: float | None = None


# ------------------------------------------------------------------ equations and roles


def light(token: str) -> str:
    """A token's value in the light theme: a notebook's background is nobody's to know."""
    match = re.search(rf"--{token}:\s*(#[0-9a-f]{{6}})", TOKENS.read_text(encoding="utf-8"))
    return match[1] if match else "#1d2128"


def number_of(label: str) -> str:
    """eq-13-1 → 13.1, eq-ch01-a → 1a."""
    if match := re.fullmatch(r"eq-13-(\d+)", label):
        return f"13.{match[1]}"
    if match := re.fullmatch(r"eq-ch(\d\d)-(\w)", label):
        return f"{int(match[1])}{match[2]}"
    return label


def plain_tex(tex: str) -> str:
    r"""Our colour macros as \color, which MathJax knows.

    >>> plain_tex(r"\\inp{x_t}")
    '{\\\\color{#0b63a5}{x_t}}'
    """
    for macro, token in COLOURS.items():
        tex = re.sub(rf"\\{macro}(?=\{{)", lambda _, t=token: rf"\color{{{light(t)}}}", tex)
    return _grouped(tex)


def _grouped(tex: str) -> str:
    r"""\color{#…}{x} → {\color{#…}{x}}: the colour must end with its argument."""
    out, at = [], 0
    for match in re.finditer(r"\\color\{#[0-9a-f]{6}\}", tex):
        if match.start() < at:
            continue
        end = _closing(tex, match.end())
        out += [tex[at : match.start()], "{", match[0], "{", _grouped(tex[match.end() + 1 : end]), "}}"]
        at = end + 1
    return "".join(out) + tex[at:]


def _closing(tex: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(tex)):
        depth += {"{": 1, "}": -1}.get(tex[at], 0) if tex[at - 1] != "\\" else 0
        if depth == 0:
            return at
    return len(tex) - 1


def plain_math(text: str) -> str:
    """$…$ and $$…$$ with their macros; a label becomes a tag."""

    def displayed(match: re.Match[str]) -> str:
        tag = rf" \tag{{{number_of(match[2])}}}" if match[2] else ""
        return f"$$\n{plain_tex(match[1].strip())}{tag}\n$$"

    text = re.sub(r"\$\$(.+?)\$\$(?: *\(([\w-]+)\))?", displayed, text, flags=re.S)
    return re.sub(r"(?<![\\$])\$(?!\$)([^$\n]+?)(?<!\\)\$(?!\$)", lambda m: f"${plain_tex(m[1])}$", text)


def plain_roles(text: str, page: Page) -> str:
    """{role}`content` in words."""

    def role(match: re.Match[str]) -> str:
        name, content = match[1], match[2]
        shown = re.sub(r"\s*<[^>]*>$", "", content)
        if name in COLOURS:
            return f"**{content}**"
        if name == "eq":
            return f"({number_of(content)})"
        if name == "claim":
            return page.claim(content)
        if name == "runtime":
            return f"{max(1, round(page.seconds))} s" if page.seconds else "under a minute"
        if name == "math":
            return f"${plain_tex(content)}$"
        if name.startswith("cite"):
            return "[" + ", ".join(cited(key) for key in content.split(",")) + "]"
        if name == "numref":
            return "the figure" if shown == content else shown
        return shown

    return re.sub(r"\{([\w:.+-]+)\}`([^`]+)`", role, text)


def cited(key: str) -> str:
    """jurafsky2025 → Jurafsky 2025."""
    match = re.fullmatch(r"\s*([A-Za-z-]+?)(\d{4})(\w*)\s*", key)
    return f"{match[1].capitalize()} {match[2]}" if match else key.strip()


# ------------------------------------------------------------------ directives


def plain(text: str, page: Page) -> str:
    """A Markdown cell without anything that only the website understands."""
    out = []
    for part in _parts(text):
        if isinstance(part, Directive):
            out.append(_directive(part, page))
        elif part.startswith("```"):  # a block of code stays as it is
            out.append(part)
        else:
            lines = [s for s in part.splitlines() if not re.match(r"\([\w-]+\)=\s*$|% ", s)]
            out.append(plain_math(plain_roles("\n".join(lines), page)))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip()


def _parts(text: str) -> Iterator[str | Directive]:
    """The text's directives, its blocks of code, and what lies between."""
    lines, plain_lines, at = text.splitlines(), [], 0
    while at < len(lines):
        opening = OPENING.match(lines[at])
        code = re.match(r"^(`{3,})[^{`]*$", lines[at])
        if not opening and not code:
            plain_lines.append(lines[at])
            at += 1
            continue
        if plain_lines:
            yield "\n".join(plain_lines)
            plain_lines = []
        fence = opening[2] if opening else code[1]  # type: ignore[index]
        end = next(
            (n for n in range(at + 1, len(lines)) if re.match(rf"^ *{re.escape(fence)} *$", lines[n])),
            len(lines),
        )
        inside = lines[at + 1 : end]
        yield _read(opening, inside) if opening else "\n".join([lines[at], *inside, fence])
        at = end + 1
    if plain_lines:
        yield "\n".join(plain_lines)


def _read(opening: re.Match[str], lines: list[str]) -> Directive:
    options, at = {}, 0
    while at < len(lines) and (option := OPTION.match(lines[at])):
        options[option[1]] = option[2]
        at += 1
    return Directive(opening[3], opening[4].strip(), options, "\n".join(lines[at:]).strip("\n"))


def _directive(one: Directive, page: Page) -> str:
    """A directive in plain Markdown, with a blank line on each side."""
    made = DIRECTIVES.get(one.name, _body)(one, page)
    return f"\n{made}\n" if made else ""


def _body(one: Directive, page: Page) -> str:
    title = TITLED.get(one.name) or (one.argument if one.name == "admonition" else "")
    if title:
        return _quoted(f"**{title}.** {plain(one.body, page)}")
    return plain(one.body, page)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _predict(one: Directive, page: Page) -> str:
    return _quoted(f"**{one.argument or 'Predict, then play'}.** {plain(one.body, page)}")


def _math(one: Directive, page: Page) -> str:
    label = one.options.get("label", "")
    return plain_math(f"$$\n{one.body or one.argument}\n$$" + (f" ({label})" if label else ""))


def _code(one: Directive, page: Page) -> str:
    return f"```{one.argument}\n{one.body}\n```"


def _quiz(one: Directive, page: Page) -> str:
    """The choices, and the explanations folded under them."""
    quiz = yaml.safe_load(one.body)
    made = []
    for question in quiz if isinstance(quiz, list) else [quiz]:
        choices = "\n".join(f"- {plain(str(c['text']), page)}" for c in question["choices"])
        whys = "\n".join(
            f"- *{plain(str(c['text']), page)}* {'Yes.' if c.get('right') else 'Not yet.'} {plain(str(c['why']), page)}"
            for c in question["choices"]
        )
        folded = f"<details><summary>Answers</summary>\n\n{whys}\n\n</details>"
        made.append(f"**{plain(str(question['question']), page)}**\n\n{choices}\n\n{folded}")
    return "\n\n".join(made)


def _drawing(one: Directive, page: Page) -> str:
    """The picture travels inside the cell, in the light theme's colours."""
    alt = one.options.get("alt", "").replace("[", "(").replace("]", ")")
    path = page.folder / one.argument
    caption = f"\n\n*{plain(one.body, page)}*" if one.body else ""
    if not path.is_file() or path.suffix != ".svg":
        return f"*{alt}*{caption}"
    svg = re.sub(
        r"var\(--([\w-]+)(?:,\s*([^()]*))?\)", lambda m: m[2] or light(m[1]), path.read_text(encoding="utf-8")
    )
    svg = re.sub(r"<svg\b", f'<svg style="background:{light("paper")}"', svg, count=1)
    page.attachments[path.name] = {"image/svg+xml": base64.b64encode(svg.encode()).decode()}
    return f"![{alt}](attachment:{path.name}){caption}"


def _live(one: Directive, page: Page) -> str:
    chapter, _, task = one.argument.partition("/")
    return f"**Your turn:** task `{task or chapter}` of the notebook `exercises/{chapter}/{chapter}.ipynb`."


def _claim_table(one: Directive, page: Page) -> str:
    return f"The figures of the claim `{one.argument}` are in `book/claims.json`."


def _glossary(one: Directive, page: Page) -> str:
    lines = plain(one.body, page).splitlines()
    return "\n".join(f"  {s.strip()}" if s.startswith(" ") else f"- **{s}**" if s else "" for s in lines)


def _nothing(one: Directive, page: Page) -> str:
    return ""


DIRECTIVES: dict[str, Callable[[Directive, Page], str]] = {
    "predict": _predict, "math": _math, "code-block": _code, "code": _code, "quiz": _quiz, "drawing": _drawing,
    "live-exercise": _live, "claim-table": _claim_table, "glossary": _glossary,
    "bibliography": _nothing, "equation-index": _nothing, "claims-page": _nothing, "toctree": _nothing, "raw": _nothing,
}  # fmt: skip


# ------------------------------------------------------------------ notebooks


def notebook(
    source: Path, claim: Callable[[str], str], seconds: float | None = None
) -> nbformat.NotebookNode:
    """The page at ``source`` (MyST) as a notebook that stands alone."""
    read = jupytext.reads(source.read_text(encoding="utf-8"), fmt="md:myst")
    made = nbformat.v4.new_notebook(metadata={
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    })  # fmt: skip
    seen: dict[str, int] = {}
    for cell in read.cells:
        attachments: dict[str, dict[str, str]] = {}
        if cell.cell_type == "code":
            new = nbformat.v4.new_code_cell(cell.source, metadata=_tags(cell))
        else:
            text = plain(cell.source, Page(source.parent, claim, attachments, seconds))
            if not text:
                continue
            new = nbformat.v4.new_markdown_cell(text)
            if attachments:
                new["attachments"] = attachments
        key = hashlib.sha256(new.source.encode()).hexdigest()[:8]
        seen[key] = seen.get(key, 0) + 1
        new["id"] = key if seen[key] == 1 else f"{key}-{seen[key]}"
        made.cells.append(new)
    nbformat.validate(made)
    return made


def _tags(cell: nbformat.NotebookNode) -> dict[str, Any]:
    hidden = {"remove-input", "hide-input"} & set(cell.metadata.get("tags", []))
    return {"jupyter": {"source_hidden": True}} if hidden else {}


def text_of(made: nbformat.NotebookNode) -> str:
    """The file's text, the same for the same notebook."""
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def released(source: Path, first: nbformat.NotebookNode) -> str:
    """An assignment as its file has it, to the byte, behind ``first``."""
    made = nbformat.read(source, as_version=4)
    made.cells.insert(0, first)
    return nbformat.writes(made) + "\n"


def is_notebook(app: Sphinx, docname: str) -> bool:
    """Whether a page has code to run."""
    return docname in app.env.found_docs and "kernelspec" in app.env.metadata.get(docname, {})


def offer(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Tell the template where the page's notebook will lie."""
    context["notebook"] = f"{pagename}.ipynb" if is_notebook(app, pagename) else None


def write_notebooks(app: Sphinx, error: Exception | None) -> None:
    """One .ipynb beside each page that has code."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    wanted = {f"{docname}.ipynb" for docname in app.env.found_docs if is_notebook(app, docname)}
    for path in out.rglob("*.ipynb"):
        if path.relative_to(out).as_posix() not in wanted:
            path.unlink()
    for name in sorted(wanted):
        docname = name.removesuffix(".ipynb")
        source = Path(app.env.doc2path(docname))
        first = repository.install_cell(app.config.repository_url)
        if source.suffix == ".ipynb":
            text = released(source, first)
        else:
            made = notebook(source, _claims(app), _seconds(app, docname))
            made.cells.insert(0, first)
            text = text_of(made)
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")


def _seconds(app: Sphinx, docname: str) -> float | None:
    data = getattr(app.env, "nb_metadata", {}).get(docname, {})
    return (data.get("exec_data") or {}).get("runtime")


def _claims(app: Sphinx) -> Callable[[str], str]:
    """What the role {claim} shows on the page."""
    import claims

    path = Path(app.srcdir) / claims.LEDGER
    ledger = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def show(text: str) -> str:
        try:
            return claims.show(ledger, text)
        except LookupError:
            return text

    return show


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the link and the files."""
    app.setup_extension("repository")
    app.connect("html-page-context", offer)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
