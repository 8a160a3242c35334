"""What the language-model checkpoints share: Tatoeba's English, its vocabulary, training, perplexity, both forwards."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from unrolled import data
from unrolled.axes import Array
from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._recipes import about
from unrolled.data import UNK, pad, sentence_batches
from unrolled.experiments import text
from unrolled.nn.language_model import LanguageModel
from unrolled.train import fit, seeded

CAP, N_SAMPLE = 2_000, 80
SEED = 1


def train(
    name: str, make: Callable[[int], LanguageModel], rates: Sequence[float], config: Mapping[str, Any]
) -> Checkpoint:
    """Train on all of Tatoeba's English, an epoch at each learning rate, and measure on the whole test split."""
    sentences = text.tatoeba(len(data.load("tatoeba").english("train")), CAP)
    with seeded(SEED):
        model = make(len(sentences.vocabulary))
    optimizer = torch.optim.Adam(model.parameters())
    for epoch, rate in enumerate(rates):
        optimizer.param_groups[0]["lr"] = rate
        fit(
            model,
            text.loss,
            lambda rng: _batches(sentences, rng),
            optimizer,
            epochs=1,
            seed=SEED + 1000 * epoch,
        )
        print(
            f"  epoch {epoch + 1} of {len(rates)}: {text.perplexity(model, sentences.dev):.2f} on dev",
            flush=True,
        )
    test = [s.tolist() for s in sentences.test]
    made = Checkpoint(
        name,
        model.scratch_params(),
        {**config, "n_vocab": len(sentences.vocabulary)},
        {"words": list(sentences.vocabulary)},
        about("tatoeba", read=f"the English side, {len(sentences.train)} sentences, {len(rates)} epochs"),
        SEED,
    )
    sample = {"ids": test[:: len(test) // N_SAMPLE][:N_SAMPLE]}
    figures = {
        "dev": text.perplexity(load(made, make), sentences.dev),
        "unknown": float(np.mean(np.concatenate([s[1:] for s in sentences.test]) == UNK)),
    }
    return made.measured(lambda c, s: measure(c, s, make), "perplexity", {"ids": test}, sample, **figures)


def load(checkpoint: Checkpoint, make: Callable[[int], LanguageModel]) -> LanguageModel:
    """The torch model with the checkpoint's weights."""
    model = make(checkpoint.config["n_vocab"])
    model.load_scratch(checkpoint.params)
    return model.eval()


def measure(checkpoint: Checkpoint, sample: Mapping[str, Any], make: Callable[[int], LanguageModel]) -> float:
    """Perplexity per token, </s> counted, of the sentences in ``sample["ids"]``, each <s> … </s>."""
    return text.perplexity(load(checkpoint, make), [np.array(ids) for ids in sample["ids"]])


def both(
    checkpoint: Checkpoint,
    sample: Mapping[str, Any],
    make: Callable[[int], LanguageModel],
    forward: Callable[[Array, dict[str, Array], Array], Array],
) -> tuple[Array, Array]:
    """The scores of scratch's ``forward(ids, params, mask)`` and of the torch model in float64, of eight sentences."""
    ids, mask = pad(sample["ids"][-8:])
    with torch.no_grad():
        theirs, _ = load(checkpoint, make).double()(torch.from_numpy(ids), mask=torch.from_numpy(mask))
    return forward(ids, checkpoint.params, mask)[mask], theirs.numpy()[mask]


def _batches(sentences: text.Text, rng: np.random.Generator) -> list:
    return list(sentence_batches(sentences.train, max_tokens=text.MAX_TOKENS, rng=rng))
