"""A vocabulary is a bijection with four fixed ids, and forgets only what it was told to forget."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.data import END, PAD, START, UNK, Vocabulary

words = st.text(min_size=1, max_size=6)
sentences = st.lists(st.lists(words, min_size=1, max_size=8), max_size=8)
SPECIALS = {"<pad>", "<unk>", "<s>", "</s>"}


@given(sentences)
def test_round_trip_of_what_it_was_built_from(text):
    vocabulary = Vocabulary.build(text)
    for sentence in text:
        known = [word for word in sentence if word not in SPECIALS]
        ids = vocabulary.encode(known, start=True, end=True)
        assert (ids[0], ids[-1]) == (START, END)
        assert vocabulary.decode(ids) == known
        assert vocabulary.count_unknown(known) == 0
        assert vocabulary.covers(known)
    assert [vocabulary.id(word) for word in vocabulary] == list(range(len(vocabulary)))


@given(sentences, st.integers(4, 12), st.integers(1, 3))
def test_it_keeps_the_most_frequent_words(text, max_size, min_count):
    vocabulary = Vocabulary.build(text, max_size, min_count)
    counts = Counter(word for sentence in text for word in sentence if word not in SPECIALS)
    kept = vocabulary.words[4:]
    enough = sum(n >= min_count for n in counts.values())
    assert len(kept) == min(enough, max_size - 4)
    lost = [n for word, n in counts.items() if word not in vocabulary and n >= min_count]
    assert all(counts[word] >= max([min_count, *lost]) for word in kept)


@given(sentences, st.randoms())
def test_the_order_of_the_text_does_not_matter(text, random):
    shuffled = random.sample(text, len(text))
    assert Vocabulary.build(shuffled) == Vocabulary.build(text)


@given(sentences)
def test_save_and_load(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("vocabulary") / "words.json"
    vocabulary = Vocabulary.build(text)
    vocabulary.save(path)
    assert Vocabulary.load(path) == vocabulary
    assert hash(Vocabulary.load(path)) == hash(vocabulary)


def test_special_words_have_their_ids():
    assert Vocabulary([]).words == ("<pad>", "<unk>", "<s>", "</s>")
    assert (PAD, UNK, START, END) == (0, 1, 2, 3)


def test_unknown_words_and_special_ids():
    vocabulary = Vocabulary(["witch"])
    assert vocabulary.encode(["green", "witch", "green"]).tolist() == [UNK, 4, UNK]
    assert vocabulary.count_unknown(["green", "witch", "green"]) == 2
    assert not vocabulary.covers(["green"])
    assert vocabulary.decode([2, 1, 4, 3, 0]) == ["<unk>", "witch"]
    assert vocabulary.decode([2, 1, 4, 3, 0], specials=True) == ["<s>", "<unk>", "witch", "</s>", "<pad>"]
    assert Vocabulary(["a"]) != Vocabulary(["b"])
    assert Vocabulary(["a"]) != ["a"]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Vocabulary(["a", "b", "a"]), r"expected each word once and no special one, got 'a' again"),
        (lambda: Vocabulary(["<s>"]), r"got '<s>' again"),
        (lambda: Vocabulary([""]), r"expected non-empty strings, got ''"),
        (lambda: Vocabulary.build([["a"]], max_size=3), r"expected at least 4 .* got 3"),
        (lambda: Vocabulary.build([["a"]], min_count=0), r"expected at least 1, got 0"),
        (lambda: Vocabulary.build(["a b"]), r"expected lists of words, got the string 'a b'"),
        (lambda: Vocabulary([]).encode("a b"), r"expected a list of words, got the string 'a b'"),
        (lambda: Vocabulary(["a"]).decode([5]), r"expected ids from 0 to 4, got 5"),
        (lambda: Vocabulary(["a"]).decode([-1]), r"expected ids from 0 to 4, got -1"),
    ],
)
def test_bad_input(act, message):
    with pytest.raises(ValueError, match=message):
        act()


@pytest.mark.parametrize("content", ["not json", "[]", '{"specials": ["<unk>"], "words": []}'])
def test_another_file_is_not_a_vocabulary(tmp_path, content):
    path = tmp_path / "words.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"words\.json: expected .*saved vocabulary"):
        Vocabulary.load(path)
