"""What is asked about a verb, a model that follows the nearest noun, and a criterion that decides three ways."""

import copy

import numpy as np
import pytest
import torch
from skips import need_corpus

from unrolled.data import START, Vocabulary, witch
from unrolled.experiments import agreement, ledger, verbs


def test_shapes_count_every_number_of_attractors_up_to_the_depth():
    assert verbs.shapes((0, 1)) == [("simple", 0, 0), *((form, 1, a) for form in verbs.FORMS for a in (0, 1))]
    assert len(verbs.shapes(verbs.BEYOND)) == 3 * (4 + 5)


def test_what_is_asked_by_hand():
    example = witch.agreement("centre-embedded", depth=1, attractors=1, n=1)[0]
    vocabulary = Vocabulary.build([example.source, ["was", "were", "is", "are"]])
    ids, right, wrong = verbs.asked([example], vocabulary)
    n = example.agreement.verb
    assert ids[0].tolist() == [START, *vocabulary.encode(example.source[:n])]
    assert vocabulary.words[right[0]] == example.source[n]
    assert vocabulary.words[wrong[0]] == witch.other_number(example.source[n])


class NearestNoun(torch.nn.Module):
    """Gives the plural verb a higher score after a plural noun, else the singular one: the shortcut an attractor exposes."""

    def __init__(self, vocabulary, plural, many):
        super().__init__()
        self.noun, self.many, self.n_vocab = plural, many, len(vocabulary)

    def forward(self, ids):
        state, scores = torch.zeros(len(ids)), torch.zeros(*ids.shape, self.n_vocab)
        for t in range(ids.shape[-1]):
            for b, n in enumerate(ids[:, t].tolist()):
                state[b] = self.noun.get(n, state[b])
            scores[:, t] = state[:, None] * self.many
        return scores, None


def test_a_model_of_the_nearest_noun_is_right_without_attractors_and_wrong_with_them():
    """Of *the keys near the tower are*: the batches keep each question's own length and place."""
    examples = [*witch.agreement("subject-first", 1, 0, 40), *witch.agreement("subject-first", 1, 1, 40)]
    examples = [e for e in examples if "who" not in e.source]
    vocabulary = Vocabulary.build([*(e.source for e in examples), *([witch.other_number(e.source[e.agreement.verb])] for e in examples)])  # fmt: skip
    noun, many = {}, torch.zeros(len(vocabulary))
    for e in examples:
        a, plural = e.agreement, 1.0 if e.agreement.number == "plural" else -1.0
        many[vocabulary.id(e.source[a.verb])] = plural
        many[vocabulary.id(witch.other_number(e.source[a.verb]))] = -plural
        noun[vocabulary.id(e.source[a.subject])] = plural
        noun[vocabulary.id(e.source[a.verb - 1])] = -plural if a.attractors else plural
    right = verbs.agrees(NearestNoun(vocabulary, noun, many), verbs.asked(examples, vocabulary))
    assert np.array_equal(right, [not e.agreement.attractors for e in examples])


def test_training_sentences_are_not_tested_and_are_no_deeper_than_said():
    train = {e.source for e in verbs.sentences("train", 20)}
    assert train.isdisjoint(e.source for e in verbs.sentences("test", 20))
    assert {e.agreement.depth for e in verbs.sentences("train", 2)} == {0, *verbs.TRAINED}


def test_the_models_have_as_many_parameters():
    summary = ledger.read()["agreement"]["summary"]
    sizes = [summary[f"parameters_{cell}"]["mean"] for cell in agreement.WIDTH]
    assert max(sizes) / min(sizes) < 1.03


def test_blimp_pairs_are_counted():
    need_corpus("blimp")
    need_corpus("tatoeba")
    known = agreement.text.tatoeba(agreement.TEXT, agreement.CAP).vocabulary.covers
    pairs = agreement.corpora.load("blimp").test
    told = ledger.read()["agreement"]["summary"]["blimp_pairs"]["mean"]
    assert told == sum(known(p.good) and known(p.bad) for p in pairs) < len(pairs) == 6_000


@pytest.mark.parametrize(
    ("gru", "lstm", "verdict"),
    [
        ([0.01, 0.3], [0.02, 0.2], "holds"),
        ([-0.01, 0.3], [0.02, 0.2], "undecided"),
        ([0.01, 0.3], [-0.2, -0.02], "does not hold"),
    ],
)
def test_the_criterion_decides_all_three_ways(gru, lstm, verdict):
    changed = copy.deepcopy(ledger.read()["agreement"]["summary"])
    changed["gain_gru"]["ci95"], changed["gain_lstm"]["ci95"] = gru, lstm
    assert agreement.criterion(changed) == verdict
