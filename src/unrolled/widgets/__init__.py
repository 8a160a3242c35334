"""Pictures that compute: each is one anywidget class and one ES module with no dependency.

They run in Jupyter, in step with Python, and on a page with no kernel.
"""

from unrolled.widgets.gradient_explorer import GradientExplorer, gradient_explorer, gradient_flow
from unrolled.widgets.lstm_gates import LSTMGates, gate_explorer, lstm_gates, trace_gru, trace_lstm
from unrolled.widgets.unrolled_stepper import UnrolledStepper, unrolled_stepper

__all__ = [
    "GradientExplorer",
    "LSTMGates",
    "UnrolledStepper",
    "gate_explorer",
    "gradient_explorer",
    "gradient_flow",
    "lstm_gates",
    "trace_gru",
    "trace_lstm",
    "unrolled_stepper",
]
