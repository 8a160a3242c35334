"""Weights on their way to the page: what may travel, what it weighs, and that the page computes what scratch does."""

import json
from pathlib import Path

import numpy as np
import pytest
import traitlets
from widget_models import WORDS, network
from widget_page import node

from unrolled.data import tokenize
from unrolled.scratch import lstm
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.scratch.embedding import embed
from unrolled.scratch.language_model import OWN
from unrolled.scratch.rnn import softmax
from unrolled.scratch.weight_tying import untie
from unrolled.widgets import _base
from unrolled.widgets._model import MOST_BYTES, Weights, cell_of, encode, pack, unpack

JS = Path(__file__).parent / "js"
TEXTS = [
    "The green witch arrived.", "Don't stop, it's 3.14 or 1,000!", "“Curly” ‘quotes’", "¿Llegó la Bruja?", "",
    "well-known  state-of-the-art\tO'Neill's", "emoji 👩‍👩‍👧 and <unk> _x_ a_b", "x² ½ Ⅷ 日本語", "cannot I'd've", "e\u0301clair\u200b's\xa0\x1cend",
]  # fmt: skip


def run(cell, params, ids):
    """What scratch computes: every letter's (T, H), and the scores."""
    own = {n: p for n, p in params.items() if n not in OWN}
    x = embed(ids, params["E"])[0]
    h, *_, cache = cell.forward(x, own)
    found = {"h": h}
    if cell.name == "lstm":
        found = lstm.trace(x, own)
    elif cell.name == "gru":
        found |= {letter: cache.gates[:, k, 0] for k, letter in enumerate("rzn")}
    elif cell.width == 2:
        found |= {f"{way}.h": part for way, part in zip(("fwd", "bwd"), np.split(h, 2, axis=-1), strict=True)}
    return found, h @ params["V"].T + params["b_y"]


def case(name, T, H=5, seed=0):
    tied, both = name == "tied", name.startswith("bidirectional")
    cell = CELLS["rnn" if tied else name.split()[-1]]
    cell = bidirectional(cell) if both else cell
    packed = pack(network(cell, D=H if tied else 3, H=H, seed=seed, tied=tied), WORDS, {"H": H})
    params, _ = unpack(packed)
    ids = np.random.default_rng(seed).integers(0, len(WORDS), T)
    trace, scores = run(cell, untie(params) if tied else params, ids)
    return {
        "what": name, "packed": packed, "ids": ids.tolist(), "scores": scores.tolist(), "temperature": 0.7,
        "trace": {letter: values.tolist() for letter, values in trace.items()}, "p": softmax(scores[0] / 0.7).tolist(),
    }  # fmt: skip


def test_the_page_computes_what_scratch_computes(tmp_path):
    names = [*CELLS, *(f"bidirectional {name}" for name in CELLS), "tied"]
    sizes = [(1, 1), (7, 5), (30, 64)]
    cases = {
        "models": [case(name, T, H, k) for k, name in enumerate(names) for T, H in sizes],
        "texts": [{"text": text, "tokens": tokenize(text)} for text in TEXTS],
        "one": {"shape": [1, 2], "data": _base.to_base64([[1.0, 2.0]])},
    }
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(cases))
    done = node("--test", str(JS / "model.test.mjs"), UNROLLED_FIXTURES=str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_weights_come_back_rounded_to_float16_with_their_words():
    params = network(CELLS["lstm"])
    packed = pack(params, WORDS, {"seed": 1})
    back, vocabularies = unpack(packed)
    assert back.keys() == params.keys() and vocabularies == {"words": WORDS} and cell_of(packed) == "lstm"
    for name, array in params.items():
        np.testing.assert_array_equal(back[name], array.astype(np.float16).astype(float))
    assert pack(back, WORDS, {"seed": 1})["hash"] == packed["hash"] != pack(back, WORDS)["hash"]
    assert json.loads(json.dumps(packed)) == packed and pack(packed) == packed


def test_a_checkpoint_travels_as_it_is():
    class Checkpoint:
        params = network(CELLS["gru"])
        vocabularies = {"words": tuple(WORDS)}  # noqa: RUF012
        config = {"cell": "gru", "H": 5}  # noqa: RUF012

    packed = pack(Checkpoint())
    assert packed["config"]["cell"] == cell_of(packed) == "gru" and packed["vocabularies"]["words"] == WORDS


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        ({"U": np.full((5, 5), np.nan)}, WORDS, "U: expected finite numbers, got 25"),
        ({"U": [[7e4]]}, WORDS, "U: expected numbers up to 65504, all that float16 holds, got 70000"),
        ({"U": np.zeros((2, 2, 2))}, WORDS, r"U: expected 1 or 2 axes and some numbers, got shape \(2, 2, 2\)"),
        ({"U": "many"}, WORDS, "U: expected numbers, got 'many'"),
        ({"a b": [1.0]}, WORDS, "expected names of letters, digits, dots and underscores, got 'a b'"),
        ({}, WORDS[:5], r"E: expected shape \(D, n_vocab=5\), got \(3, 10\); n_vocab comes from words"),
        ({}, [w if w != "<unk>" else "x" for w in WORDS], 'words: expected "<unk>" among them'),
        ({}, [*WORDS[1:], "the"], "words: expected each word once, got 'the' again"),
        ({"Z": np.zeros((500, 500))}, WORDS, "params: expected at most 600,000 bytes as base64 of float16, got 66"),
    ],
)  # fmt: skip
def test_what_cannot_travel_is_said(change, words, message):
    with pytest.raises(ValueError, match=message):
        pack({**network(CELLS["rnn"]), **change}, words)


def test_no_model_is_said():
    for nothing in ({}, [1.0], None):
        with pytest.raises(ValueError, match="expected a checkpoint or a dict of arrays"):
            pack(nothing)
    with pytest.raises(ValueError, match="config: expected what JSON can hold"):
        pack(network(CELLS["rnn"]), WORDS, {"rng": object()})


def test_the_largest_that_travels_is_600_kb():
    packed = pack({"Z": np.zeros((450, 500))})
    assert sum(len(a["data"]) for a in packed["arrays"].values()) == MOST_BYTES


def test_a_trait_packs_what_is_assigned():
    class Holder(traitlets.HasTraits):
        weights = Weights().tag(sync=True)

    holder = Holder()
    assert holder.weights == {}
    holder.weights = network(CELLS["rnn"])
    assert set(holder.weights) == {"hash", "config", "vocabularies", "arrays"}
    with pytest.raises(ValueError, match="expected finite"):
        holder.weights = {"W": [np.inf]}


def test_words_are_found_as_written_then_in_small_letters():
    tokens, ids, unknown = encode(pack(network(CELLS["rnn"]), WORDS), "The Witch didn't sleep")
    assert tokens == ["The", "Witch", "did", "n't", "sleep"]
    assert ids.tolist() == [4, 6, 1, 9, 1] and unknown == [False, False, True, False, True]


def test_a_part_that_a_part_needs_comes_first_and_once(tmp_path, monkeypatch):
    for name, text in {
        "_kit": "export const a = 1;\n", "_model": 'import { a } from "./_kit.mjs";\nexport const b = a;\n',
        "w": 'import { b } from "./_model.mjs";\nimport { a } from "./_kit.mjs";\nexport default { a, b };\n',
    }.items():  # fmt: skip
        (tmp_path / f"{name}.mjs").write_text(text)
    (tmp_path / "w.css").write_text(".w { }")
    monkeypatch.setattr(_base, "STATIC", tmp_path)
    assert _base.module("w") == "const a=1;\nconst b=a;\nexport default{a,b};\n"


def test_a_module_carries_only_what_it_uses(tmp_path, monkeypatch):
    for name, text in {
        "_kit": "// why\nconst first = 1, second = 2;\nexport function used(a) {\n  return second + a;\n}\n"
        "export const unused = () => onlyThere();\nfunction onlyThere() {\n  return 1;\n}\nexport const [x] = [1];\n",
        "w": 'import { used } from "./_kit.mjs";\nexport default { used };\n',
    }.items():  # fmt: skip
        (tmp_path / f"{name}.mjs").write_text(text)
    (tmp_path / "w.css").write_text("")
    monkeypatch.setattr(_base, "STATIC", tmp_path)
    assert _base.module("w") == (
        "const first=1,second=2;\nfunction used(a){\nreturn second+a;\n}\nconst[x]=[1];\nexport default{used};\n"
    )
