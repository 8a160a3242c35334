"""Laws of the witch grammar: each example is checked against the lexicon, not against the code that made it."""

import hashlib
import itertools

import numpy as np
import pytest

from unrolled.data import load
from unrolled.data.corpus import split_of
from unrolled.data.grammar import Grammar, Plan
from unrolled.data.lexicon import HELD_OUT, LEXICON, held_out_forms, known
from unrolled.data.phrases import AGREEMENT_FORMS, Phrase, compose, contract, filler, word
from unrolled.data.witch import _distinct, agreement, green_witch, other_number

SPLITS = ("train", "dev", "test", "long", "deep", "new_words")


@pytest.fixture(scope="module")
def corpus():
    return load("witch", train=4000, dev=400, test=400, extra=300)


@pytest.fixture(scope="module")
def examples(corpus):
    return [example for name in SPLITS for example in corpus.split(name)]


# ---- what each word may be, written here a second time from the lexicon
PLURAL, SINGULAR = "plural", "singular"
ARTICLES = {
    "the": {"el", "la", "los", "las"},
    "a": {"un", "una"},
    "an": {"un", "una"},
    "some": {"unos", "unas"},
    "this": {"este", "esta"},
    "these": {"estos", "estas"},
    "that": {"ese", "esa", "que"},
    "those": {"esos", "esas"},
    "my": {"mi", "mis"},
    "her": {"su", "sus", "la"},
    "him": {"lo"},
    "who": {"que"},
    "not": {"no"},
    "and": {"y"},
    "was": {"estaba", "era"},
    "were": {"estaban", "eran"},
    "is": {"está", "es"},
    "are": {"están", "son"},
    "near": {"cerca", "de"},
    "behind": {"detrás", "de"},
    "beside": {"junto", "a"},
    "under": {"bajo"},
    "yesterday": {"ayer"},
    "today": {"hoy"},
    "teddy": {"peluche"},
    "bears": {"osos"},
    "rose": {"rosas"},
    "lily": {"lirios"},
    "gardens": {"jardines"},
    "amber": {"ámbar"},
    "sandy": {"arenosos"},
    "roads": {"caminos"},
}
MASCULINE, FEMININE = (
    {"el", "un", "los", "unos", "este", "estos", "ese", "esos"},
    {
        "la",
        "una",
        "las",
        "unas",
        "esta",
        "estas",
        "esa",
        "esas",
    },
)
PLURAL_DETERMINERS = {"los", "las", "unos", "unas", "estos", "estas", "esos", "esas", "mis", "sus"}
NOUNS = {form: (noun, number) for noun in LEXICON.nouns for number, form in enumerate(noun.spanish)}


def lexicon_pairs():
    pairs = {en: set(es) for en, es in ARTICLES.items()}

    def add(en, *es):
        pairs.setdefault(en, set()).update(es)

    for noun in LEXICON.nouns:
        for en, es in zip(noun.english, noun.spanish, strict=True):
            add(en, es)
    for adjective in LEXICON.adjectives:
        add(adjective.english, *adjective.spanish.values())
    for verb in LEXICON.verbs:
        add(verb.english["third"], verb.present[0])
        add(verb.english["base"], verb.present[1], verb.present[0], *verb.past)
        add(verb.english["past"], *verb.past)
        add(verb.english["ing"], verb.gerund)
    return pairs


PAIRS = lexicon_pairs()


def test_the_lecture_s_sentence(corpus):
    example = corpus.train[0]
    assert example == green_witch()
    assert " ".join(example.source) == "the green witch arrived"
    assert " ".join(example.target) == "llegó la bruja verde"
    assert example.alignment == ((0, 1), (1, 3), (2, 2), (3, 0))
    assert example.tags == ("DET", "ADJ", "NOUN", "VERB")


def test_alignments_point_to_translations(examples):
    for example in examples:
        for i, j in example.alignment:
            en, es = example.source[i], example.target[j]
            expected = PAIRS.get(en, set()) | ({en} if example.tags[i] == "PROPN" else set())
            if es in ("al", "del"):
                expected |= {es} if en in ("the", "near", "behind", "beside") else set()
            assert es in expected, (en, es, example)


def test_only_words_without_a_translation_are_unaligned(examples):
    for example in examples:
        linked_en, linked_es = ({link[side] for link in example.alignment} for side in (0, 1))
        alone_en = {w for i, w in enumerate(example.source) if i not in linked_en}
        alone_es = {w for j, w in enumerate(example.target) if j not in linked_es}
        assert alone_en <= {"did", "do", "does"}, (alone_en, example)
        assert alone_es <= {"a", "que", "de"}, (alone_es, example)


def test_spanish_agrees_in_gender_and_number(examples):
    """Every determiner and adjective beside a noun has the noun's gender and number; checked on the Spanish alone."""
    adjectives = {}
    for adjective in LEXICON.adjectives:
        for key, form in adjective.spanish.items():
            adjectives.setdefault(form, set()).add(key)
    checked = 0
    for example in examples:
        heads = [j for j, w in enumerate(example.target) if w in NOUNS]
        of_english = {j: i for i, j in example.alignment}
        for j in heads:
            if example.tags[of_english[j]] != "NOUN" or example.source[of_english[j]] in ("gardens", "rings"):
                continue  # Spanish forms such as *obra* are nouns only; *jardines de rosas* has no article
            noun, number = NOUNS[example.target[j]]
            before = example.target[j - 1]
            start = j - 2 if (noun.gender, number) in adjectives.get(before, set()) else j - 1
            det = example.target[start]
            if det in ("al", "del"):
                assert (noun.gender, number) == ("m", 0), example
            else:
                assert det not in (FEMININE if noun.gender == "m" else MASCULINE), (det, example)
                assert (det in PLURAL_DETERMINERS) == bool(number), (det, example)
            checked += 1
    assert checked > 5000


def test_adjectives_are_linked_to_the_form_of_their_noun(examples):
    """By the English: each attributive adjective belongs to the next noun, and takes its Spanish form."""
    for example in examples:
        link = dict(reversed([(i, j) for i, j in example.alignment]))
        for i, tag in enumerate(example.tags):
            follows = example.tags[i + 1 : i + 3]
            if tag != "ADJ" or example.source[i] == "sandy" or follows[:1] not in (("ADJ",), ("NOUN",)):
                continue
            noun_at = i + 1 if follows[0] == "NOUN" else i + 2
            if example.source[noun_at] in ("yesterday", "today"):
                continue
            noun, number = NOUNS[example.target[link[noun_at]]]
            adjective = next(a for a in LEXICON.adjectives if a.english == example.source[i])
            assert example.target[link[i]] == adjective.spanish[noun.gender, number], example


def test_adjective_order():
    """One adjective follows; of two the colour follows and the other goes before."""
    colours = {a.english for a in LEXICON.adjectives if a.colour}
    grammar = Grammar(np.random.default_rng(0), known())
    seen = set()
    for noun in LEXICON.of_kind("person", "place") * 20:
        phrase = grammar.noun_phrase(noun, 0)
        link = dict(phrase.links)
        places = [link[i] for i, tag in enumerate(phrase.tags) if tag == "ADJ"]
        noun_at = link[phrase.head]
        seen.add(len(places))
        if len(places) == 1:
            assert places[0] == noun_at + 1
        if len(places) == 2:
            assert places == [noun_at - 1, noun_at + 1]
            assert phrase.english[2] in colours
    assert seen == {0, 1, 2}


def test_verbs_of_appearing_come_first():
    comes = {verb.past[0] for verb in LEXICON.verbs if verb.objects == "comes"}
    grammar = Grammar(np.random.default_rng(0), known())
    drawn = [grammar.sentence(Plan("simple", (0,), plain=True)) for _ in range(800)]
    first = {e.target[0] for e in drawn} & {v.past[0] for v in LEXICON.verbs}
    assert first and first <= comes
    assert all(verb not in e.target[1:] for e in drawn for verb in comes if "no" not in e.target)


def test_contractions(examples):
    for example in examples:
        for a, b in itertools.pairwise(example.target):
            assert (a, b) not in {("a", "el"), ("de", "el")}, example
        assert not any(a == "y" and b.startswith(("i", "hi")) for a, b in itertools.pairwise(example.target))
        for a, b in itertools.pairwise(example.source):
            assert a not in ("a", "an") or (a == "an") == (b[0] in "aeiou"), example


def test_a_person_as_object_takes_a(examples):
    persons = {form for noun in LEXICON.nouns if noun.kind == "person" for form in noun.english}
    verbs = {form for v in LEXICON.verbs if v.objects == "person" for form in v.english.values()}
    seen = 0
    for example in examples:
        link = dict(example.alignment)
        for i in range(len(example.source) - 2):
            verb, _, noun = example.source[i : i + 3]
            if (
                example.tags[i : i + 3] == ("VERB", "DET", "NOUN")
                and verb in verbs
                and noun in persons
                and "that" not in example.source[:i]
                and example.depth == 0
            ):
                j = link[i + 1]
                assert example.target[j] == "al" or example.target[j - 1] == "a", example
                seen += 1
    assert seen > 100


def test_agreement_is_right_in_every_example(examples):
    third = {v.english["third"] for v in LEXICON.verbs} | {"was", "is", "does"}
    base = {v.english["base"] for v in LEXICON.verbs} | {"were", "are", "do"}
    number_of = {form: n for noun in LEXICON.nouns for n, form in enumerate(noun.english)}
    number_of |= {"bears": 1, "roads": 1}
    seen = {form: 0 for form in AGREEMENT_FORMS}
    for example in examples:
        for a in example.agreements:
            verb, noun = example.source[a.verb], example.source[a.subject]
            assert verb in (third if a.number == SINGULAR else base), (a, example)
            assert example.tags[a.verb] in ("VERB", "AUX") and example.tags[a.subject] in ("NOUN", "PROPN")
            assert example.tags[a.subject] == "PROPN" or number_of[noun] == (a.number == PLURAL), (a, example)
            before = [i for i in range(a.verb) if i != a.subject]
            names = {i for i in before if example.tags[i - 1 : i + 1] == ("PROPN", "PROPN")}  # one each
            numbers = {i: number_of.get(example.source[i]) for i in before if example.tags[i] == "NOUN"}
            numbers |= dict.fromkeys(names, 0)
            others = [i for i, n in numbers.items() if n == 1 - (a.number == PLURAL)]
            assert len(others) == a.attractors, (a, example)
            seen[a.form] += 1
            if a.form in ("simple",):
                assert a.attractors == 0 and a.subject < a.verb, example
    assert min(seen.values()) > 50, seen


def test_every_marked_verb_is_listed(examples):
    marked = {"was", "were", "is", "are", "does", "do"} | {v.english["third"] for v in LEXICON.verbs}
    for example in examples:
        for i, (w, tag) in enumerate(zip(example.source, example.tags, strict=True)):
            if w in marked and tag in ("AUX", "VERB"):
                assert any(a.verb == i for a in example.agreements), (w, example)


def test_spanish_verbs_have_the_number_of_the_english_subject(examples):
    plural = {v.present[1] for v in LEXICON.verbs} | {v.past[1] for v in LEXICON.verbs}
    singular = {v.present[0] for v in LEXICON.verbs} | {v.past[0] for v in LEXICON.verbs}
    plural, singular = (
        plural | {"estaban", "eran", "están", "son"},
        singular | {"estaba", "era", "está", "es"},
    )
    for example in examples:
        link = dict(example.alignment)
        for a in example.agreements:
            verb = a.verb if example.source[a.verb] not in ("do", "does") else a.verb + 2
            assert example.target[link[verb]] in (plural if a.number == PLURAL else singular), example


@pytest.mark.parametrize(
    ("form", "depth"),
    [("simple", 0), *itertools.product(("subject-first", "fronted", "centre-embedded"), (1, 2, 3))],
)
def test_agreement_sentences_are_as_asked(form, depth):
    for attractors in range(depth + 1):
        drawn = agreement(form, depth, attractors, 40)
        assert len({e.source for e in drawn}) == 40
        for e in drawn:
            main = e.agreement
            assert main is not None
            assert (main.form, main.depth, main.attractors, main.main) == (form, depth, attractors, True)
        assert sum(e.agreement.number == PLURAL for e in drawn) in range(15, 26)
        between = [
            sum(t == "NOUN" for t in e.tags[e.agreement.subject + 1 : e.agreement.verb]) for e in drawn
        ]
        before = [sum(t == "NOUN" for t in e.tags[: e.agreement.subject]) for e in drawn]
        where = {"simple": (0, 0), "fronted": (0, depth)}.get(form, (depth, 0))
        assert set(zip(between, before, strict=True)) == {where}


def test_agreement_splits_do_not_overlap():
    train, test = (
        {e.source for e in agreement("fronted", 1, 1, 200, split=name, seed=seed)}
        for seed, name in enumerate(("train", "test"))
    )
    assert not train & test
    assert all(split_of(" ".join(s), 0.07, 0.07) == "test" for s in test)


def test_the_other_number():
    assert [other_number(v) for v in ("was", "are", "sleeps", "cry", "does")] == [
        "were",
        "is",
        "sleep",
        "cries",
        "do",
    ]
    for verb in LEXICON.verbs:
        assert other_number(other_number(verb.english["base"])) == verb.english["base"]
    with pytest.raises(ValueError, match="shows number, got 'arrived'"):
        other_number("arrived")


def test_no_sentence_is_in_two_splits_or_twice(corpus, examples):
    assert len({e.source for e in examples}) == len(examples)
    for name, share in (("train", "train"), ("dev", "dev"), ("test", "test")):
        assert {split_of(" ".join(e.source), 0.07, 0.07) for e in corpus.split(name)} == {share}


def test_splits_are_pinned(corpus):
    """If this fails, figures measured on the corpus are no longer comparable: bump nothing lightly."""
    pinned = {name: fingerprint(corpus.split(name)) for name in SPLITS}
    assert pinned == PINNED


def fingerprint(examples):
    return len(examples), hashlib.sha256(repr([tuple(e) for e in examples]).encode()).hexdigest()[:12]


PINNED = {
    "train": (4000, "5959233dd6aa"),
    "dev": (400, "0381651430b7"),
    "test": (400, "b0c3575534db"),
    "long": (300, "857f81e127be"),
    "deep": (300, "a2280725f719"),
    "new_words": (300, "c4f030ef5fee"),
}


def test_a_larger_corpus_begins_with_the_smaller_one(corpus):
    small = load("witch", train=500, dev=300, test=20, extra=50)
    for name in SPLITS:
        part = small.split(name)
        assert tuple(corpus.split(name)[: len(part)]) == tuple(part)


def test_the_seed_decides(corpus):
    other = load("witch", train=200, dev=0, test=0, extra=0, seed=1)
    assert other.train[1:] != corpus.train[1:200]
    assert (len(other.dev), len(other.long)) == (0, 0)


def test_length_and_depth_splits(corpus):
    for name in ("train", "dev", "test", "new_words"):
        assert max(len(e.source) for e in corpus.split(name)) <= 12
        assert max(e.depth for e in corpus.split(name)) <= 2
    assert min(len(e.source) for e in corpus.long) > 12
    assert max(e.depth for e in corpus.long) <= 2
    assert {e.depth for e in corpus.deep} == {3, 4}
    shallow = load("witch", train=1000, dev=0, test=0, extra=20, max_depth=1, max_length=9)
    assert max(e.depth for e in shallow.train) == 1
    assert max(len(e.source) for e in shallow.train) == 9
    assert {e.depth for e in shallow.deep} == {2, 3}


def test_held_out_words(corpus):
    held_out = held_out_forms()
    assert len(HELD_OUT) == 8 and HELD_OUT <= held_out
    for name in ("train", "dev", "test", "long", "deep"):
        assert held_out.isdisjoint(w for e in corpus.split(name) for w in e.source)
    assert all(not held_out.isdisjoint(e.source) for e in corpus.new_words)
    shown = {w for e in corpus.new_words for w in e.source}
    assert held_out - shown <= {"disappearing", "forgets"}, "a held-out word that is never asked for"


AMBIGUOUS = "her that saw rose lily sandy teddy amber clean dance dances dream dreams guard guards shout shouts walk walks watch watches work works"


def test_ambiguous_words_are_ambiguous(corpus):
    tags = {}
    for example in corpus.train:
        for w, tag in zip(example.source, example.tags, strict=True):
            tags.setdefault(w, set()).add(tag)
    assert {w for w, t in tags.items() if len(t) > 1} == set(AMBIGUOUS.split())


def test_some_tags_need_the_right_context(corpus):
    """The same words up to and including one, and two tags for it; for *her*, the same verb before it."""
    tags = {}
    for example in corpus.train:
        for i, w in enumerate(example.source):
            if w in ("teddy", "rose", "lily", "amber", "sandy", "her"):
                before = example.source[i - 1 : i] if w == "her" else example.source[:i]
                tags.setdefault((w, before), set()).add(example.tags[i])
    both = {w for (w, _), t in tags.items() if len(t) == 2}
    assert both == {"teddy", "rose", "lily", "amber", "sandy", "her"}


def test_a_sentence_has_one_translation(examples):
    translations = {}
    grammar = Grammar(np.random.default_rng(7), LEXICON)
    for example in [*examples, *(grammar.sentence() for _ in range(5000))]:
        assert translations.setdefault(example.source, example.target) == example.target


def test_compose_reorders_and_keeps_the_links():
    a, b = word("green", "ADJ", "verde"), word("witch", "NOUN", "bruja")
    phrase = compose([a, b], [filler("a"), b, a], head=b)
    assert phrase.spanish == ("a", "bruja", "verde")
    assert sorted(phrase.links) == [(0, 2), (1, 1)]
    assert phrase.head == 1


def test_contract_merges_the_links():
    near, king = word("near", "ADP", "cerca", "de"), word("king", "NOUN", "rey")
    phrase = contract(compose([near, word("the", "DET", "el"), king]))
    assert phrase.spanish == ("cerca", "del", "rey")
    assert phrase.links == ((0, 0), (0, 1), (1, 1), (2, 2))
    assert contract(Phrase(spanish=("el", "rey"))).spanish == ("el", "rey")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: load("witch", train=-1), "got train=-1"),
        (lambda: load("witch", max_length=5), "got max_length=5"),
        (lambda: load("witch", max_depth=3), "max_depth=3"),
        (lambda: agreement("sideways", 1, 0, 1), "got form='sideways'"),
        (lambda: agreement("simple", 1, 0, 1), "depth=1"),
        (lambda: agreement("fronted", 1, 2, 1), "attractors=2"),
        (lambda: agreement("fronted", 1, 1, 1, split="long"), "got 'long'"),
        (
            lambda: load("witch", train=1, dev=0, test=0, extra=0).split("x"),
            "one of train, dev, test, long, deep, new_words, got 'x'",
        ),
        (
            lambda: Grammar(np.random.default_rng(0), known()).sentence(Plan("fronted", (0,))),
            "got 'fronted' with 1",
        ),
    ],
)
def test_bad_input(act, message):
    with pytest.raises(ValueError, match=message):
        act()


def test_asking_for_more_than_there_is():
    with pytest.raises(ValueError, match="more distinct sentences than the grammar has"):
        list(_distinct(itertools.repeat(green_witch())))
