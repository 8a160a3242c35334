"""JavaScript without the spaces that only people need; names, strings, templates and line breaks stay as they are."""

import re

_PLAIN = re.compile(
    r"""(?P<space>[ \t]+)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<word>[\w$]+)"""
)
_REGEX = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
_COMMENT = re.compile(r"//[^\n]*|/\*(?s:.*?)\*/")
_BEFORE_REGEX = frozenset("(,=:[!&|?{};+-*%<>~^\n")


def tighten(js: str) -> str:
    """The same program: comments gone, and each space that does not keep two words or two signs apart."""
    out, at = [], 0
    while at < len(js):
        end = _end(js, at, "".join(out[-2:]))
        piece = js[at:end]
        if piece.isspace() and "\n" not in piece:
            before, after = out[-1][-1:] if out else "\n", js[end : end + 1]
            apart = (_wordy(before) and _wordy(after)) or (before in "+-/" and after in "+-/")
            piece = " " if apart else ""
        elif _COMMENT.fullmatch(piece):
            piece = ""
        out += [piece] if piece else []
        at = end
    return re.sub(r"[ \t]*\n\s*", "\n", "".join(out))  # our templates have no line breaks


def tighten_css(css: str) -> str:
    """The same style sheet without line breaks and the spaces that only people need."""
    css = re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s*\n\s*", " ", css))
    return re.sub(r":\s+", ":", css).replace(";}", "}")


def _wordy(character: str) -> bool:
    return character.isalnum() or character in "_$"


def _end(js: str, at: int, before: str) -> int:
    """Where the token that begins here ends."""
    if js[at] == "`":
        return _template_end(js, at + 1)
    if js[at] == "/":
        comment = _COMMENT.match(js, at)
        if comment:
            return comment.end()
        last = before.rstrip(" ")[-1:] or "\n"
        regex = _REGEX.match(js, at) if last in _BEFORE_REGEX else None
        return regex.end() if regex else at + 1
    plain = _PLAIN.match(js, at)
    return plain.end() if plain else at + 1


def _template_end(js: str, at: int) -> int:
    """Behind the closing backtick, past every ${…} in between."""
    while js[at] != "`":
        if js[at] == "\\":
            at += 2
        elif js.startswith("${", at):
            at, depth = at + 2, 1
            while depth:
                depth += {"{": 1, "}": -1}.get(js[at], 0)
                at = _end(js, at, js[at - 1])
        else:
            at += 1
    return at + 1
