"""Assignment ch10_summary: plausible wrong answers with the hint each must draw, and unusual right ones."""

from collections import Counter

import numpy as np
from submissions import Answers

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


# leaked-share


def source(example):
    return " ".join(example[0]).lower()


def share(train, test, key=source):
    known = {key(example) for example in train}
    return sum(key(example) in known for example in test) / max(len(test), 1)


@wrong("leaked-share", "the whole pair is compared")
def whole_pairs(train, test):
    return share(train, test, lambda e: (source(e), " ".join(e[1])))


@wrong("leaked-share", "a capital letter makes a new sentence")
def case_kept(train, test):
    return share(train, test, lambda e: tuple(e[0]))


@wrong("leaked-share", "each source is counted once")
def sets_of_sources(train, test):
    known, asked = {source(e) for e in train}, {source(e) for e in test}
    return len(known & asked) / len(asked) if asked else 0.0


@wrong("leaked-share", "the order of the words is lost")
def sets_of_words(train, test):
    return share(train, test, lambda e: frozenset(word.lower() for word in e[0]))


@wrong("leaked-share", "a part of a training sentence counts")
def substrings(train, test):
    text = " / ".join(source(e) for e in train)
    return sum(f" {source(e)} " in f" {text} " for e in test) / max(len(test), 1)


@wrong("leaked-share", "the targets are compared")
def targets(train, test):
    return share(train, test, lambda e: " ".join(e[1]).lower())


@wrong("leaked-share", "does *not* leak")
def clean_share(train, test):
    return 1 - share(train, test)


@wrong("leaked-share", "the share of train that stands in the test")
def other_way_round(train, test):
    return share(test, train)


@wrong("leaked-share", "it is a number of examples")
def counted(train, test):
    known = {source(e) for e in train}
    return sum(source(e) in known for e in test)


@wrong("leaked-share", "Here the test is empty")
def divides_by_nothing(train, test):
    known = {source(e) for e in train}
    return sum(source(e) in known for e in test) / len(test)


@right("leaked-share")
def by_counting(train, test):
    known = Counter(tuple(map(str.casefold, words)) for words, _ in train)
    return float(np.mean([known[tuple(map(str.casefold, words))] > 0 for words, _ in test])) if test else 0


@right("leaked-share")
def by_looking_through(train, test):
    leaks = 0
    for words, _ in test:
        for other, _ in train:
            if [w.upper() for w in words] == [w.upper() for w in other]:
                leaks += 1
                break
    return np.float32(leaks / len(test)) if len(test) else 0.0


# both-shares


def exact(predicted, gold):
    return sum(list(p) == list(g) for p, g in zip(predicted, gold, strict=False)) / len(gold)


def hits(predicted, gold):
    return sum(a == b for p, g in zip(predicted, gold, strict=False) for a, b in zip(p, g, strict=False))


@wrong("both-shares", "over the sentences' own shares")
def mean_of_means(predicted, gold):
    return np.mean([hits([p], [g]) / len(g) for p, g in zip(predicted, gold, strict=False)]), exact(
        predicted, gold
    )


@wrong("both-shares", "the words that a prediction lacks are left out")
def mean_over_zip(predicted, gold):
    pairs = [a == b for p, g in zip(predicted, gold, strict=False) for a, b in zip(p, g, strict=False)]
    return np.mean(pairs), exact(predicted, gold)


@wrong("both-shares", "words too many count below the line")
def longer_of_the_two(predicted, gold):
    n = sum(max(len(p), len(g)) for p, g in zip(predicted, gold, strict=False))
    return hits(predicted, gold) / n, exact(predicted, gold)


@wrong("both-shares", "it divides by the number of predicted words")
def precision(predicted, gold):
    return hits(predicted, gold) / sum(map(len, predicted)), exact(predicted, gold)


@wrong("both-shares", "as far as the shorter of the two goes")
def exact_by_zip(predicted, gold):
    same = sum(all(a == b for a, b in zip(p, g, strict=False)) for p, g in zip(predicted, gold, strict=False))
    return hits(predicted, gold) / sum(map(len, gold)), same / len(gold)


@wrong("both-shares", "upper and lower case are taken for the same")
def lower_case(predicted, gold):
    predicted, gold = ([[w.lower() for w in row] for row in rows] for rows in (predicted, gold))
    return hits(predicted, gold) / sum(map(len, gold)), exact(predicted, gold)


@wrong("both-shares", "places are ignored")
def bag_of_words(predicted, gold):
    common = sum(sum((Counter(p) & Counter(g)).values()) for p, g in zip(predicted, gold, strict=False))
    return common / sum(map(len, gold)), exact(predicted, gold)


@wrong("both-shares", "changed places")
def sentences_first(predicted, gold):
    return exact(predicted, gold), hits(predicted, gold) / sum(map(len, gold))


@wrong("both-shares", "these are per cent")
def per_cent(predicted, gold):
    return 100 * hits(predicted, gold) / sum(map(len, gold)), 100 * exact(predicted, gold)


@wrong("both-shares", "numbers of words and sentences")
def counts(predicted, gold):
    return hits(predicted, gold), exact(predicted, gold) * len(gold)


@right("both-shares")
def with_padding(predicted, gold):
    places, whole = [], []
    for p, g in zip(predicted, gold, strict=False):
        p_long = list(p) + [None] * (len(g) - len(p))
        row = [a == b for a, b in zip(p_long, g, strict=False)]
        places += row
        whole.append(all(row) and len(p) <= len(g))
    return np.mean(places), np.float32(np.mean(whole))


@right("both-shares")
def as_a_list_of_floats(predicted, gold):
    n = right = same = 0
    for k in range(len(gold)):
        n += len(gold[k])
        right += sum(j < len(predicted[k]) and predicted[k][j] == gold[k][j] for j in range(len(gold[k])))
        same += tuple(predicted[k]) == tuple(gold[k])
    return [right / n, same / len(gold)]


# paired-verdict


def said(mean, half):
    return "better" if mean > half else "worse" if mean < -half else "undecided"


def error(d, ddof=1):
    return np.std(d, ddof=ddof) / np.sqrt(len(d))


@wrong("paired-verdict", "the baseline's scores come first")
def baseline_minus_model(model, baseline):
    d = baseline - model
    return d.mean(), 2 * error(d), said(d.mean(), 2 * error(d))


@wrong("paired-verdict", "divide by n − 1")
def numpy_s_own_std(model, baseline):
    d = model - baseline
    return d.mean(), 2 * error(d, 0), said(d.mean(), 2 * error(d, 0))


@wrong("paired-verdict", "twice the standard deviation")
def no_root_of_n(model, baseline):
    d = model - baseline
    return d.mean(), 2 * d.std(ddof=1), said(d.mean(), 2 * d.std(ddof=1))


@wrong("paired-verdict", "the margin is one standard error")
def one_error(model, baseline):
    d = model - baseline
    return d.mean(), error(d), said(d.mean(), error(d))


@wrong("paired-verdict", "as if the runs had nothing in common")
def unpaired(model, baseline):
    mean = model.mean() - baseline.mean()
    half = 2 * np.hypot(error(model), error(baseline))
    return mean, half, said(mean, half)


@wrong("paired-verdict", "only the model's spread is used")
def spread_of_the_model(model, baseline):
    mean, half = np.mean(model - baseline), 2 * error(model)
    return mean, half, said(mean, half)


@wrong("paired-verdict", "the best runs are compared")
def best_of_each(model, baseline):
    best, half = model.max() - baseline.max(), 2 * error(model - baseline)
    return best, half, said(best, half)


@wrong("paired-verdict", "the word follows the sign alone")
def sign(model, baseline):
    d = model - baseline
    return d.mean(), 2 * error(d), "better" if d.mean() > 0 else "worse"


@wrong("paired-verdict", "it never says worse")
def kind_to_the_model(model, baseline):
    d = model - baseline
    return d.mean(), 2 * error(d), "better" if d.mean() - 2 * error(d) > 0 else "undecided"


@wrong("paired-verdict", "what is not better is called worse")
def all_or_nothing(model, baseline):
    d = model - baseline
    return d.mean(), 2 * error(d), "better" if d.mean() - 2 * error(d) > 0 else "worse"


@right("paired-verdict")
def by_an_interval(model, baseline):
    d = np.subtract(model, baseline)
    half = 2 * np.sqrt(np.sum((d - d.mean()) ** 2) / (d.size - 1) / d.size)
    low, high = d.mean() - half, d.mean() + half
    return d.mean(), half, ["undecided", "better", "worse"][1 * (low > 0) + 2 * (high < 0)]


@right("paired-verdict")
def with_statistics(model, baseline):
    from statistics import mean, stdev

    d = [float(m) - float(b) for m, b in zip(model, baseline, strict=False)]
    half = 2 * stdev(d) / len(d) ** 0.5
    return [mean(d), half, "undecided" if -half <= mean(d) <= half else "better" if mean(d) > 0 else "worse"]


# my-results

FAILURES = [(f"sentence {n}", "DET NOUN", "DET VERB") for n in range(5)]
RECORD = {
    "task": "tagging",
    "data": "ewt, CC BY-SA 4.0",
    "sizes": (2000, 300, 300),
    "leaked": 0.0,
    "metric": "share of words tagged rightly",
    "baseline": [0.85, 0.85, 0.85],
    "model": [0.91, 0.90, 0.92],
    "verdict": "better",
    "failures": FAILURES,
}


@wrong("my-results", "the dict lacks leaked, failures")
def half_a_record():
    return {key: value for key, value in RECORD.items() if key not in ("leaked", "failures")}


@wrong("my-results", "stood in train")
def leaking():
    return {**RECORD, "leaked": 0.04}


@wrong("my-results", "say nothing about the spread")
def one_seed():
    return {**RECORD, "baseline": [0.85], "model": [0.91]}


@wrong("my-results", "a pair for each seed")
def more_seeds_for_the_model():
    return {**RECORD, "model": [0.91, 0.90, 0.92, 0.93]}


@wrong("my-results", "divide per cent and BLEU by 100")
def per_cent_scores():
    return {**RECORD, "baseline": [85.0, 85.0, 85.0], "model": [91.0, 90.0, 92.0]}


@wrong("my-results", "every seed gives the same score")
def a_seed_without_effect():
    return {**RECORD, "model": [0.91, 0.91, 0.91]}


@wrong("my-results", "which is undecided, not better")
def cheering_too_early():
    return {**RECORD, "model": [0.86, 0.84, 0.88]}


@wrong("my-results", "which is worse, not undecided")
def a_loss_called_open():
    return {**RECORD, "model": [0.80, 0.81, 0.79], "verdict": "undecided"}


@wrong("my-results", "too few to tell two models apart")
def a_tiny_test():
    return {**RECORD, "sizes": (2000, 300, 30)}


@wrong("my-results", "is no failure")
def successes_shown():
    return {**RECORD, "failures": [*FAILURES[:4], ("the green witch", "DET ADJ NOUN", "DET ADJ NOUN")]}


@wrong("my-results", "at least five different examples")
def one_failure_five_times():
    return {**RECORD, "failures": FAILURES[:1] * 5}


@wrong("my-results", "expected a dict, got str")
def told_in_words():
    return "my model is better"


@right("my-results")
def worse_and_says_so():
    return {**RECORD, "model": [0.80, 0.81, 0.79], "verdict": "worse"}


@right("my-results")
def undecided_translation_with_arrays():
    return {
        **RECORD,
        "task": "translation",
        "metric": "BLEU / 100",
        "baseline": np.array([0.30, 0.33, 0.28, 0.31]),
        "model": np.array([0.31, 0.30, 0.33, 0.30]),
        "verdict": "undecided",
        "sizes": [4000, 300, 500],
    }
