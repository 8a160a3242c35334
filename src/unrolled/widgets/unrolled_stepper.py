"""The unrolled stepper: an Elman network that reads a sentence, one word a step, with every number in sight.

The page does the arithmetic (``static/unrolled_stepper.mjs``); ``trace`` does the same with
``unrolled.scratch.rnn``, and the tests hold that both agree.
"""

import re
from typing import Any, NamedTuple

import anywidget
import numpy as np
import traitlets as t
from numpy.typing import ArrayLike

from unrolled.axes import Array, Float, Int, Sizes, expect_shape
from unrolled.scratch.rnn import ACTIVATIONS, rnn_forward, rnn_output
from unrolled.widgets._base import Numbers, SizeError, module, numbers

MOST_TOKENS = 60
UNITS = (2, 4)
"""The fewest and the most hidden units: more would not fit on a page as numbers."""
TERMS = ("", "Uh", "Wx", "b", "h", "Vh")
GUESS = {"way": str, "unit": int, "step": int}

_SPACE = "\t\n\v\f\r \u00a0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_MARKS = '.,;:!?…“”"()¿¡'
_WORD = re.compile(f"[{_MARKS}]|[^{_MARKS}{_SPACE}]+")

# Words by what they are: a thing, a quality, an action.  The determiner is none of these.
VOCAB = ("<unk>", "the", "a", "green", "old", "witch", "dog", "house", "arrived", "slept")
FEATURES = ("thing", "quality", "action")
EMBEDDINGS = (
    (0.1, 0.1, 0.1),
    (0.0, 0.0, 0.0),
    (0.0, 0.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.0, 0.8, 0.0),
    (1.0, 0.0, 0.0),
    (0.9, 0.0, 0.0),
    (0.8, 0.0, 0.0),
    (0.0, 0.0, 1.0),
    (0.0, 0.0, 0.8),
)
# "recent" answers to the latest words and fades; "named" goes up at the first thing and stays up,
# because 1.8 on the diagonal of U brings back more of it than tanh takes away.
DEFAULT = {
    "name": "Remembers a thing",
    "W": [[-0.8, 1.0, -0.5], [3.0, 0.0, 0.0]],
    "U": [[0.5, -0.3], [0.0, 1.8]],
    "b": [0.1, -0.2],
    "V": [[0.0, 2.0], [0.0, -2.0]],
    "h_0": [0.0, 0.0],
    "units": ["recent", "named"],
    "outputs": ["thing named", "not yet"],
    "g": "tanh",
}
ORDER = {
    "name": "Sees order (3 units)",
    "W": [[0.0, 2.0, 0.0], [3.0, 0.0, 0.0], [2.0, 0.0, 0.0]],
    "U": [[0.0, 0.0, 0.0], [0.0, 1.8, 0.0], [2.0, 0.0, 0.0]],
    "b": [0.0, -0.2, -2.0],
    "V": [[0.0, 0.0, 2.0], [0.0, 0.0, -2.0]],
    "h_0": [0.0, 0.0, 0.0],
    "units": ["quality", "named", "both"],
    "outputs": ["in order", "not now"],
    "g": "tanh",
}


def tokenize(text: str) -> list[str]:
    """Words between spaces; a punctuation mark is a word of its own."""
    return _WORD.findall(text)


class Trace(NamedTuple):
    """What the network computes on the sentence: one row a step."""

    tokens: list[str]
    ids: Int[Array, " T"]
    x: Float[Array, "T D"]
    h: Float[Array, "T H"]
    y: Float[Array, "T K"]


class UnrolledStepper(anywidget.AnyWidget):
    """The widget itself; ``unrolled_stepper`` makes one.  Every part of its state is a trait.

    ``text``, ``step`` (1 … T), ``playing``, ``folded``, the network ``W U V b h_0 g``, its words
    ``vocab embeddings``, names ``features units outputs``, ``presets``, and what the reader points at:
    ``term`` ("Uh", "Wx", "b", "h", "Vh"), ``unit`` (-1: none), ``guess``, ``table``.
    Assign whole arrays (``w.U = new_U``): a change inside a list is not seen.
    """

    _esm = module("unrolled_stepper")

    text = t.Unicode().tag(sync=True)
    step = t.Int(1).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    folded = t.Bool(False).tag(sync=True)
    W = Numbers(2).tag(sync=True)
    U = Numbers(2).tag(sync=True)
    V = Numbers(2).tag(sync=True)
    b = Numbers(1).tag(sync=True)
    h_0 = Numbers(1).tag(sync=True)
    g = t.Unicode("tanh").tag(sync=True)
    vocab = t.List(t.Unicode()).tag(sync=True)
    embeddings = Numbers(2).tag(sync=True)
    features = t.List(t.Unicode()).tag(sync=True)
    units = t.List(t.Unicode()).tag(sync=True)
    outputs = t.List(t.Unicode()).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)
    term = t.Unicode("").tag(sync=True)
    unit = t.Int(-1).tag(sync=True)
    guess = t.Dict().tag(sync=True)
    table = t.Bool(False).tag(sync=True)

    @property
    def trace(self) -> Trace:
        """Tokens, ids, x (T, D), h (T, H) and y (T, K), computed by ``unrolled.scratch.rnn``."""
        tokens = tokenize(self.text)
        ids = _lookup(tokens, self.vocab)
        x = np.array(self.embeddings)[ids]
        h, _ = rnn_forward(
            x, np.array(self.W), np.array(self.U), np.array(self.b), np.array(self.h_0), g=self.g
        )
        return Trace(tokens, ids, x, h, rnn_output(h, np.array(self.V)))

    @t.validate("text")
    def _check_text(self, proposal: Any) -> str:
        _count(proposal["value"])
        return proposal["value"]

    @t.observe("text")
    def _stay_inside(self, change: Any) -> None:
        self.step = min(self.step, len(tokenize(self.text)))

    @t.validate("step")
    def _check_step(self, proposal: Any) -> int:
        n = len(tokenize(self.text))
        if not 1 <= proposal["value"] <= n:
            raise SizeError(f"step: expected 1 to {n}, the words of the sentence, got {proposal['value']}")
        return proposal["value"]

    @t.validate("g", "term", "unit")
    def _check_choice(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        choices = {"g": tuple(ACTIVATIONS), "term": TERMS, "unit": range(-1, len(self.b))}[name]
        if value not in choices:
            raise SizeError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
        return value

    @t.validate("guess")
    def _check_guess(self, proposal: Any) -> dict:
        guess = proposal["value"]
        if guess and {key: type(v) for key, v in guess.items()} != GUESS:
            raise SizeError(f"guess: expected way, unit and step, or nothing, got {guess!r}")
        return guess

    @t.validate("W", "U", "V", "b", "h_0", "vocab", "embeddings", "features", "units", "outputs")
    def _check_network(self, proposal: Any) -> Any:
        _check_sizes(
            {**{name: getattr(self, name) for name in _NETWORK}, proposal["trait"].name: proposal["value"]}
        )
        return proposal["value"]


def unrolled_stepper(
    text: str = "the green witch arrived",
    W: Float[ArrayLike, "H D"] | None = None,
    U: Float[ArrayLike, "H H"] | None = None,
    V: Float[ArrayLike, "K H"] | None = None,
    b: Float[ArrayLike, " H"] | None = None,
    vocab: list[str] | tuple[str, ...] | None = None,
    embeddings: Float[ArrayLike, "n_vocab D"] | None = None,
    h_0: Float[ArrayLike, " H"] | None = None,
    g: str = "tanh",
    step: int | None = None,
    features: list[str] | None = None,
    units: list[str] | None = None,
    outputs: list[str] | None = None,
    folded: bool = False,
) -> UnrolledStepper:
    """Unroll h_t = g(U h_{t-1} + W x_t + b) (13.1), y_t = softmax(V h_t) (13.3) over ``text``.

    With no weights it shows a network of two units made by hand; with W and U it shows yours (V and
    b zero unless given).  2 to 4 units, 1 to 60 words; ``vocab`` must hold "<unk>", which unknown
    words are read as.  Raises ValueError with the shape expected and got.

    >>> w = unrolled_stepper("the green witch arrived")
    >>> w.trace.h.round(2)[-1]
    array([-0.64,  0.91])
    """
    own = W is not None or U is not None
    if own and (W is None or U is None):
        raise SizeError(f"{'U' if U is None else 'W'}: expected with {'W' if U is None else 'U'}, got None")
    if (vocab is None) != (embeddings is None):
        raise SizeError("vocab and embeddings: expected both or neither, got one of them")
    given = {"W": W, "U": U, "V": V, "b": b, "h_0": h_0}
    network = _own_network(given) if own else _default_network(given)
    embeddings = numbers("embeddings", EMBEDDINGS if embeddings is None else embeddings, 2)
    D, H, K = np.array(embeddings).shape[1], len(network["b"]), len(network["V"])
    network |= {
        "vocab": list(VOCAB if vocab is None else vocab),
        "embeddings": embeddings,
        "features": features or (list(FEATURES) if vocab is None else [f"x {d + 1}" for d in range(D)]),
        "units": units or network.get("units") or [f"unit {i + 1}" for i in range(H)],
        "outputs": outputs or network.get("outputs") or [f"class {k + 1}" for k in range(K)],
    }
    _check_sizes(network)
    n = _count(text)
    presets = _presets({**network, "g": g}, default=not own and vocab is None)
    return UnrolledStepper(
        **network,
        text=text,
        g=g,
        folded=folded,
        presets=presets,
        step=min(3, n) if step is None else step,
    )


def _count(text: str) -> int:
    n = len(tokenize(text))
    if not 1 <= n <= MOST_TOKENS:
        raise SizeError(f"text: expected 1 to {MOST_TOKENS} words, got {n}")
    return n


_NETWORK = ("W", "U", "V", "b", "h_0", "vocab", "embeddings", "features", "units", "outputs")


_NDIM = {"W": 2, "U": 2, "V": 2, "b": 1, "h_0": 1}


def _own_network(given: dict[str, Any]) -> dict[str, Any]:
    """The reader's W and U; V, b and h_0 are zero unless given."""
    network = {name: numbers(name, given[name], _NDIM[name]) for name in ("W", "U")}
    H = len(network["W"])
    zero = {"V": np.zeros((2, H)), "b": np.zeros(H), "h_0": np.zeros(H)}
    rest = {name: zero[name] if given[name] is None else given[name] for name in zero}
    return network | {name: numbers(name, value, _NDIM[name]) for name, value in rest.items()}


def _default_network(given: dict[str, Any]) -> dict[str, Any]:
    """The network made by hand, with what is given in place of its own."""
    given = {name: numbers(name, v, _NDIM[name]) for name, v in given.items() if v is not None}
    network = {name: v for name, v in {**DEFAULT, **given}.items() if name not in ("name", "g")}
    if "V" in given:
        del network["outputs"]
    return network


def _check_sizes(network: dict[str, Any]) -> None:
    """Say which array does not fit the others, what was expected and what was got."""
    sizes: Sizes = {}
    try:
        embeddings = expect_shape("embeddings", network["embeddings"], ("n_vocab", "D"), sizes)
        expect_shape("W", network["W"], ("H", "D"), sizes)
        for name, axes in {"U": ("H", "H"), "b": ("H",), "h_0": ("H",), "V": ("K", "H")}.items():
            expect_shape(name, network[name], axes, sizes)
        for name, axis in {"vocab": "n_vocab", "features": "D", "units": "H", "outputs": "K"}.items():
            expect_shape(name, np.array(network[name], dtype=object), (axis,), sizes)
    except ValueError as error:
        raise SizeError(str(error)) from None
    H, D, K = len(network["b"]), embeddings.shape[1], len(network["V"])
    for name, n, (least, most) in (("W", H, UNITS), ("embeddings", D, (1, 6)), ("V", K, (1, 6))):
        if not least <= n <= most:
            what = {"W": "hidden units", "embeddings": "numbers a word", "V": "outputs"}[name]
            raise SizeError(f"{name}: expected {least} to {most} {what}, got {n}")
    words = network["vocab"]
    if "<unk>" not in words:
        raise SizeError('vocab: expected "<unk>" among the words, for words it does not know, got none')
    if len(set(words)) != len(words):
        raise SizeError(f"vocab: expected each word once, got {max(words, key=words.count)!r} again")


def _lookup(tokens: list[str], vocab: list[str]) -> Array:
    """The row of each word: as written, else in small letters, else <unk>."""
    at = {word: i for i, word in enumerate(vocab)}
    return np.array([at.get(word, at.get(word.lower(), at["<unk>"])) for word in tokens])


def _presets(network: dict[str, Any], default: bool) -> list[dict[str, Any]]:
    """Variants of a network that are worth a look: each a name and the traits it sets."""
    given = {n: network[n] for n in ("W", "U", "V", "b", "h_0", "units", "outputs", "g")}
    U = np.array(network["U"])
    return [
        {"name": DEFAULT["name"] if default else "As given", **given},
        {**given, "name": "No memory: U = 0", "U": (0.0 * U).tolist()},
        {**given, "name": "Fades: U halved", "U": (0.5 * U).tolist()},
        {**given, "name": "Flips: −U", "U": (-U + 0.0).tolist()},
        *([ORDER] if default else []),
    ]
