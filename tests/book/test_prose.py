"""The pages read easily, their pictures are said in words, and no sentence is the source's own."""

import json
import re
from pathlib import Path
from statistics import mean

import pytest

from unrolled import viz

ROOT = Path(__file__).parents[2]
SEEDS = ROOT.parent / "shared" / "seeds"
PAGES = sorted((ROOT / "book").glob("*.md"))
LEDGER = json.loads((ROOT / "book" / "claims.json").read_text(encoding="utf-8"))
CHAPTERS = sorted((ROOT / "book").glob("ch[0-9][0-9]_*.md"))
LONG, MEAN_WORDS, LONG_SHARE, GRADE = 35, 18, 0.03, 10
SHARED_WORDS = 12
CONVOLUTED = """
Notwithstanding the aforementioned considerations regarding the computational characteristics of recurrent
architectures, which have been discussed extensively elsewhere, it is nevertheless important to emphasise that the
propagation of differentiable information across considerable temporal distances, insofar as it is contingent upon
the multiplicative interaction of parameter matrices whose spectral properties are, generally speaking, unconstrained,
constitutes a fundamental impediment to optimisation. It follows that practitioners, irrespective of whatever
theoretical expressiveness may legitimately be attributed to such architectures, will inevitably encounter
difficulties whose mitigation necessitates additional architectural mechanisms.
"""


def prose(page):
    """The running text of a page: no front matter, code, quiz, directive, table, heading or formula."""
    text = re.sub(r"\A---\n.*?\n---\n", "", page, flags=re.S)
    text = re.sub(r"^(`{3,})\{(lede|predict|glossary)\}.*?\n(.*?)^\1$", r"\3", text, flags=re.M | re.S)
    text = re.sub(r"^(`{3,}).*?^\1 *$", "\n", text, flags=re.M | re.S)
    text = re.sub(r"^\$\$.*?^\$\$.*?$", "\n", text, flags=re.M | re.S)
    text = re.sub(r"^ *([|#:+(%>].*|</?\w.*)$", "\n", text, flags=re.M)
    text = re.sub(r"\{(cite|claim|eq|runtime)\}`[^`]*`", "7", text)
    text = re.sub(r"\{[\w-]+\}`([^`<]*)[^`]*`", r"\1", text)
    text = re.sub(r"\$[^$]+\$|`[^`]+`", "x", text)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def sentences(text):
    """Lists of words; a paragraph, a list item and a line of its own each end a sentence."""
    parts = re.split(r"(?<=[.!?])[*_”\")]*\s+|\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", text)
    found = [re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d[\d.,]*", part) for part in parts]
    return [words for words in found if len(words) > 2]


def reading(text):
    """Mean words a sentence, the share of sentences over LONG words, and the Coleman-Liau grade."""
    found = sentences(text)
    words = [word for sentence in found for word in sentence if word[0].isalpha()]
    letters = sum(map(len, words))
    grade = (5.88 * letters - 29.6 * len(found)) / len(words) - 15.8
    return mean(map(len, found)), mean(len(sentence) > LONG for sentence in found), grade


def is_plain(text):
    """Whether a text is inside all three bounds."""
    return all(
        got <= bound for got, bound in zip(reading(text), (MEAN_WORDS, LONG_SHARE, GRADE), strict=True)
    )


def drawings(page):
    """Alternative text, file and caption of each drawing of a page."""
    for path, body in re.findall(r"^```\{drawing\} *(\S+)\n(.*?)^```$", page, flags=re.M | re.S):
        alt = re.search(r"^:alt: *(.*)$", body, flags=re.M)
        yield (alt[1] if alt else ""), path, re.sub(r"^:.*\n", "", body, flags=re.M).strip()


def says_nothing(alt, path="", caption=""):
    """What is wrong with an alternative text, or an empty string."""
    if len(alt.split()) < 8 or len(alt) < 40:
        return "too short to say what the picture shows"
    if len(alt) > 1500:
        return "too long to be listened to"
    if re.search(r"\.(svg|png|jpe?g|gif|webp)\b", alt, flags=re.I) or (path and Path(path).stem in alt):
        return "names a file"
    if re.match(r"(an? |the )?(image|picture|figure|drawing|chart|graphic) (of|showing)\b", alt, flags=re.I):
        return "says that it is a picture"
    words, told = ({*re.findall(r"\w+", text.lower())} for text in (alt, caption))
    return "repeats the caption" if caption and len(words - told) < 4 else ""


def runs_of(text, n=SHARED_WORDS):
    """Every n consecutive words of a sentence, in small letters."""
    for sentence in sentences(re.sub(r"[*_]", "", text)):
        words = [word.lower() for word in sentence]
        yield from (tuple(words[i : i + n]) for i in range(len(words) - n + 1))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_reads_easily(page):
    text = prose(page.read_text(encoding="utf-8"))
    if len(sentences(text)) < 10:
        return  # generated pages of tables: nothing to read
    assert is_plain(text), f"{page.name}: words a sentence, share over {LONG}, grade: {reading(text)}"


def test_a_convoluted_page_does_not_read_easily():
    length, share, grade = reading(CONVOLUTED)
    assert length > MEAN_WORDS and share > LONG_SHARE and grade > GRADE
    page = prose(CHAPTERS[0].read_text(encoding="utf-8"))
    assert is_plain(page) and not is_plain(page + 10 * CONVOLUTED)


def test_prose_is_all_that_is_left():
    page = "---\na: b\n---\n# Title\n\nOne {term}`word <w>` more.\n\n```{code-cell}\nx = 1\n```\n\n| a | b |\n$$\ny\n$$\n"
    assert prose(page).split() == ["One", "word", "more."]


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_verdicts_fit_their_sentences(page):
    """ "The claim holds", "it is undecided": a verdict that turns must take its sentence along."""
    text = re.sub(r"^\|.*$", "", page.read_text(encoding="utf-8"), flags=re.M)
    found = re.findall(r"(\S+) \*\*\{claim\}`(\w+)\|verdict`\*\*", text)
    assert len(found) == len(re.findall(r"\|verdict`", text))
    wrong = [(word, claim) for word, claim in found if not fits(word, LEDGER[claim]["verdict"])]
    assert not wrong


def fits(word, verdict):
    """Whether a verdict can stand after a word: "is undecided", but "claim holds"."""
    return (word in {"is", "is:", "therefore", "criterion,"}) == (verdict == "undecided")


def test_a_verdict_that_does_not_fit_is_noticed():
    assert fits("is", "undecided") and fits("claim", "holds") and fits("it", "does not hold")
    assert not fits("is:", "holds") and not fits("claim", "undecided")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_drawings_are_said_in_words(page):
    text = page.read_text(encoding="utf-8")
    found = list(drawings(text))
    assert len(found) == len(re.findall(r"^`{3,}\{(?:drawing|figure|image)\}", text, flags=re.M))
    wrong = {path: says_nothing(alt, path, caption) for alt, path, caption in found}
    wrong |= {path: says_nothing(alt, path) for alt, path in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text)}
    assert not any(wrong.values()), wrong


@pytest.mark.parametrize("claim", sorted(viz.CHARTS))
def test_charts_are_said_in_words(claim):
    for chart in viz.CHARTS[claim]:
        alt = chart(LEDGER[claim]).alt
        assert not says_nothing(alt), alt
        assert re.search(r"\d", alt), f"no figure in: {alt}"


@pytest.mark.parametrize(
    ("alt", "caption", "wrong"),
    [
        ("", "", "short"),
        ("an RNN", "", "short"),
        ("The drawing ch01.svg of the network, from input to its output.", "", "file"),
        ("Picture of a network whose states are joined from left to right.", "", "picture"),
        (
            "The state is read again at the next step.",
            "*The state* is read again at the next step.",
            "repeats",
        ),
    ],
)
def test_an_empty_text_is_noticed(alt, caption, wrong):
    assert wrong in says_nothing(alt, "figures/ch01.svg", caption)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the two source documents are not in the repository")
def test_no_sentence_is_the_sources():
    own = {run for path in SEEDS.glob("*.txt") for run in runs_of(path.read_text(encoding="utf-8"))}
    assert own
    solutions = sorted((ROOT / "solutions").glob("ch*/*.md"))
    texts = {path.name: path.read_text(encoding="utf-8") for path in [*PAGES, *solutions]}
    copied = {
        name: sorted({" ".join(run) for run in runs_of(text) if run in own}) for name, text in texts.items()
    }
    assert not any(copied.values()), {name: runs for name, runs in copied.items() if runs}


def test_a_copied_sentence_is_noticed():
    copied = "At each step the network reads one word and changes its state, and then it goes on."
    own = set(runs_of(copied))
    assert own & set(runs_of(f"A sentence of ours. {copied.replace('state', '*state*')}"))
    assert not own & set(runs_of("At each step the network reads one word, and that is all."))
