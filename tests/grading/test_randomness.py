"""Both processes of a grading draw from one stream: every kind of draw is noticed, and nothing else crosses."""

import random

import numpy as np
import pytest
import torch

from unrolled.grading import randomness, wire
from unrolled.grading.randomness import Randomness

DRAWS = {
    "random": lambda: random.random(),
    "randrange": lambda: random.randrange(10),
    "gauss": lambda: random.gauss(0, 1),
    "seed": lambda: random.seed(3),
    "numpy": lambda: np.random.rand(),
    "numpy normal": lambda: np.random.randn(),
    "numpy seed": lambda: np.random.seed(3),
    "torch": lambda: torch.rand(2),
    "torch seed": lambda: torch.manual_seed(3),
}


@pytest.fixture(autouse=True)
def seeded():
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.mark.parametrize("name", DRAWS)
def test_every_draw_is_noticed(name):
    sync = Randomness()
    for _ in range(5):  # the second normal number was made with the first
        DRAWS[name]()
        assert len(sync.changed([])) == 1
        if "seed" in name:
            break
    assert sync.changed([]) == {}


def test_without_a_known_layout_too(monkeypatch):
    monkeypatch.setattr(randomness, "_layout_known", lambda: False)
    sync = Randomness()
    random.random()
    assert set(sync.changed([])) == {"random"}


def test_the_layout_of_this_python_is_known():
    assert randomness._layout_known()


def test_no_draw_no_message_and_other_generators_do_not_count():
    sync = Randomness()
    np.random.default_rng(0).normal(size=9)
    random.Random(0).random()
    torch.rand(2, generator=torch.Generator())
    assert sync.changed([]) == {}


def test_the_other_side_goes_on_from_there():
    here, there = Randomness(), Randomness()
    random.gauss(0, 1), np.random.randn(), torch.randn(1)
    buffers = []
    news = here.changed(buffers)
    expected = random.gauss(0, 1), np.random.randn(), torch.randn(1).item()
    random.seed(9), np.random.seed(9), torch.manual_seed(9)
    there.take(news, buffers)
    assert (random.gauss(0, 1), np.random.randn(), torch.randn(1).item()) == expected


def test_a_bad_state_is_a_bad_message():
    for news in ({"numpy": [1]}, {"random": 3}, {"torch": "x"}, {"else": 1}):
        with pytest.raises(wire.BadMessage):
            Randomness().take(news, [])


def test_reseeding_gives_others_than_the_siblings():
    before = random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state().tolist()
    randomness.reseed()
    after = random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state().tolist()
    assert all(a != b for a, b in zip(before, after, strict=True))
