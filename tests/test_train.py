"""Laws of the training loop: the same bits however often it is stopped, and errors that say what to do."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from unrolled.train import History, fit, seeded

torch.set_num_threads(1)
D, K, B = 4, 3, 5


def problem(seed=0, n_batches=4, dropout=0.3):
    """Seven classes of nothing: random inputs, random labels, a mask, and a network with dropout (it draws)."""
    rng = np.random.default_rng(seed)
    batches = [
        (
            torch.tensor(rng.normal(size=(B, D)), dtype=torch.float32),
            torch.tensor(rng.integers(0, K, B)),
            torch.tensor(np.arange(B) < rng.integers(1, B + 1)),
        )
        for _ in range(n_batches)
    ]
    with seeded(seed):
        model = nn.Sequential(nn.Linear(D, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, K))
    return model, batches


def masked_loss(model, batch):
    x, y, mask = batch
    loss = F.cross_entropy(model(x), y, reduction="none")
    return loss[mask].mean(), int(mask.sum())


def dev_loss(model):
    assert not model.training, "the dev figure is taken in eval mode"
    _, batches = problem(seed=1)
    return float(np.mean([masked_loss(model, batch)[0].item() for batch in batches]))


def run(checkpoint=None, loss_fn=masked_loss, epochs=3, seed=0, **options):
    model, batches = problem()
    optimizer = options.pop("optimizer", lambda p: torch.optim.Adam(p, lr=0.05))(model.parameters())
    options = {"dev": dev_loss, "save_every": 3, **options}
    history = fit(
        model,
        loss_fn,
        options.pop("batches", batches),
        optimizer,
        epochs=epochs,
        seed=seed,
        checkpoint=checkpoint,
        **options,
    )
    return model, optimizer, history


def assert_same_run(one, two):
    for name, value in one[0].state_dict().items():
        assert torch.equal(value, two[0].state_dict()[name]), f"{name} differs"
    for n, state in one[1].state_dict()["state"].items():
        for name, value in state.items():
            assert torch.equal(value, two[1].state_dict()["state"][n][name]), f"optimizer's {name} differs"
    assert one[2] == two[2]


class Killed(Exception):
    pass


def killed_at(update):
    calls = iter(range(10**6))

    def loss_fn(model, batch):
        if next(calls) == update:
            raise Killed
        return masked_loss(model, batch)

    return loss_fn


def draw_lazily(rng):
    for _ in range(4):
        x = torch.tensor(rng.normal(size=(B, D)), dtype=torch.float32)
        yield x, (x.sum(dim=1) > 0).long(), torch.ones(B, dtype=torch.bool)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=3), st.integers(1, 5), st.booleans())
def test_a_killed_run_that_resumes_ends_with_the_same_bits(tmp_path_factory, kills, save_every, lazy):
    """Weights, optimizer, history and best epoch, whichever updates it dies at and however often."""
    path = tmp_path_factory.mktemp("run") / "checkpoint.pt"
    options = {"save_every": save_every, **({"batches": draw_lazily} if lazy else {})}
    whole = run(**options)
    for update in kills:
        try:
            run(path, killed_at(update), **options)
        except Killed:
            pass
    assert_same_run(whole, run(path, **options))


def test_a_finished_run_is_not_trained_again_and_can_be_made_longer(tmp_path):
    path = tmp_path / "checkpoint.pt"
    first = run(path)
    assert_same_run(first, run(path, killed_at(0)))
    assert_same_run(run(epochs=5), run(path, epochs=5))


CHILD = """
import sys, time; from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_train as T
def slow(model, batch):
    time.sleep(0.02); return T.masked_loss(model, batch)
T.run(Path(sys.argv[2]), slow, epochs=50, save_every=1)
"""


def test_a_real_kill_leaves_a_checkpoint_that_resumes(tmp_path):
    path = tmp_path / "checkpoint.pt"
    child = subprocess.Popen([sys.executable, "-c", CHILD, os.path.dirname(__file__), str(path)])
    try:
        deadline = time.monotonic() + 60
        while not path.exists() and time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.01)
        time.sleep(0.5)
    finally:
        child.send_signal(signal.SIGKILL) if os.name == "posix" else child.kill()
        child.wait()
    done = len(torch.load(path, weights_only=True)["history"]["loss"])
    assert 0 < done < 200, f"the child was to die half-way, and had done {done} of 200 updates"
    assert_same_run(run(epochs=50), run(path, epochs=50))


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    assert_same_run(run(), run())
    assert run(seed=0)[2].loss != run(seed=1)[2].loss


def test_global_generators_are_left_alone():
    torch.manual_seed(7)
    np.random.seed(7)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    run()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()


def test_batches_are_shuffled_each_epoch_and_each_is_used_once():
    seen = []

    def loss_fn(model, batch):
        seen.append(batch)
        return model(torch.ones(D)).sum() * 0.0 + model[0].weight.sum(), 1

    run(batches=list(range(20)), loss_fn=loss_fn)
    orders = [tuple(seen[n : n + 20]) for n in (0, 20, 40)]
    assert all(sorted(order) == list(range(20)) for order in orders)
    assert len({*orders, tuple(range(20))}) == 4


def test_history_counts_tokens_by_the_mask_and_updates_by_epoch():
    _, batches = problem()
    _, _, history = run(epochs=2)
    real = sum(int(mask.sum()) for _, _, mask in batches)
    assert sum(history.tokens) == 2 * real < 2 * 4 * B
    assert history.updates == [4, 8] and len(history.loss) == len(history.norm) == 8
    assert len(history.dev) == 2 and all(np.isfinite(history.loss + history.norm + history.dev))
    assert history.tokens_per_second == pytest.approx(2 * real / history.seconds)
    assert History().tokens_per_second == 0.0


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_early_stopping_restores_the_best_weights(better):
    """A scripted dev figure: best at epoch 2, two worse ones after it, so epoch 5 is never run."""
    script = {"lower": [3.0, 1.0, 2.0, 1.0, 0.0], "higher": [1.0, 3.0, 2.0, 3.0, 9.0]}[better]
    kept = []

    def dev(model):
        kept.append({name: value.clone() for name, value in model.state_dict().items()})
        return script[len(kept) - 1]

    model, _, history = run(epochs=9, dev=dev, better=better, patience=2)
    assert history.dev == script[:4] and history.best_epoch == 2, "an equal figure is not a better one"
    assert all(torch.equal(value, kept[1][name]) for name, value in model.state_dict().items())
    assert not all(torch.equal(value, kept[3][name]) for name, value in model.state_dict().items())
    assert not model.training


@settings(deadline=None, max_examples=20)
@given(st.floats(0.01, 3.0), st.floats(0.01, 100.0))
def test_clipping_keeps_the_direction_and_bounds_the_norm(clip, scale):
    """With SGD at rate 1 the step is the clipped gradient; the history has the norm before it was clipped."""
    w = nn.Linear(D, 1, bias=False).double()
    before = w.weight.detach().clone()
    g = torch.arange(1.0, D + 1, dtype=torch.float64)[None] * scale
    history = fit(
        w,
        lambda model, g: ((model.weight * g).sum(), 1),
        [g],
        torch.optim.SGD(w.parameters(), lr=1.0),
        epochs=1,
        seed=0,
        clip=clip,
    )
    step = before - w.weight.detach()
    assert history.norm[0] == pytest.approx(g.norm().item(), rel=1e-12)
    assert step.norm() <= clip * (1 + 1e-12)
    torch.testing.assert_close(step, g * min(1.0, clip / g.norm().item()), rtol=1e-3, atol=1e-12)
    assert F.cosine_similarity(step.flatten(), g.flatten(), dim=0) == pytest.approx(1.0, abs=1e-12)


def test_no_clipping():
    free, clipped = run(clip=None)[2], run(clip=1e-3)[2]
    assert free.norm[0] == clipped.norm[0] and free.loss[-1] < clipped.loss[-1]


def test_loss_goes_to_zero_on_a_few_examples():
    model, batches = problem(n_batches=1, dropout=0.0)
    history = fit(
        model, masked_loss, batches, torch.optim.Adam(model.parameters(), lr=0.05), epochs=300, seed=0
    )
    assert history.loss[0] > 0.5 and history.loss[-1] < 1e-2
    assert history.dev == [] and history.best_epoch is None


def test_a_loss_that_is_not_finite_stops_before_the_weights_are_hurt(tmp_path):
    model, batches = problem()
    calls = iter(range(100))

    def loss_fn(model, batch):
        loss, n = masked_loss(model, batch)
        return (loss * float("nan") if next(calls) == 5 else loss), n

    with pytest.raises(
        FloatingPointError, match=r"loss is nan at update 6 \(epoch 2, batch 2\).*learning rate"
    ):
        fit(model, loss_fn, batches, torch.optim.Adam(model.parameters(), lr=0.05), epochs=3, seed=0)
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


def test_a_gradient_that_is_not_finite_stops_too():
    """sqrt at 0 has a finite value and an infinite slope: the usual way to NaN weights."""
    model, batches = problem(dropout=0.0)
    with pytest.raises(FloatingPointError, match=r"gradient norm is (nan|inf) at update 1 "):
        fit(
            model,
            lambda m, b: ((m(b[0]) * 0.0).sum().sqrt(), 1),
            batches,
            torch.optim.SGD(model.parameters(), lr=0.1),
            epochs=1,
            seed=0,
        )
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batches": []}, "batches: expected at least one batch in epoch 1, got none"),
        ({"batches": lambda rng: iter(())}, "batches: expected at least one batch in epoch 1, got none"),
        (
            {"loss_fn": lambda m, b: (masked_loss(m, b)[0], 0)},
            r"loss_fn: expected at least one real token, got 0 at update 1 ",
        ),
        ({"better": "up"}, "better: expected 'lower' or 'higher', got 'up'"),
        ({"clip": 0.0}, "clip: expected a norm above 0, or None for no clipping, got 0.0"),
        ({"dev": None, "patience": 2}, "patience: expected at least 1, with a dev figure to watch"),
        ({"save_every": 0}, "save_every: expected at least 1 update, got 0"),
        ({"patience": 0}, "patience: expected at least 1"),
    ],
)
def test_bad_input_says_expected_and_got(options, message):
    with pytest.raises(ValueError, match=message):
        run(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 1}, "seed: expected 1, got 0"),
        ({"clip": 2.0}, "clip: expected 2.0, got 1.0"),
        ({"config": {"data": "ewt"}}, "config.data: expected 'ewt', got None"),
        ({"optimizer": lambda p: torch.optim.SGD(p, lr=0.1)}, "optimizer: expected SGD .*, got Adam "),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, options, message):
    path = tmp_path / "checkpoint.pt"
    run(path, epochs=1)
    with pytest.raises(ValueError, match=message):
        run(path, **options)


def test_a_checkpoint_that_cannot_be_read_says_so(tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"half a file")
    with pytest.raises(ValueError, match="cannot be read; delete it to start anew"):
        run(path)


def test_the_bar_shows_when_asked_and_only_then(capfd):
    run()
    assert capfd.readouterr() == ("", "")
    run(progress=True)
    out, err = capfd.readouterr()
    assert out == "" and "update" in err
