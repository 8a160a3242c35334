"""Checks of assignment ch10_summary: three functions that keep a project honest, and the record of its results.

Each ``check_<task>(student_function)`` returns nothing or raises ``CheckFailed`` with the likely mistake.
What must come out is numbers here; the functions make the mistakes, each in the way its sentence says.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._report import CheckFailed, Example, Variant, call, check_outputs, name_of, show

Pair = tuple[list[str], list[str]]


def _pairs(*texts: str) -> list[Pair]:
    cut = (text.split(" | ") for text in texts)
    return [(source.split(), target.split()) for source, target in cut]


# leaked-share

TRAIN = _pairs(
    "The witch arrived | llegó la bruja",
    "a green witch | una bruja verde",
    "the old witch sleeps here | la bruja vieja duerme aquí",
    "the cat slept | el gato durmió",
    "the cat slept | durmió el gato",
    "some cats | unos gatos",
    "a river | un río",
)
TEST = _pairs(
    "the witch arrived | la bruja llegó",
    "A green witch | una bruja verde",
    "A green witch | una bruja verde",
    "the cat slept | el gato durmió",
    "witch green a | bruja verde una",
    "green witch | bruja verde",
    "old witch sleeps | la bruja vieja duerme aquí",
    "the old river | un río",
    "some green cats | unos gatos",
    "a cat | unos gatos",
    "the river slept | un río",
)


def _share(train: list[Pair], test: list[Pair], key: Callable[[Pair], Any]) -> float:
    known = {key(pair) for pair in train}
    return sum(key(pair) in known for pair in test) / max(len(test), 1)


def _source(pair: Pair) -> str:
    return " ".join(pair[0]).lower()


def _distinct(train: list[Pair], test: list[Pair]) -> float:
    sources = {_source(pair) for pair in test}
    return len(sources & {_source(pair) for pair in train}) / max(len(sources), 1)


def _inside(train: list[Pair], test: list[Pair]) -> float:
    whole = [f" {_source(pair)} " for pair in train]
    return sum(any(f" {_source(pair)} " in text for text in whole) for pair in test) / max(len(test), 1)


LEAKED: list[Variant] = [
    (
        "the whole pair is compared. A source that stood in train is known, whatever its target was.",
        lambda train, test: _share(train, test, lambda p: (_source(p), " ".join(p[1]).lower())),
    ),
    (
        "a capital letter makes a new sentence. Upper and lower case should count as the same.",
        lambda train, test: _share(train, test, lambda p: " ".join(p[0])),
    ),
    (
        "each source is counted once. Every example of the test counts, also when it stands there twice.",
        _distinct,
    ),
    (
        "the order of the words is lost: the same words in another order are another sentence.",
        lambda train, test: _share(train, test, lambda p: tuple(sorted(_source(p).split()))),
    ),
    (
        "a part of a training sentence counts as leaked. Only a whole source is the same sentence.",
        _inside,
    ),
    (
        "the targets are compared. It is the source that must not have stood in train.",
        lambda train, test: _share(train, test, lambda p: " ".join(p[1]).lower()),
    ),
    (
        "it is the share that does *not* leak.",
        lambda train, test: 1 - _share(train, test, _source),
    ),
    (
        "it is the share of train that stands in the test. The share of the test is asked for.",
        lambda train, test: _share(test, train, _source),
    ),
    (
        "it is a number of examples. The share of the test is asked for, from 0 to 1.",
        lambda train, test: _share(train, test, _source) * len(test),
    ),
]


def check_leaked_share(student: Callable[..., Any]) -> None:
    """The share of the test's examples whose source stands in train, whatever the case of its letters."""
    examples = [
        Example({"train": TRAIN, "test": TEST}, np.array(4 / 11)),
        Example({"train": TRAIN, "test": []}, np.array(0.0), "Here the test is empty."),
        Example({"train": [], "test": TEST}, np.array(0.0), "Here train is empty."),
    ]
    check_outputs(student, examples, LEAKED)


# both-shares

GOLD = [
    row.split()
    for row in ("DET ADJ NOUN VERB", "NOUN VERB", "PRON VERB DET NOUN", "VERB", "DET NOUN", "NOUN VERB PRON")
]
PREDICTED = [
    row.split()
    for row in (
        "DET NOUN ADJ VERB",
        "NOUN VERB",
        "PRON VERB DET",
        "VERB ADV ADV",
        "det NOUN",
        "NOUN VERB PRON",
    )
]

Answers = Sequence[Sequence[str]]


def _shares(
    predicted: Answers, gold: Answers,
    below: Callable[[Any, Any], int] = lambda p, g: len(g),
    same: Callable[[str, str], bool] = lambda p, g: p == g,
    exact: Callable[[Any, Any], bool] = lambda p, g: list(p) == list(g),
) -> tuple[float, float]:  # fmt: skip
    rows = list(zip(predicted, gold, strict=True))
    right = sum(same(p, g) for row, truth in rows for p, g in zip(row, truth, strict=False))
    return right / sum(below(p, g) for p, g in rows), sum(exact(p, g) for p, g in rows) / len(rows)


def _bags(predicted: Answers, gold: Answers) -> tuple[float, float]:
    common = sum((Counter(p) & Counter(g)).total() for p, g in zip(predicted, gold, strict=True))
    return common / sum(map(len, gold)), _shares(predicted, gold)[1]


def _mean_of_means(predicted: Answers, gold: Answers) -> tuple[float, float]:
    each = [_shares([p], [g])[0] for p, g in zip(predicted, gold, strict=True)]
    return sum(each) / len(each), _shares(predicted, gold)[1]


def _as_far_as_it_goes(predicted: Answers, gold: Answers) -> tuple[float, float]:
    return _shares(predicted, gold, exact=lambda p, g: all(a == b for a, b in zip(p, g, strict=False)))


def _lower(text: str) -> str:
    return text.lower()


BOTH: list[Variant] = [
    (
        "the mean goes over the sentences' own shares, so a word of a short sentence weighs more. Divide once, over the whole list.",
        _mean_of_means,
    ),
    (
        "the words that a prediction lacks are left out below the line. They are wrong: divide by the words of gold.",
        lambda predicted, gold: _shares(predicted, gold, below=lambda p, g: min(len(p), len(g))),
    ),
    (
        "words too many count below the line. Divide by the words of gold.",
        lambda predicted, gold: _shares(predicted, gold, below=lambda p, g: max(len(p), len(g))),
    ),
    (
        "it divides by the number of predicted words. Divide by the words of gold.",
        lambda predicted, gold: _shares(predicted, gold, below=lambda p, g: len(p)),
    ),
    (
        "a sentence counts as exact as far as the shorter of the two goes. Their lengths must be the same too.",
        _as_far_as_it_goes,
    ),
    (
        "upper and lower case are taken for the same. Here strings are compared as they are.",
        lambda predicted, gold: _shares(
            predicted,
            gold,
            same=lambda p, g: _lower(p) == _lower(g),
            exact=lambda p, g: list(map(_lower, p)) == list(map(_lower, g)),
        ),
    ),
    ("places are ignored: a right word at the wrong place is wrong.", _bags),
    (
        "the two values have changed places: words first, then sentences.",
        lambda predicted, gold: _shares(predicted, gold)[::-1],
    ),
    (
        "these are per cent. Shares from 0 to 1 are asked for.",
        lambda predicted, gold: tuple(100 * share for share in _shares(predicted, gold)),
    ),
    (
        "these are numbers of words and sentences. Shares from 0 to 1 are asked for.",
        lambda predicted, gold: (
            _shares(predicted, gold)[0] * sum(map(len, gold)),
            _shares(predicted, gold)[1] * len(gold),
        ),
    ),
]


def check_both_shares(student: Callable[..., Any]) -> None:
    """The share of gold's words predicted at their place, and of sentences predicted exactly."""
    expected = (np.array(12 / 16), np.array(2 / 6))
    check_outputs(student, [Example({"predicted": PREDICTED, "gold": GOLD}, expected)], BOTH)


# paired-verdict

Verdict = tuple[float, float, str]


def _verdict(
    model: Array, baseline: Array, ddof: int = 1, root: bool = True, twice: float = 2.0, margin: float | None = None,
    word: Callable[[float, float], str] | None = None,
) -> Verdict:  # fmt: skip
    d = model - baseline
    half = twice * d.std(ddof=ddof) / (np.sqrt(len(d)) if root else 1) if margin is None else margin
    mean = float(d.mean())
    if word:
        return mean, half, word(mean, half)
    return mean, half, "better" if mean > half else "worse" if mean < -half else "undecided"


def _unpaired(model: Array, baseline: Array) -> Verdict:
    both = model.var(ddof=1) + baseline.var(ddof=1)
    return _verdict(model, baseline, margin=float(2 * np.sqrt(both / len(model))))


def _best_runs(model: Array, baseline: Array) -> Verdict:
    _, half, _ = _verdict(model, baseline)
    best = float(model.max() - baseline.max())
    return best, half, "better" if best > half else "worse" if best < -half else "undecided"


def _model_alone(model: Array, baseline: Array) -> Verdict:
    return _verdict(model, baseline, margin=float(2 * model.std(ddof=1) / np.sqrt(len(model))))


def _sign_alone(mean: float, half: float) -> str:
    return "better" if mean > 0 else "worse"


def _never_worse(mean: float, half: float) -> str:
    return "better" if mean > half else "undecided"


def _not_better_is_worse(mean: float, half: float) -> str:
    return "better" if mean > half else "worse"


VERDICTS: list[Variant] = [
    ("the baseline's scores come first: model minus baseline is asked for.", lambda m, b: _verdict(b, m)),
    (
        "the standard deviation is divided by n. Of a sample, divide by n − 1: ddof=1.",
        lambda m, b: _verdict(m, b, ddof=0),
    ),
    (
        "the margin is twice the standard deviation. The standard *error* is that divided by the root of n.",
        lambda m, b: _verdict(m, b, root=False),
    ),
    ("the margin is one standard error. Two are asked for.", lambda m, b: _verdict(m, b, twice=1.0)),
    (
        "the two spreads are added as if the runs had nothing in common. Take the spread of the differences, seed by seed.",
        _unpaired,
    ),
    ("only the model's spread is used. Take that of the differences.", _model_alone),
    (
        "the best runs are compared. A lucky seed is no better model: take the mean of the differences.",
        _best_runs,
    ),
    (
        "the word follows the sign alone. Where the margin reaches across 0 it is undecided.",
        lambda m, b: _verdict(m, b, word=_sign_alone),
    ),
    (
        "it never says worse. Where the mean plus the margin is below 0, the baseline is better, and that is a result.",
        lambda m, b: _verdict(m, b, word=_never_worse),
    ),
    (
        "what is not better is called worse. Where the margin reaches across 0 it is undecided.",
        lambda m, b: _verdict(m, b, word=_not_better_is_worse),
    ),
]
SEEDS = {
    "better": ([0.82, 0.88, 0.79, 0.86], [0.80, 0.85, 0.78, 0.82]),
    "undecided": ([0.82, 0.88, 0.79, 0.93], [0.83, 0.85, 0.81, 0.80]),
    "worse": ([0.72, 0.78, 0.69], [0.80, 0.85, 0.75]),
}
EXPECTED = {"better": (0.025, 0.01290994), "undecided": (0.0325, 0.06849574), "worse": (-0.07, 0.01154701)}


def check_paired_verdict(student: Callable[..., Any]) -> None:
    """Mean difference over seeds, twice its standard error, and what follows."""
    examples = [
        Example(
            {"model": np.array(model), "baseline": np.array(baseline)},
            (np.array(EXPECTED[word][0]), np.array(EXPECTED[word][1]), word),
        )
        for word, (model, baseline) in SEEDS.items()
    ]
    check_outputs(student, examples, VERDICTS)


# my-results

KEYS = ("task", "data", "sizes", "leaked", "metric", "baseline", "model", "verdict", "failures")


def check_my_results(student: Callable[..., Any]) -> None:
    """A record is complete and follows from its own figures; no figure is too low to pass."""
    found = call(student, ())
    try:
        trouble = _trouble(found)
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        trouble = f"a value has another form than the table asks for ({type(error).__name__}: {error})."
    if trouble:
        raise CheckFailed(f"{name_of(student)}: {trouble}")


def _trouble(found: Any) -> str | None:
    if not isinstance(found, dict):
        return f"expected a dict, got {type(found).__name__}. Is there a `return` at the end?"
    missing = [key for key in KEYS if key not in found]
    if missing:
        return f"the dict lacks {', '.join(missing)}."
    return _trouble_of_data(found) or _trouble_of_scores(found) or _trouble_of_failures(found["failures"])


def _trouble_of_data(found: dict[str, Any]) -> str | None:
    train, dev, test = (int(size) for size in found["sizes"])
    if found["task"] not in ("tagging", "translation"):
        return f"task: expected 'tagging' or 'translation', got {found['task']!r}."
    if not all(isinstance(found[key], str) and found[key].strip() for key in ("data", "metric")):
        return "data and metric: say in words which corpus, under which licence, and what the scores are."
    if min(train, dev, test) < 1 or test >= train:
        return (
            f"sizes: expected train, dev and test, each above 0 and train the larger, got {found['sizes']}."
        )
    if test < 100:
        return f"sizes: {test} examples in the test are too few to tell two models apart. Take at least 100."
    if float(found["leaked"]) != 0:
        return f"leaked: {found['leaked']} of the test stood in train, so its scores say little. Split again, by source."
    return None


def _trouble_of_scores(found: dict[str, Any]) -> str | None:
    model, baseline = (np.array(found[key], dtype=float) for key in ("model", "baseline"))
    if model.shape != baseline.shape or model.ndim != 1:
        return f"model and baseline: expected as many scores of each, a pair for each seed, got {model.shape} and {baseline.shape}."
    if len(model) < 3:
        return f"model: {len(model)} seeds say nothing about the spread. Take at least three."
    if not all(0 <= score <= 1 for score in (*model, *baseline)):
        return f"scores are shares from 0 to 1, so divide per cent and BLEU by 100; got {show(model)} and {show(baseline)}."
    if np.ptp(model) == 0:
        return "model: every seed gives the same score. Does the seed reach the weights and the order of the sentences?"
    mean, half, word = _verdict(model, baseline)
    if found["verdict"] != word:
        return f"verdict: your scores differ by {mean:.4f} ± {half:.4f}, which is {word}, not {found['verdict']}. Each verdict earns the same."
    return None


def _trouble_of_failures(failures: Any) -> str | None:
    if len(failures) < 5 or len({case[0] for case in failures}) < 5:
        return "failures: expected at least five different examples of the test that the model got wrong."
    for case in failures:
        if len(case) != 3 or not all(isinstance(text, str) and text.strip() for text in case):
            return f"failures: expected (source, expected, got), three strings, got {case!r}."
        if case[1] == case[2]:
            return f"failures: {case[0]!r} is no failure: what was got is what was expected."
    return None
