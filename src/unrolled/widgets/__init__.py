"""Pictures that compute: each is one anywidget class and one ES module with no dependency.

They run in Jupyter, in step with Python, and on a page with no kernel.
"""

from unrolled.widgets._model import pack
from unrolled.widgets.attention import Attention, attention, attention_explorer, trace_attention
from unrolled.widgets.bottleneck import (
    Bottleneck,
    bottleneck,
    bottleneck_from_ledger,
    bottleneck_of_checkpoints,
)
from unrolled.widgets.context_explorer import ContextExplorer, context_explorer
from unrolled.widgets.decoder_stepper import DecoderStepper, decoder_stepper
from unrolled.widgets.gradient_explorer import GradientExplorer, gradient_explorer, gradient_flow
from unrolled.widgets.lstm_gates import LSTMGates, gate_explorer, lstm_gates, trace_gru, trace_lstm
from unrolled.widgets.next_word import NextWordExplorer, next_word_explorer
from unrolled.widgets.pooling import PoolingViewer, pooling_viewer
from unrolled.widgets.tying import TyingViewer, tying_viewer
from unrolled.widgets.unrolled_stepper import UnrolledStepper, unrolled_stepper

__all__ = [
    "Attention",
    "Bottleneck",
    "ContextExplorer",
    "DecoderStepper",
    "GradientExplorer",
    "LSTMGates",
    "NextWordExplorer",
    "PoolingViewer",
    "TyingViewer",
    "UnrolledStepper",
    "attention",
    "attention_explorer",
    "bottleneck",
    "bottleneck_from_ledger",
    "bottleneck_of_checkpoints",
    "context_explorer",
    "decoder_stepper",
    "gate_explorer",
    "gradient_explorer",
    "gradient_flow",
    "lstm_gates",
    "next_word_explorer",
    "pack",
    "pooling_viewer",
    "trace_attention",
    "trace_gru",
    "trace_lstm",
    "tying_viewer",
    "unrolled_stepper",
]
