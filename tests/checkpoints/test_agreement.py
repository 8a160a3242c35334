"""The unit that is said to hold the number: the claim follows from the ablation, and the ablation comes out again."""

import numpy as np

from unrolled.checkpoints import agreement, load
from unrolled.experiments.verbs import Asked


def questions(checkpoint):
    ids = [np.array(row) for row in checkpoint.sample["ids"]]
    return Asked(ids, np.array(checkpoint.sample["right"]), np.array(checkpoint.sample["wrong"]))


def test_the_unit_is_claimed_only_where_losing_it_costs_most_by_far():
    config = load("agreement").config
    told = config["ablation"]
    cost, next_cost = (told["accuracy"] - told[f"accuracy_without_{unit}"] for unit in ("unit", "next_unit"))
    confirmed = cost > max(agreement.LEAST, agreement.TIMES * next_cost)
    assert config["number_unit"] == (told["unit"] if confirmed else None)


def test_the_ablation_comes_out_again_on_the_sample():
    checkpoint = load("agreement")
    asked, unit = questions(checkpoint), checkpoint.config["ablation"]["unit"]
    without = [agreement.accuracy_without(checkpoint, asked, n) for n in range(checkpoint.config["H"])]
    assert agreement.accuracy_without(checkpoint, asked, None) == checkpoint.sample_figure
    assert np.argmin(without) == unit and sorted(without)[1] - without[unit] > agreement.LEAST


def test_a_unit_held_at_zero_is_zero_and_the_others_read_it_so():
    """Its h and c stay 0, and the other units, which read it, change."""
    checkpoint = load("agreement")
    ids = questions(checkpoint).ids[:5]
    h, c = agreement.last_state(checkpoint, ids, 3)
    free_h, free_c = agreement.last_state(checkpoint, ids)
    assert not h[:, 3].any() and not c[:, 3].any() and free_c[:, 3].all()
    assert not np.allclose(np.delete(h, 3, 1), np.delete(free_h, 3, 1))


def test_the_unit_tells_one_from_many():
    means = load("agreement").config["number_unit_means"]
    assert means["singular"] * means["plural"] < 0
