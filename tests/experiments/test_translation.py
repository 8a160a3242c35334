"""What the claims about translation share: alignment errors and scores by hand, and pairs that the vocabularies know."""

import copy

import numpy as np
import pytest
import torch
from skips import need_corpus

from unrolled.data import END, START, UNK
from unrolled.data.witch import green_witch
from unrolled.experiments import (
    attention_length,
    bottleneck,
    decoder_context,
    ledger,
    length_curve,
    translation,
)


def test_alignment_error_by_hand():
    """The green witch: of four gold links the diagonal has none, and one link that is right is 1 - 2/5."""
    gold = green_witch().alignment
    assert translation.alignment_error([set(gold)], [gold]) == 0.0
    assert translation.diagonal(4, 4) == {(n, n) for n in range(4)}
    assert translation.alignment_error([translation.diagonal(4, 4)], [gold]) == pytest.approx(1 - 2 * 1 / 8)
    assert translation.alignment_error([{(0, 1)}], [gold]) == pytest.approx(1 - 2 / 5)
    assert translation.alignment_error([set()], [gold]) == 1.0


def test_the_diagonal_of_sides_of_two_lengths():
    assert translation.diagonal(3, 5) == {(0, 0), (0, 1), (1, 2), (2, 3), (2, 4)}
    assert translation.diagonal(5, 3) == {(0, 0), (2, 1), (4, 2)}
    assert translation.diagonal(4, 1) == {(0, 0)}


def test_errors_are_counted_apart_for_determiners():
    """la looks at witch (wrong), the other three words at their own."""
    own = {(3, 0), (2, 1), (2, 2), (1, 3)}
    found = translation.by_tag([own], [green_witch()])
    assert found["error_determiners"] == 1.0 and found["error_others"] == 0.0
    assert found["error"] == pytest.approx(1 - 2 * 3 / 8)


def test_strongest_reads_a_row_a_target_word():
    alpha = np.array([[0.1, 0.9, 0.0], [0.5, 0.2, 0.3]])
    assert translation.strongest(alpha) == {(1, 0), (0, 1)}


def test_scores_by_hand():
    written = [("la", "bruja", "verde", "llegó"), ("no", "sé")]
    assert translation.bleu(written, [[w] for w in written]) == pytest.approx(100.0)
    assert translation.exact(written, [[("x",), written[0]], [("sí",)]]) == 0.5
    brevity = translation.bleu([("a", "b", "c", "d")], [[("a", "b", "c", "d", "e")]])
    assert brevity == pytest.approx(100 * np.exp(1 - 5 / 4)), "all four precisions 1, brevity penalty alone"
    several = translation.bleu(
        [("a", "b", "c", "d"), ("a", "b", "c", "d")], [[("a", "b", "c", "d")], [("x",), ("a", "b", "c", "d")]]
    )
    assert several == pytest.approx(100.0), "sentences may have different numbers of references"


def test_pairs_of_the_grammar():
    pairs = translation.witch(300)
    train, long = pairs.splits["train"], pairs.splits["long"]
    assert len(train.sources) == 300 and train.examples[0] == green_witch()
    assert all(t[0] == START and t[-1] == END for t in train.targets)
    assert not any(END in s or START in s for s in train.sources)
    assert min(map(len, long.words)) > max(map(len, train.words)) == length_curve.LONGEST
    which = train.of_length(5, 6)
    assert which and all(5 <= len(train.words[n]) <= 6 for n in which)


def test_pairs_of_tatoeba_are_known_words_and_several_references_are_one_sentence():
    need_corpus("tatoeba")
    pairs = translation.tatoeba(500, 6, 300, 300)
    assert len(pairs.splits["train"].sources) == 500
    for split in pairs.splits.values():
        assert all(UNK not in s for side in (split.sources, split.targets) for s in side)
    assert all(max(len(s), len(t) - 2) <= 6 for s, t in zip(*pairs.splits["test"][:2], strict=True))
    test = pairs.splits["test"]
    distinct = length_curve._distinct(test)
    assert len(distinct.words) == len(set(test.words)) < len(test.words)
    references = dict(zip(distinct.words, distinct.references, strict=True))
    assert sum(map(len, references.values())) == len(test.words)
    assert all(
        n in test.words and pairs.source.encode(n).tolist() == s.tolist()
        for n, s in zip(distinct.words, distinct.sources, strict=True)
    )


def test_the_quick_run_is_the_start_of_the_whole_one():
    pairs = translation.witch(300)
    make = lambda pairs: translation.encoder_decoder(pairs, 4, 3, 6)  # noqa: E731
    _, whole = translation.train(make, pairs, 3, 1e-2, 2, max_tokens=600)
    _, start = translation.train(make, pairs, 3, 1e-2, 2, first=4, max_tokens=600)
    assert start.loss == whole.loss[:4] and len(whole.loss) > 8


def test_attended_has_a_row_a_word_and_a_column_a_source_word():
    pairs = translation.witch(60)
    model = translation.encoder_decoder(pairs, 4, 3, 6, "attention")
    for alpha, e in zip(
        translation.attended(model, pairs.splits["train"]), pairs.splits["train"].examples, strict=True
    ):
        assert alpha.shape == (len(e.target), len(e.source))
        np.testing.assert_allclose(alpha.sum(axis=1), 1.0, rtol=1e-5)
    with pytest.raises(ValueError, match="expected one with attention"):
        translation.attended(translation.encoder_decoder(pairs, 4, 3, 6), pairs.splits["train"])


def test_translations_keep_the_order_of_the_sentences():
    pairs = translation.witch(60)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = translation.encoder_decoder(pairs, 4, 3, 6)
    split = pairs.splits["train"]
    alone = [translation.Sentences([s], [], [], [], []) for s in split.sources[:20]]
    expected = [translation.translations(model, pairs, one)[0] for one in alone]
    few = split._replace(sources=split.sources[:20])
    assert all(
        n[: 2 * len(s) + 10] == m[: 2 * len(s) + 10]
        for n, m, s in zip(translation.translations(model, pairs, few), expected, few.sources, strict=True)
    )


def test_with_and_without_attention_have_the_same_parameters():
    pairs = translation.witch(60)
    sizes = {
        c: translation.parameters(translation.encoder_decoder(pairs, 8, 4, 8, c))
        for c in ("first", "every", "attention")
    }
    assert sizes["every"] == sizes["attention"] == sizes["first"] + 3 * 8 * 8


CRITERIA = [
    (bottleneck, ["witch_fall", "tatoeba_fall"]),
    (attention_length, ["witch_gain", "witch_less_fall"]),
    (decoder_context, ["gain_bleu"]),
]


@pytest.mark.parametrize(("claim", "names"), CRITERIA, ids=lambda part: getattr(part, "__name__", "")[21:])
def test_the_criterion_decides_all_three_ways(claim, names):
    summary = copy.deepcopy(ledger.read()[claim.__name__.rpartition(".")[2]]["summary"])
    for name in names:
        summary[name]["ci95"] = [0.5, 2.0]
    assert claim.criterion(summary) == "holds"
    summary[names[-1]]["ci95"] = [-1.0, 1.0]
    assert claim.criterion(summary) == "undecided"
    summary[names[-1]]["ci95"] = [-2.0, -1.0]
    assert claim.criterion(summary) == "does not hold"
