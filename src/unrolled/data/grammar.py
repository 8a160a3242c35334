"""The `witch` grammar: English sentences with their Spanish translations, built side by side.

What the languages do differently here: an adjective follows its noun (*la bruja verde*), but one of a few
goes before it when a colour follows (*la pequeña bruja verde*); verbs of appearing come before their subject
(*llegó la bruja*); articles and adjectives agree; a person as an object takes *a* (*vio a la bruja*), *a el*
becomes *al* and *de el* *del*; *him* and *her* go before the verb (*la vio*); *was* is *estaba* for a state
and *era* for a quality; *did not* is *no*.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from unrolled.data.lexicon import Adjective, Lexicon, Noun, Verb
from unrolled.data.phrases import NUMBER, Agreement, Example, Phrase, compose, filler, finish, word

FORMS = ("simple", "subject-first", "fronted", "centre-embedded")

# ---- closed classes: English singular, plural; Spanish m.sg, f.sg, m.pl, f.pl
_DETERMINERS = {
    "the": (("the", "the"), ("el", "la", "los", "las")),
    "a": (("a", "some"), ("un", "una", "unos", "unas")),
    "this": (("this", "these"), ("este", "esta", "estos", "estas")),
    "that": (("that", "those"), ("ese", "esa", "esos", "esas")),
    "my": (("my", "my"), ("mi", "mi", "mis", "mis")),
    "her": (("her", "her"), ("su", "su", "sus", "sus")),
}
_DETERMINER_ODDS = (0.5, 0.2, 0.09, 0.09, 0.06, 0.06)
_PREPOSITIONS = (
    ("near", ("cerca", "de")),
    ("behind", ("detrás", "de")),
    ("beside", ("junto", "a")),
    ("under", ("bajo",)),
)
_BE = {
    ("estar", "past"): (("was", "were"), ("estaba", "estaban")),
    ("estar", "present"): (("is", "are"), ("está", "están")),
    ("ser", "past"): (("was", "were"), ("era", "eran")),
    ("ser", "present"): (("is", "are"), ("es", "son")),
}
_TEDDY_VERBS = frozenset({"see", "find", "lose", "draw", "carry"})
_NO_PROGRESSIVE = frozenset({"see", "find", "lose", "appear", "disappear"})
_ADVERBS = {
    "past": (("yesterday", "NOUN", "ayer"), ("today", "NOUN", "hoy")),
    "present": (("today", "NOUN", "hoy"),),
}
# first word, its tag as a modifier, the head noun's plural; Spanish head and what follows it
_TEDDIES = (
    ("teddy", "NOUN", "bears", ("osos", "de", "peluche")),
    ("rose", "NOUN", "gardens", ("jardines", "de", "rosas")),
    ("lily", "NOUN", "gardens", ("jardines", "de", "lirios")),
    ("amber", "NOUN", "rings", ("anillos", "de", "ámbar")),
    ("sandy", "ADJ", "roads", ("caminos", "arenosos")),
)
_SURNAMES = ("roosevelt", "smith", "moreno", "brown", "garcía")


class Plan(NamedTuple):
    """What a caller fixes of a sentence; None is left to chance.

    ``numbers`` are those of the subject and then of each nested noun, 0 for one and 1 for many; ``marked``
    asks for a verb that shows number, without negation; ``plain`` leaves out adjectives.
    """

    form: str | None = None
    numbers: tuple[int, ...] | None = None
    marked: bool = False
    plain: bool = False


class Grammar:
    """Draws sentences from a lexicon; each method draws one kind of phrase."""

    def __init__(self, rng: np.random.Generator, lexicon: Lexicon):
        self.rng, self.lexicon = rng, lexicon
        self._draws: list[float] = []
        self._by_kind = {
            kind: lexicon.of_kind(kind) for kind in ("person", "animal", "place", "thing", "event")
        }
        self._adjectives_of = {
            kind: [a for a in lexicon.adjectives if kind in a.kinds] for kind in self._by_kind
        }
        self._by_object: dict[str, list[Verb]] = {}
        for verb in lexicon.verbs:
            self._by_object.setdefault(verb.objects, []).append(verb)

    # ---- chance
    def pick(self, options: Sequence):
        """One of the options."""
        return options[int(self._draw() * len(options))]

    def odds(self, p: float) -> bool:
        """True with probability p."""
        return self._draw() < p

    def _draw(self) -> float:
        """A number in [0, 1); drawn a thousand at a time, which is ten times as fast."""
        if not self._draws:
            self._draws = self.rng.random(1000).tolist()
        return self._draws.pop()

    # ---- noun phrases
    def noun_phrase(self, noun: Noun, number: int, plain: bool = False) -> Phrase:
        """Article, up to two adjectives, noun: *the small green witch* | *la pequeña bruja verde*."""
        english_det, spanish_det = _DETERMINERS[self._determiner()]
        head = Phrase((noun.english[number],), ("NOUN",), (noun.spanish[number],), ((0, 0),), ((0, number),))
        adjectives = [] if plain else self._adjectives(noun)
        agreeing = [word(a.english, "ADJ", a.spanish[noun.gender, number]) for a in adjectives]
        first = (agreeing[0] if agreeing else head).english[0]
        article = english_det[number]
        article = "an" if article == "a" and first[0] in "aeiou" else article
        det = word(article, "DET", spanish_det[2 * number + (noun.gender == "f")])
        spanish = [*agreeing[:-1], head, *agreeing[-1:]]
        return compose([det, *agreeing, head], [det, *spanish], head=head)

    def _determiner(self) -> str:
        share = self._draw()
        for name, odds in zip(_DETERMINERS, _DETERMINER_ODDS, strict=True):
            share -= odds
            if share < 0:
                return name
        return "the"

    def _adjectives(self, noun: Noun) -> list[Adjective]:
        """None, one, or one that may go before the noun and then a colour."""
        if self.odds(0.55):
            return []
        fitting = self._adjectives_of[noun.kind]
        if self.odds(0.35):
            colours, before = [a for a in fitting if a.colour], [a for a in fitting if a.before]
            if colours and before:
                return [self.pick(before), self.pick(colours)]
        return [self.pick(fitting)]

    def _noun(self, *kinds: str) -> Noun:
        return self.pick(self._by_kind[self.pick(kinds)])

    def _number(self) -> int:
        return int(self.odds(0.5))

    # ---- what is nested in, or put before, a subject
    def place(self, number: int, plain: bool) -> Phrase:
        """*near the old house* | *cerca de la casa vieja*."""
        english, spanish = self.pick(_PREPOSITIONS)
        return compose([word(english, "ADP", *spanish), self.noun_phrase(self._noun("place"), number, plain)])

    def right_branching(self, noun: Noun, numbers: Sequence[int], plain: bool) -> Phrase:
        """A noun phrase and, behind it, one place after another, or first what a person is doing.

        *the witch near the houses* | *the witch who was hiding the letters near the houses*
        """
        head = self.noun_phrase(noun, numbers[0], plain)
        rest = [self.place(number, plain) for number in numbers[1:]]
        if rest and noun.kind == "person" and self.odds(0.35):
            rest[0] = self._subject_relative(head, numbers[0], numbers[1], plain)
            phrase = compose([head, *rest], head=head)
            verb = len(head.english) + 1
            return phrase._replace(
                agreements=(Agreement(phrase.head, verb, NUMBER[numbers[0]], form="relative"),),
            )
        return compose([head, *rest], head=head)

    def _subject_relative(self, head: Phrase, number: int, object_number: int, plain: bool) -> Phrase:
        """*who was hiding the letters* | *que estaba escondiendo las cartas*."""
        verb = self.pick([v for v in self._by_object["thing"] if v.english["base"] not in _NO_PROGRESSIVE])
        thing = self.noun_phrase(self._noun("thing"), object_number, plain)
        return compose([word("who", "PRON", "que"), *self._progressive(verb, number, "past"), thing])

    def centre_embedded(self, noun: Noun, numbers: Sequence[int], plain: bool) -> Phrase:
        """*the letters the witch the king was calling was hiding*: each noun waits for its verb."""
        head = self.noun_phrase(noun, numbers[0], plain)
        if len(numbers) == 1:
            return head
        inner = self.centre_embedded(self._noun("person"), numbers[1:], plain)
        fitting = [v for v in self._by_object[noun.kind] if v.english["base"] not in _NO_PROGRESSIVE]
        be, verb = self._progressive(self.pick(fitting), numbers[1], "past")
        that = word("that", "PRON", "que") if self.odds(0.4) else filler("que")
        phrase = compose([head, that, inner, be, verb], head=head)
        start = len(head.english) + len(that.english)
        depth = len(numbers) - 2
        agreement = Agreement(
            start + inner.head,
            start + len(inner.english),
            NUMBER[numbers[1]],
            form="centre-embedded" if depth else "relative",
            depth=depth,
        )
        return phrase._replace(agreements=(agreement, *phrase.agreements), depth=depth + 1)

    # ---- predicates: (what English says, what Spanish says, position of the marked verb or None, subject last?)
    def clause(self, plan: Plan) -> Phrase:
        """One clause, with the agreements that its English shows; ValueError if form and numbers do not fit."""
        form = plan.form or self.pick(FORMS)
        numbers = plan.numbers
        if numbers is None:
            nested = 0 if form == "simple" else 1 + int(self.odds(0.3))
            numbers = tuple(self._number() for _ in range(1 + nested))
        if form not in FORMS or (form == "simple") != (len(numbers) == 1):
            raise ValueError(
                f"form, numbers: expected one of {', '.join(FORMS)}, with one number if simple, else more, "
                f"got {form!r} with {len(numbers)}"
            )
        noun = self._subject_noun(form)
        if form == "centre-embedded":
            subject = self.centre_embedded(noun, numbers, plan.plain)
        else:
            nested = numbers if form == "subject-first" else numbers[:1]
            subject = self.right_branching(noun, nested, plan.plain)
        front = [self.place(n, plan.plain) for n in numbers[1:]] if form == "fronted" else []
        english, spanish, marked = self._predicate(noun, numbers[0], subject, plan)
        clause = compose([*front, *english], [*front, *spanish], head=subject)
        if marked is None:
            return clause
        verb = sum(len(part.english) for part in front) + len(subject.english) + marked
        main = Agreement(clause.head, verb, NUMBER[numbers[0]], form=form, depth=len(numbers) - 1, main=True)
        return clause._replace(agreements=(main, *clause.agreements))

    def _subject_noun(self, form: str) -> Noun:
        if form == "centre-embedded":
            return self._noun("person", "thing")
        return self._noun("person", "person", "person", "animal", "thing", "event")

    def _predicate(self, noun: Noun, number: int, subject: Phrase, plan: Plan):
        living = noun.kind in ("person", "animal")
        coming = [v for v in self._by_object["comes"] if noun.kind in v.kinds]
        kinds = ["copula"]
        kinds += ["intransitive", "thing", "person", "other", "clitic"] if living else []
        kinds += ["comes"] * (2 if living else 1) if coming else []
        kinds += ["teddy"] if living and not plan.plain and self.odds(0.5) else []
        kind = self.pick(kinds)
        if kind == "copula":
            return self._copula(noun, number, subject, plan)
        if kind == "comes":
            return self._verbal(self.pick(coming), number, subject, kind, plan)
        objects = {
            "intransitive": "",
            "clitic": "person",
            "teddy": "thing",
            "other": self.pick(("place", "event")),
        }
        fitting = self._by_object[objects.get(kind, kind)]
        if kind == "teddy":
            fitting = [verb for verb in fitting if verb.english["base"] in _TEDDY_VERBS]
        verb = self.pick(fitting)
        return self._verbal(verb, number, subject, kind, plan)

    def _copula(self, noun: Noun, number: int, subject: Phrase, plan: Plan):
        """*the witch was tired* | *la bruja estaba cansada*; *the walk was long* | *el paseo era largo*."""
        fitting = [a for a in self._adjectives_of[noun.kind] if not a.colour]
        adjective = self.pick(fitting)
        english, spanish = _BE[adjective.copula, "past" if self.odds(0.6) else "present"]
        be = word(english[number], "AUX", spanish[number])
        state = word(adjective.english, "ADJ", adjective.spanish[noun.gender, number])
        if not plan.marked and self.odds(0.1):
            no = word("not", "PART", "no")
            return [subject, be, no, state], [subject, no, be, state], 0
        return [subject, be, state], [subject, be, state], 0

    def _verbal(self, verb: Verb, number: int, subject: Phrase, kind: str, plan: Plan):
        """A verb with its objects, in the past, the present or the progressive, denied or not."""
        tense = "present" if self.odds(0.6 if plan.marked else 0.35) else "past"
        progressive = verb.english["base"] not in _NO_PROGRESSIVE and self.odds(0.25)
        if plan.marked and tense == "past" and not progressive:
            tense = "present"
        negative = not plan.marked and self.odds(0.12)
        english, spanish, marked = self._finite(verb, number, tense, progressive, negative)
        clitic, objects = self._objects(verb, kind, plan.plain)
        adverb = [word(*self.pick(_ADVERBS[tense]))] if self.odds(0.12) and not plan.plain else []
        english = [subject, *english, *clitic, *objects, *adverb]
        if negative:
            spanish = [spanish[0], *clitic, *spanish[1:]]
        else:
            spanish = [*clitic, *spanish]
        if kind == "comes":
            return english, [*spanish, subject, *adverb], marked
        preposition = [filler("a")] if kind == "person" or _is_name(objects) else []
        return english, [subject, *spanish, *preposition, *objects, *adverb], marked

    def _finite(self, verb: Verb, number: int, tense: str, progressive: bool, negative: bool):
        """(English words, Spanish words with *no* first, position of the English word that shows number)."""
        no = word("not", "PART", "no")
        if progressive:
            be, ing = self._progressive(verb, number, tense)
            return ([be, no, ing], [no, be, ing], 0) if negative else ([be, ing], [be, ing], 0)
        finite = (verb.present if tense == "present" else verb.past)[number]
        if negative:
            do = word({"past": "did", "present": ("does", "do")[number]}[tense], "AUX")
            base = word(verb.english["base"], "VERB", finite)
            return [do, no, base], [no, base], 0 if tense == "present" else None
        form = "past" if tense == "past" else ("third", "base")[number]
        said = word(verb.english[form], "VERB", finite)
        return [said], [said], 0 if tense == "present" else None

    def _progressive(self, verb: Verb, number: int, tense: str) -> tuple[Phrase, Phrase]:
        english, spanish = _BE["estar", tense]
        be = word(english[number], "AUX", spanish[number])
        return be, word(verb.english["ing"], "VERB", verb.gerund)

    def _objects(self, verb: Verb, kind: str, plain: bool) -> tuple[list[Phrase], list[Phrase]]:
        """(pronouns, which Spanish puts before the verb; other objects, which stay behind it)."""
        if kind == "clitic":
            him, lo = self.pick((("him", "lo"), ("her", "la")))
            return [word(him, "PRON", lo)], []
        if kind == "teddy":
            return [], [self.teddy()[0]]
        if kind in ("comes", "intransitive"):
            return [], []
        return [], [self.noun_phrase(self._noun(verb.objects), self._number(), plain)]

    # ---- Teddy bears and Teddy Roosevelt
    def teddy(self) -> tuple[Phrase, int]:
        """A first word whose tag only the next word tells, and the phrase's number.

        *teddy bears* | *osos de peluche*; *teddy roosevelt* | *teddy roosevelt*
        """
        first, tag, plural, spanish = self.pick(_TEDDIES)
        if self.odds(0.5):
            name = self.pick(_SURNAMES)
            words, tags = (first, name), ("PROPN", "PROPN")
            return Phrase(words, tags, words, ((0, 0), (1, 1)), ((1, 0),), head=1), 0
        links = ((0, len(spanish) - 1), (1, 0))
        return Phrase((first, plural), (tag, "NOUN"), spanish, links, ((1, 1),), head=1), 1

    def teddy_clause(self) -> Phrase:
        """*teddy bears arrived* | *llegaron osos de peluche*."""
        subject, number = self.teddy()
        verb = self.pick([v for v in self._by_object["comes"] if "thing" in v.kinds])
        plan = Plan(form="simple")
        english, spanish, marked = self._verbal(verb, number, subject, "comes", plan)
        front = [self.place(self._number(), False)] if self.odds(0.4) else []
        clause = compose([*front, *english], [*front, *spanish], head=subject)
        if marked is None:
            return clause
        form = "fronted" if front else "simple"
        verb_at = clause.head + 1 + marked
        main = Agreement(clause.head, verb_at, NUMBER[number], form=form, depth=len(front), main=True)
        return clause._replace(agreements=(main,))

    # ---- sentences
    def sentence(self, plan: Plan | None = None) -> Example:
        """A sentence; with no plan, one of every kind, now and then two clauses joined by *and*."""
        if plan is not None:
            return finish(self.clause(plan))
        if self.odds(0.08):
            return finish(self.teddy_clause())
        form = self.pick(("simple", "simple", "simple", "subject-first", "fronted", "centre-embedded"))
        clause = self.clause(Plan(form=form))
        if self.odds(0.15):
            second = self.clause(Plan(form="simple"))
            after = tuple(a._replace(form="coordinated") for a in second.agreements)
            clause = compose([clause, word("and", "CCONJ", "y"), second._replace(agreements=after)])
            clause = clause._replace(agreements=tuple(sorted(clause.agreements, key=lambda a: not a.main)))
        return finish(clause)


def _is_name(objects: list[Phrase]) -> bool:
    return bool(objects) and objects[0].tags[0] == "PROPN"
