"""The real corpora, where they are at hand: counts measured once and pinned, and the laws of their splits."""

import hashlib

import numpy as np
import pytest
from skips import need_corpus

from unrolled.data import Vocabulary, load
from unrolled.data.corpus import split_by, split_of
from unrolled.data.ewt import UPOS
from unrolled.data.registry import REGISTRY


def fingerprint(examples):
    return hashlib.sha256("\n".join(map(repr, examples)).encode()).hexdigest()[:12]


def sizes(corpus):
    return tuple(len(corpus.split(name)) for name in corpus.SPLITS)


@pytest.fixture(scope="module")
def tatoeba():
    need_corpus("tatoeba")
    return load("tatoeba")


@pytest.fixture(scope="module")
def ewt():
    need_corpus("ewt")
    return load("ewt")


@pytest.fixture(scope="module")
def polarity():
    need_corpus("polarity")
    return load("polarity")


@pytest.fixture(scope="module")
def blimp():
    need_corpus("blimp")
    return load("blimp")


# ---- splits by hash, on no corpus at all
def test_a_split_is_fixed_by_its_key_alone():
    keys = [f"sentence {n}" for n in range(20_000)]
    splits = split_by(keys, str, dev=0.1, test=0.2)
    assert [len(splits[name]) for name in ("train", "dev", "test")] == pytest.approx(
        [14_000, 2_000, 4_000], rel=0.05
    )
    again = split_by(keys[:100] + ["new"], str, dev=0.1, test=0.2)
    assert all(set(again[name]) - {"new"} <= set(splits[name]) for name in splits)


def test_the_hash_is_pinned_and_blind_to_unicode_form():
    assert [split_of(word) for word in ("the", "green", "witch", "61")] == PINNED_SPLITS
    composed, apart = (
        np.array([split_of(f"{form}{n}", 0.3, 0.3) for n in range(50)]) for form in ("ó", "o\u0301")
    )
    assert (composed == apart).all()


# ---- Tatoeba
def test_tatoeba_counts(tatoeba):
    assert sizes(tatoeba) == (107_120, 5_917, 5_927)
    assert [len(tatoeba.english(name)) for name in tatoeba.SPLITS] == [92_632, 5_133, 5_137]
    assert len(Vocabulary.build(tatoeba.english())) == 12_935 + 4
    assert fingerprint(tatoeba.test) == PINNED_TATOEBA


def test_tatoeba_keeps_an_english_sentence_in_one_split(tatoeba):
    seen = {}
    for name in tatoeba.SPLITS:
        for pair in tatoeba.split(name):
            words = tuple(w for w in pair.source if w.isalpha())
            if len(words) == sum(any(map(str.isalnum, w)) for w in pair.source):
                assert seen.setdefault(words, name) == name, pair
    assert len(seen) > 50_000


def test_tatoeba_options_move_nothing(tatoeba):
    short = load("tatoeba", max_length=8)
    cased = load("tatoeba", lower=False, max_length=8)
    assert sizes(short) == sizes(cased) == (68_421, 3_731, 3_772)
    for name in short.SPLITS:
        assert set(short.split(name)) <= set(tatoeba.split(name))
        assert max(max(len(p.source), len(p.target)) for p in short.split(name)) == 8
    assert any(w != w.lower() for p in cased.test for w in p.source)
    with pytest.raises(ValueError, match="max_length: expected at least 1, got 0"):
        load("tatoeba", max_length=0)


# ---- EWT
def test_ewt_counts(ewt):
    assert sizes(ewt) == (12_544, 2_001, 2_077)
    assert [sum(len(s.words) for s in ewt.split(name)) for name in ewt.SPLITS] == [204_577, 25_147, 25_094]
    assert {tag for s in ewt.train for tag in s.tags} == set(UPOS)
    assert all(len(s.words) == len(s.tags) for name in ewt.SPLITS for s in ewt.split(name))


def test_ewt_words_are_syntactic_words(ewt):
    """Multiword tokens are their parts, and empty nodes are no words; ids are unique."""
    ids = [s.id for name in ewt.SPLITS for s in ewt.split(name)]
    assert len(set(ids)) == len(ids) == 16_622
    pairs = {(a, b) for s in ewt.train for a, b in zip(s.words, s.words[1:], strict=False)}
    assert ("do", "n't") in pairs
    assert not any(w.endswith("n't") and len(w) > 3 for s in ewt.train for w in s.words[:50] if w.isascii())
    assert ewt.dev[0].words == ("From", "the", "AP", "comes", "this", "story", ":")
    assert ewt.dev[0].tags == ("ADP", "DET", "PROPN", "VERB", "DET", "NOUN", "PUNCT")
    assert load("ewt", lower=True).dev[0].words[2] == "ap"


# ---- polarity
def test_polarity_counts(polarity):
    assert sizes(polarity) == (8_499, 1_045, 1_118)
    assert [sum(e.label for e in polarity.split(name)) for name in polarity.SPLITS] == [4_238, 518, 575]
    everything = [e.words for name in polarity.SPLITS for e in polarity.split(name)]
    assert len(set(everything)) == len(everything) == 10_662
    assert fingerprint(polarity.test) == PINNED_POLARITY


def test_polarity_has_no_stray_characters(polarity):
    text = " ".join(w for name in polarity.SPLITS for e in polarity.split(name) for w in e.words)
    assert not any(0x7F <= ord(c) < 0xA0 for c in text)
    assert "amélie's" in text
    assert "--" in text


# ---- BLiMP
def test_blimp_pairs_differ_in_one_word(blimp):
    assert sizes(blimp) == (0, 0, 6_000)
    for pair in blimp.test:
        different = [n for n, (a, b) in enumerate(zip(pair.good, pair.bad, strict=True)) if a != b]
        assert different == [pair.position]
    assert len({pair.id for pair in blimp.test}) == 6_000
    assert sum(pair.attractor is not None for pair in blimp.test) == 2_000
    assert sum(pair.same_prefix for pair in blimp.test) == 4_000


# ---- Shakespeare
@pytest.mark.parametrize(
    ("level", "expected"), [("char", (1_003_857, 55_825, 55_712)), ("word", (264_967, 15_355, 15_217))]
)
def test_shakespeare_is_one_stream(level, expected):
    need_corpus("shakespeare")
    corpus = load("shakespeare", level=level)
    assert sizes(corpus) == expected
    if level == "char":
        text = "".join([*corpus.train, *corpus.dev, *corpus.test])
        assert hashlib.sha256(text.encode()).hexdigest() == REGISTRY["shakespeare"].files[0].sha256
        assert len(set(text)) == 65
    else:
        assert corpus.train[:4] == ["First", "Citizen", ":", "\n"]
        assert corpus.test[-1] == "\n"


def test_shakespeare_level_must_be_known():
    with pytest.raises(ValueError, match="level: expected one of word, char, got 'line'"):
        load("shakespeare", level="line")


# ---- licence and credit go with the data
@pytest.mark.parametrize("name", list(REGISTRY))
def test_a_corpus_says_its_licence(name):
    need_corpus(name)
    corpus = load(name, **({"train": 10, "dev": 1, "test": 1, "extra": 1} if name == "witch" else {}))
    assert corpus.licence == REGISTRY[name].licence
    assert corpus.attribution == REGISTRY[name].attribution
    assert corpus.licence in repr(corpus) and name in repr(corpus)
    with pytest.raises(ValueError, match=r"split: expected one of train, dev, test.*, got 'nothing'"):
        corpus.split("nothing")


PINNED_SPLITS = ["train", "train", "test", "train"]
PINNED_TATOEBA = "5f147578d98b"
PINNED_POLARITY = "66a43921aa3e"
