"""What every checkpoint keeps: it loads with no network and no torch, and its recorded figure comes out again."""

import dataclasses
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from unrolled import checkpoints
from unrolled.checkpoints import Checkpoint, load, names, read, save
from unrolled.checkpoints.__main__ import main
from unrolled.checkpoints._recipes import about, recipe, recipes
from unrolled.data.vocabulary import SPECIALS

ALL = [pytest.param(name, id=name) for name in names()]


def small(**changes) -> Checkpoint:
    params = {"W": np.arange(6.0).reshape(2, 3) / 7, "b": np.array([0.1, -2.0])}
    parts = {
        "config": {"H": 2},
        "vocabularies": {"words": [*SPECIALS, "é"]},
        "data": {"title": "a text"},
        "seed": 1,
    }
    made = Checkpoint("small", params, **parts)
    made = made.measured(lambda c, s: c.params["W"].sum() + len(s["ids"]), "sum", {"ids": [1]}, {"ids": []})
    return dataclasses.replace(made, **changes)


@pytest.mark.parametrize("name", ALL)
def test_its_figure_comes_out_again_with_no_network(name, monkeypatch, tmp_path):
    monkeypatch.setenv("UNROLLED_DATA", str(tmp_path))  # no corpus there
    checkpoint = load(name)
    assert recipe(name).measure(checkpoint, checkpoint.sample) == pytest.approx(
        checkpoint.sample_figure, rel=1e-4
    )


@pytest.mark.parametrize("name", ALL)
def test_scratch_and_torch_say_the_same_with_its_weights(name):
    checkpoint = load(name)
    ours, theirs = recipe(name).both(checkpoint, checkpoint.sample)
    assert np.size(ours) > 0 and np.shape(ours) == np.shape(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_it_is_small_whole_and_says_where_it_comes_from(name, tmp_path):
    checkpoint, path = load(name), checkpoints.FOLDER / f"{name}.npz"
    assert path.stat().st_size <= checkpoints.MAX_BYTES and checkpoint.name == name
    for p in checkpoint.params.values():
        assert p.dtype == np.float64 and np.isfinite(p).all()
        assert np.array_equal(p, p.astype(np.float16)), "measured with other numbers than are kept"
    assert np.isfinite(list(checkpoint.metric.values())).all() and checkpoint.metric
    assert checkpoint.sample and checkpoint.seconds > 0 and checkpoint.config
    for words in checkpoint.vocabularies.values():
        assert len(words) == len(set(words))
    corpus = about(checkpoint.data["corpus"])
    assert {part: checkpoint.data[part] for part in corpus} == corpus
    save(checkpoint, tmp_path / path.name)
    with zipfile.ZipFile(tmp_path / path.name) as ours, zipfile.ZipFile(path) as theirs:
        assert ours.namelist() == theirs.namelist()
        assert all(ours.read(entry) == theirs.read(entry) for entry in ours.namelist())


def test_every_checkpoint_has_its_recipe_and_every_recipe_its_parts():
    assert set(names()) <= set(recipes())
    for name in recipes():
        assert recipe(name).train


def test_params_are_rounded_before_anything_is_measured():
    seen = []
    made = small()
    again = made.measured(lambda c, s: seen.append(c.params["W"]) or 1.0, "n", {}, {}, other=2.0)
    assert again.metric == {"n": 1.0, "other": 2.0}
    for W in seen:
        assert np.array_equal(W, W.astype(np.float16)) and not np.array_equal(
            W, np.arange(6.0).reshape(2, 3) / 7
        )


def test_what_is_saved_is_read_again_and_the_bytes_are_the_same(tmp_path):
    made, first, second = small(), tmp_path / "a.npz", tmp_path / "b.npz"
    save(made, first)
    got = read(first)
    assert all(np.array_equal(got.params[n], made.params[n]) for n in made.params)
    for part in dataclasses.fields(Checkpoint):
        if part.name != "params":
            assert getattr(got, part.name) == getattr(made, part.name), part.name
    save(got, second)
    assert first.read_bytes() == second.read_bytes()
    with np.load(first) as plain:  # any NumPy can read it
        assert plain["W"].dtype == np.float16 and plain["W"].shape == (2, 3)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_what_is_too_large_or_not_measured_is_not_written(tmp_path):
    noise = np.random.default_rng(0).normal(size=600_000)
    with pytest.raises(ValueError, match=r"small: expected at most 1,000,000 bytes, got 1,1"):
        save(small(params={"W": noise}), tmp_path / "a.npz")
    with pytest.raises(ValueError, match="metric: expected finite figures of small"):
        save(small(metric={}), tmp_path / "a.npz")
    with pytest.raises(ValueError, match="metric: expected finite figures of small"):
        save(small(sample_figure=float("nan")), tmp_path / "a.npz")
    assert list(tmp_path.iterdir()) == []
    for bad in (1e6, np.nan):
        with pytest.raises(ValueError, match="W: expected numbers that float16 can hold"):
            small(params={"W": np.array([bad])})


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(ValueError, match=r"checkpoint: expected one of .*, got 'word-lm'") as error:
        load("word-lm")
    assert all(name in str(error.value) for name in names())


def cut(content):
    return content[: len(content) // 2]


def flip(content):
    return content[:60] + bytes([content[60] ^ 255]) + content[61:]


@pytest.mark.parametrize(
    "damage",
    [cut, flip, lambda content: b"", lambda content: b"PK\x05\x06" + bytes(18)],
    ids=["cut", "flip", "nothing", "empty archive"],
)
def test_a_damaged_file_is_one_clear_error(damage, tmp_path):
    path = tmp_path / "a.npz"
    save(small(), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"a\.npz: expected a checkpoint as save") as error:
        read(path)
    assert "\n" not in str(error.value)
    np.savez(tmp_path / "a.npz", W=np.ones(2))
    with pytest.raises(ValueError, match="a damaged file or another one"):
        read(path)
    with pytest.raises(ValueError, match="expected a checkpoint, got no file"):
        read(tmp_path / "none.npz")


def test_importing_and_loading_need_no_torch():
    code = (
        "import sys; from unrolled import checkpoints\n"
        "for name in checkpoints.names(): checkpoints.load(name)\n"
        "print(*({'torch', 'matplotlib', 'pooch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_command_line(capsys):
    assert main(["nonsense"]) == 2
    assert "no checkpoint nonsense; there are: " in capsys.readouterr().err
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in recipes())
