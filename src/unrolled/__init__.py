"""Unrolled: sequence models for language, from recurrence to attention.

``scratch`` holds each model in NumPy with its backward pass written by hand, ``nn`` its twin in
torch, ``checks`` what tells a student what went wrong.  Importing this package imports neither.
"""

__version__ = "0.1.0"
