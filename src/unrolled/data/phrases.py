"""Two languages side by side: phrases that know their translation, and the sentences made of them.

A `Phrase` holds both languages and the links between their words.  `compose` puts phrases together in one
order for English and another for Spanish, so that the alignment, the tags and the agreement of a sentence
come with it and never have to be guessed.
"""

from collections.abc import Sequence
from typing import NamedTuple

NUMBER = ("singular", "plural")
AGREEMENT_FORMS = ("simple", "subject-first", "fronted", "centre-embedded", "relative", "coordinated")


class Agreement(NamedTuple):
    """A subject and the English verb that shows its number.

    ``subject`` and ``verb`` are positions in the source.  ``attractors`` counts the nouns (and names) of the other
    number that stand before the verb; ``form`` is where they stand and ``depth`` how many phrases were
    nested there: "simple" (none), "subject-first" (*the key near the towers is …*), "fronted" (*near the
    towers the key is …*), "centre-embedded" (*the key the kings were hiding is …*), "relative" (*kings were*
    in there: the clause's own subject, other nouns before it) or "coordinated" (the clause after *and*).
    ``main`` is False inside a relative clause.
    """

    subject: int
    verb: int
    number: str
    attractors: int = 0
    form: str = "simple"
    depth: int = 0
    main: bool = False


class Example(NamedTuple):
    """A sentence, its translation, and what is known about them.

    ``alignment`` holds the pairs (source position, target position) of words that translate each other;
    a word may have several, or none (*did*, the personal *a*).  ``tags`` are UPOS, with possessives as
    DET, as in UD's Spanish treebanks.  ``agreements`` lists every pair of subject and marked verb, main
    clauses first; ``depth`` is how many relative clauses sit inside one another around the middle.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    alignment: tuple[tuple[int, int], ...]
    tags: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    depth: int

    @property
    def agreement(self) -> Agreement | None:
        """The main clause's agreement, or None where its English verb does not show number (*arrived*)."""
        first = self.agreements[0] if self.agreements else None
        return first if first and first.main and first.form != "coordinated" else None


class Phrase(NamedTuple):
    """Words of both languages, the links between them, and the nouns (position, number) of the English."""

    english: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    spanish: tuple[str, ...] = ()
    links: tuple[tuple[int, int], ...] = ()
    nouns: tuple[tuple[int, int], ...] = ()
    agreements: tuple[Agreement, ...] = ()
    head: int = 0
    depth: int = 0


def word(english: str, tag: str, *spanish: str) -> Phrase:
    """One English word and the Spanish words, maybe none, that translate it."""
    return Phrase((english,), (tag,), spanish, tuple((0, j) for j in range(len(spanish))))


def filler(*spanish: str) -> Phrase:
    """Spanish words that translate nothing."""
    return Phrase(spanish=spanish)


def compose(
    english: Sequence[Phrase], spanish: Sequence[Phrase] | None = None, head: Phrase | None = None
) -> Phrase:
    """Join phrases in one order for English and (if given) another for Spanish; ``head`` names the head's phrase."""
    start_es: dict[int, int] = {}
    target: list[str] = []
    for part in english if spanish is None else spanish:
        start_es[id(part)] = len(target)
        target += part.spanish
    words, tags, links, nouns, agreements, head_at = [], [], [], [], [], 0
    for part in english:
        n = len(words)
        words += part.english
        tags += part.tags
        if part.links:
            start = start_es[id(part)]
            links += [(i + n, j + start) for i, j in part.links]
        if part.nouns:
            nouns += [(i + n, number) for i, number in part.nouns]
        if part.agreements:
            agreements += [a._replace(subject=a.subject + n, verb=a.verb + n) for a in part.agreements]
        head_at = part.head + n if part is head else head_at
    depth = max([part.depth for part in english], default=0)
    return Phrase(
        tuple(words),
        tuple(tags),
        tuple(target),
        tuple(links),
        tuple(nouns),
        tuple(agreements),
        head_at,
        depth,
    )


def contract(phrase: Phrase) -> Phrase:
    """Spanish *a el* → *al*, *de el* → *del*; the links of both words go to the one."""
    target: list[str] = []
    where: list[int] = []
    for token in phrase.spanish:
        if token == "el" and target and target[-1] in ("a", "de"):
            target[-1] += "l"
        else:
            target.append(token)
        where.append(len(target) - 1)
    links = sorted({(i, where[j]) for i, j in phrase.links})
    return phrase._replace(spanish=tuple(target), links=tuple(links))


def finish(phrase: Phrase) -> Example:
    """The finished sentence: contractions made, attractors counted."""
    phrase = contract(phrase)
    agreements = tuple(
        a._replace(
            attractors=sum(
                i < a.verb and i != a.subject and NUMBER[number] != a.number for i, number in phrase.nouns
            )
        )
        for a in phrase.agreements
    )
    return Example(phrase.english, phrase.spanish, phrase.links, phrase.tags, agreements, phrase.depth)
