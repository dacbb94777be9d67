"""State as bytes and back: a plain safetensors file that carries its own SHA-256. Nothing is ever
unpickled.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import numpy as np
import safetensors.torch
from torch import Tensor

__all__ = ["CheckpointError", "decode", "encode"]

MARK = rb"{\"sha256\": \""  # as it stands in the file: JSON, inside a text of safetensors' own JSON
ZEROS = b"0" * 64


class CheckpointError(ValueError):
    """A checkpoint that cannot be written, read or used; the message says which file, what was
    found, what to do.
    """


def encode(state: Any) -> bytes:
    """Return a nest of dicts, lists, tuples, numbers (numpy's too), texts and tensors as a
    safetensors file's bytes.

    Its metadata hold the structure, as JSON, and a SHA-256 over every byte of the file, with the 64
    digits themselves taken as zeros. Dict keys are texts or whole numbers. Raises
    ``CheckpointError`` naming an entry of another kind."""
    tensors: dict[str, Tensor] = {}
    tree = _pack(state, "", tensors)
    raw = safetensors.torch.save(
        tensors, {"ganbook": json.dumps({"sha256": ZEROS.decode(), "tree": tree})}
    )
    start = raw.index(MARK + ZEROS) + len(MARK)
    return b"".join((raw[:start], hashlib.sha256(raw).hexdigest().encode(), raw[start + 64 :]))


def decode(raw: bytes) -> Any:
    """Return what `encode` was given, tensors on the CPU; ``ValueError`` if the bytes are not those
    that it wrote.
    """
    mark = re.search(re.escape(MARK) + rb"([0-9a-f]{64})\\", raw)
    if mark is None:
        raise ValueError(f"{len(raw)} bytes without a SHA-256 in them")
    content = hashlib.sha256(raw[: mark.start(1)] + ZEROS)
    content.update(memoryview(raw)[mark.end(1) :])
    found, expected = content.hexdigest(), mark[1].decode()
    if found != expected:
        raise ValueError(
            f"its content has the SHA-256 {found[:12]}..., expected {expected[:12]}..."
        )
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return _unpack(
        json.loads(header["__metadata__"]["ganbook"])["tree"], safetensors.torch.load(raw)
    )


def _pack(value: Any, where: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, np.bool_ | np.integer | np.floating) and value.dtype.itemsize <= 8:
        return {
            "number": [value.dtype.name, value.item()]
        }  # np.float32(0.1) times 1.0 is no Python float
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor):
        key = where
        while key in tensors:
            key += "_"
        tensors[key] = value.detach().cpu().contiguous().clone()
        return {"tensor": key}
    if isinstance(value, dict) and all(type(key) in (str, int) for key in value):
        return {
            "dict": [
                [k, _pack(v, f"{where}.{k}" if where else str(k), tensors)]
                for k, v in value.items()
            ]
        }
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_pack(v, f"{where}.{i}", tensors) for i, v in enumerate(value)]}
    raise CheckpointError(
        f"{where} is of type {type(value).__name__}: a checkpoint holds tensors, numbers, texts, "
        "and dicts, lists and tuples of them"
    )


def _unpack(node: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(node, dict):
        return node
    ((kind, value),) = node.items()
    if kind == "tensor":
        return tensors[value]
    if kind == "number":
        return np.dtype(value[0]).type(value[1])
    if kind == "dict":
        return {key: _unpack(v, tensors) for key, v in value}
    return {"list": list, "tuple": tuple}[kind](_unpack(v, tensors) for v in value)
