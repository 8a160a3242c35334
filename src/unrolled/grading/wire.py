"""What crosses between the processes of a grading: plain data, arrays and tensors, as JSON and raw buffers.

Nothing is ever unpickled.  ``encode`` takes exact types only: an object that says it is an array, or equal to
everything, does not get through.  What is left over becomes a handle where the sender knows how (``handle``), else
``CannotCross``.  What a reader gets may be hostile: every failure to decode is a ``BadMessage``.
"""

import json
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

LONGEST_HEADER = 1 << 25
LONGEST_BUFFERS = 1 << 28
KINDS = "fiubc"
"""array kinds that cross as raw buffers: floats, integers, booleans, complex; strings go as lists"""


class CannotCross(BaseException):
    """A value that is neither data nor something that can be called from the other side.

    A BaseException, so that no ``except Exception`` of a test takes it for a mistake of the student.
    """


class BadMessage(Exception):  # noqa: N818
    """The other side sent something that is no message, or too much."""


class Gone(Exception):  # noqa: N818
    """The other side has ended."""


# values


def encode(
    value: Any, buffers: list[bytes], handle: Callable[[Any], Any] | None = None, depth: int = 0
) -> Any:
    """A JSON value for ``value``; arrays go into ``buffers``."""
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if -(1 << 62) < value < 1 << 62 else {"t": "int", "v": hex(value)}
    if kind is float:
        return value
    if depth > 50:
        raise CannotCross("data nested more than 50 deep cannot cross between the processes")
    if kind in (list, tuple, set, frozenset):
        return {"t": kind.__name__, "v": [encode(x, buffers, handle, depth + 1) for x in value]}
    if kind is dict:
        pairs = [
            [encode(k, buffers, handle, depth + 1), encode(v, buffers, handle, depth + 1)]
            for k, v in value.items()
        ]
        return {"t": "dict", "v": pairs}
    made = _encode_small(value, kind) or _encode_array(value, kind, buffers)
    if made is None and handle is not None:
        made = handle(value)
    if made is None:
        raise CannotCross(f"a value of type {kind.__name__} cannot cross between the processes")
    return made


def _encode_small(value: Any, kind: type) -> Any:
    if kind is complex:
        return {"t": "complex", "v": [value.real, value.imag]}
    if kind is bytes:
        return {"t": "bytes", "v": value.hex()}
    if kind is range:
        return {"t": "range", "v": [value.start, value.stop, value.step]}
    if kind is slice:
        return {"t": "slice", "v": [encode(x, []) for x in (value.start, value.stop, value.step)]}
    if value is Ellipsis or value is NotImplemented:
        return {"t": "const", "v": str(value)}
    return None


def _encode_array(value: Any, kind: type, buffers: list[bytes]) -> Any:
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and kind is numpy.ndarray:
        if value.dtype.kind == "U":
            return {"t": "strings", "d": value.dtype.str, "s": value.shape, "v": value.ravel().tolist()}
        if value.dtype.kind in KINDS:
            buffers.append(value.tobytes())
            return {"t": "array", "d": value.dtype.str, "s": value.shape, "b": len(buffers) - 1}
    elif (
        numpy is not None
        and issubclass(kind, numpy.generic)
        and kind.__module__ == "numpy"
        and value.dtype.kind in KINDS
    ):
        buffers.append(value.tobytes())
        return {"t": "scalar", "d": value.dtype.str, "b": len(buffers) - 1}
    elif numpy is not None and kind is numpy.str_:
        return {"t": "str_", "v": str(value)}
    elif numpy is not None and isinstance(value, numpy.dtype) and value.kind in KINDS:
        return {"t": "dtype", "v": value.str}
    elif torch is not None and kind in (torch.Tensor, torch.nn.Parameter) and value.layout is torch.strided:
        plain = value.detach().cpu().contiguous()
        if plain.dtype is torch.bfloat16:
            raw, name = plain.view(torch.int16).numpy(), "bfloat16"
        else:
            raw, name = plain.numpy(), str(plain.dtype).removeprefix("torch.")
        buffers.append(raw.tobytes())
        shape = list(value.shape)
        return {
            "t": "tensor",
            "d": name,
            "s": shape,
            "b": len(buffers) - 1,
            "g": value.requires_grad and value.is_leaf,
        }
    elif torch is not None and kind is torch.dtype:
        return {"t": "torch.dtype", "v": str(value).removeprefix("torch.")}
    return None


def decode(coded: Any, buffers: list[bytes], handle: Callable[[Any], Any] | None = None) -> Any:
    """The value of ``encode``; anything else is a BadMessage."""
    try:
        return _decode(coded, buffers, handle)
    except (CannotCross, BadMessage):
        raise
    except (Exception, RecursionError) as error:
        raise BadMessage(f"{type(error).__name__}: {error}") from None


def _decode(coded: Any, buffers: list[bytes], handle: Callable[[Any], Any] | None) -> Any:
    if not isinstance(coded, dict):
        if coded is None or isinstance(coded, bool | int | float | str):
            return coded
        raise BadMessage("no value")
    kind, value = coded["t"], coded.get("v")
    if kind in ("list", "tuple", "set", "frozenset"):
        items = [_decode(x, buffers, handle) for x in _a_list(value)]
        return items if kind == "list" else {"tuple": tuple, "set": set, "frozenset": frozenset}[kind](items)
    if kind == "dict":
        return {_decode(k, buffers, handle): _decode(v, buffers, handle) for k, v in _a_list(value)}
    if kind in ("array", "scalar", "tensor"):
        return _decode_array(coded, buffers)
    if kind == "handle" and handle is not None:
        return handle(coded)
    return _SMALL[kind](value, coded)


def _decode_array(coded: dict[str, Any], buffers: list[bytes]) -> Any:
    import numpy as np

    raw, kind, name = buffers[coded["b"]], coded["t"], str(coded["d"])
    if kind == "tensor":
        return _decode_tensor(coded, raw, name)
    dtype = np.dtype(name)
    if dtype.kind not in KINDS:
        raise BadMessage(f"an array of {name}")
    if kind == "scalar":
        return np.frombuffer(raw, dtype=dtype)[0]
    return np.frombuffer(raw, dtype=dtype).reshape(coded["s"]).copy()


def _decode_tensor(coded: dict[str, Any], raw: bytes, name: str) -> Any:
    import numpy as np
    import torch

    if name == "bfloat16":
        tensor = torch.from_numpy(np.frombuffer(raw, np.int16).reshape(coded["s"]).copy()).view(
            torch.bfloat16
        )
    else:
        dtype = np.dtype(name)
        if dtype.kind not in KINDS:
            raise BadMessage(f"a tensor of {name}")
        tensor = torch.from_numpy(np.frombuffer(raw, dtype).reshape(coded["s"]).copy())
    return tensor.requires_grad_() if coded.get("g") is True else tensor


def _strings(value: Any, coded: dict[str, Any]) -> Any:
    import numpy as np

    dtype = np.dtype(str(coded["d"]))
    if dtype.kind != "U" or not all(isinstance(x, str) for x in _a_list(value)):
        raise BadMessage("strings that are none")
    return np.array(value, dtype=dtype).reshape(coded["s"])


def _np(name: str, value: Any) -> Any:
    import numpy as np

    return getattr(np, name)(str(value))


def _torch_dtype(value: Any, _: Any) -> Any:
    import torch

    dtype = getattr(torch, str(value))
    if not isinstance(dtype, torch.dtype):
        raise BadMessage("no dtype")
    return dtype


_SMALL: dict[str, Callable[[Any, Any], Any]] = {
    "int": lambda v, _: int(v, 16),
    "complex": lambda v, _: complex(*v),
    "bytes": lambda v, _: bytes.fromhex(v),
    "range": lambda v, _: range(*v),
    "slice": lambda v, _: slice(*(_decode(x, [], None) for x in v)),
    "const": lambda v, _: {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}[v],
    "strings": _strings,
    "str_": lambda v, _: _np("str_", v),
    "dtype": lambda v, _: _np("dtype", v),
    "torch.dtype": _torch_dtype,
}


def _a_list(value: Any) -> list:
    if not isinstance(value, list):
        raise BadMessage("no list")
    return value


# messages


def send(channel: socket.socket, message: Any, buffers: list[bytes] | None = None) -> None:
    """One message: the length of a header, the header, the buffers."""
    buffers = buffers or []
    header = json.dumps([message, [len(b) for b in buffers]]).encode("utf-8", "surrogatepass")
    if len(header) > LONGEST_HEADER or sum(map(len, buffers)) > LONGEST_BUFFERS:
        raise CannotCross("more than 256 MB cannot cross between the processes")
    try:
        channel.sendall(b"".join([struct.pack("<I", len(header)), header, *buffers]))
    except OSError as error:
        raise Gone(str(error)) from None


def receive(channel: socket.socket) -> tuple[Any, list[bytes]]:
    """The next message; TimeoutError where the channel has a timeout and it passes."""
    (length,) = struct.unpack("<I", _exactly(channel, 4))
    if length > LONGEST_HEADER:
        raise BadMessage("the header is too long")
    try:
        message, sizes = json.loads(_exactly(channel, length).decode("utf-8", "surrogatepass"))
        if not all(type(n) is int and n >= 0 for n in sizes) or sum(sizes) > LONGEST_BUFFERS:
            raise BadMessage("the buffers are too long")
    except (ValueError, TypeError, RecursionError) as error:
        raise BadMessage(str(error)) from None
    return message, [_exactly(channel, n) for n in sizes]


def _exactly(channel: socket.socket, n: int) -> bytes:
    data = bytearray()
    while len(data) < n:
        try:
            part = channel.recv(min(n - len(data), 1 << 20))
        except TimeoutError:
            raise
        except OSError as error:
            raise Gone(str(error)) from None
        if not part:
            raise Gone("the process has ended")
        data += part
    return bytes(data)
