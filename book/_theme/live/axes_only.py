"""Stands in for jaxtyping in the browser, where annotations are read by people only and the library would take half a second."""


class Axes:
    """``Float[Array, "T D"]`` is its array."""

    def __class_getitem__(cls, item):
        """The first of the two."""
        return item[0] if isinstance(item, tuple) else item


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Axes
