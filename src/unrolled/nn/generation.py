"""The torch twin of ``scratch.generation``: a torch model gives the distributions, the same loop draws from them."""

from collections.abc import Sequence

import numpy as np

from unrolled.nn.language_model import LanguageModel, next_word_function
from unrolled.scratch import generation
from unrolled.scratch.generation import Generated


def generate(
    model: LanguageModel,
    prefix: Sequence[int],
    end: int | None,
    max_length: int,
    rng: np.random.Generator | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    greedy: bool = False,
) -> Generated:
    """``scratch.generation.generate`` from a torch language model; the same seed draws the same words.

    The model keeps its training or evaluation mode, and no graph is built.
    """
    return generation.generate(
        next_word_function(model), prefix, end, max_length, rng, temperature, top_k, top_p, greedy
    )
