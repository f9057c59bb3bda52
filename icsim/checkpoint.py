"""The file of a checkpoint: one model at the start of one day, as plain arrays and JSON.

A line that says what it is, a line with the SHA-256 of the rest, then an Arrow stream: a column of bytes for
each array, compressed, and in the schema's metadata a JSON text with everything else. Nothing in it is
code: no pickle, no path, no class is taken from it. A file is written under a temporary name and renamed.
"""

import hashlib
import json
import math
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from icsim import __version__
from icsim.recording.store import ResultError

SUFFIX = ".icsim"
MAGIC = b"icsim checkpoint 1\n"
_METADATA = b"icsim"
_ARRAY, _TEXTS = "$array", "$texts"
_HERE = Path(__file__).parent
_MODEL = (
    "population",
    "care",
    "recording",
    "system",
    "experiment",
    "evidence",
    "evidence/catalogue",
    "agents",
)
_DEEPEST = 40


class CheckpointError(ResultError):
    """A checkpoint that cannot be written, read or continued; the message is for the user."""


@cache
def code_digest() -> str:
    """A short digest of everything that decides what a run does: the model's source and the evidence."""
    digest = hashlib.sha256(__version__.encode())
    files = [*_HERE.glob("*.py"), *(f for folder in _MODEL for f in (_HERE / folder).glob("*.[pc]*"))]
    for file in sorted(files):
        if file.suffix in (".py", ".csv") and file.name != "__init__.py":
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def write(path: Path, header: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write a checkpoint whole or not at all.

    Args:
        path: the file; its folder must exist.
        header: what can be known without the state, for JSON.
        state: arrays, numbers, texts, None, and lists and mappings of these.

    Raises:
        CheckpointError: a value of another kind, which the message names, or a disk that refuses.
    """
    import pyarrow as pa

    arrays: list[np.ndarray] = []
    text = json.dumps(
        {
            **header,
            "icsim": __version__,
            "code": code_digest(),
            "state": _packed(state, "", arrays),
            "arrays": [{"dtype": _described(a.dtype), "shape": list(a.shape)} for a in arrays],
        }
    )
    columns = [_column(array) for array in arrays]
    fields = [pa.field(f"{k}", column.type) for k, column in enumerate(columns)]
    schema = pa.schema(fields, metadata={_METADATA: text.encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_batch(pa.record_batch(columns, schema=schema))
    body = sink.getvalue()
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        with partial.open("wb") as file:
            file.write(MAGIC)
            file.write(hashlib.sha256(body).hexdigest().encode() + b"\n")
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise CheckpointError(f"cannot write the checkpoint {path}: {error}") from error


def _column(array: np.ndarray) -> Any:
    """One row of bytes: the array's memory, not copied."""
    import pyarrow as pa

    whole = np.ascontiguousarray(array).reshape(-1).view(np.ndarray).view(np.uint8)
    ends = pa.py_buffer(np.array([0, whole.size], np.int64))
    return pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(whole)])


def _packed(value: Any, where: str, arrays: list[np.ndarray]) -> Any:
    """A value for JSON, arrays replaced by their numbers and put aside."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):  # enumerations and NumPy's float64 too
        return float(value) if isinstance(value, float) else int(value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return {_TEXTS: [_packed(one, f"{where}[]", arrays) for one in value.tolist()]}
    if isinstance(value, np.ndarray):
        if not value.dtype.hasobject:
            arrays.append(value)
            return {_ARRAY: len(arrays) - 1}
    elif isinstance(value, np.generic):
        return _packed(value.item(), where, arrays)
    elif isinstance(value, list | tuple):
        return [_packed(one, f"{where}[{k}]", arrays) for k, one in enumerate(value)]
    elif isinstance(value, Mapping) and all(isinstance(k, str) and not k.startswith("$") for k in value):
        return {key: _packed(below, f"{where}.{key}".lstrip("."), arrays) for key, below in value.items()}
    raise CheckpointError(
        f"a checkpoint cannot hold {where}, a {type(value).__name__}: expected arrays, numbers, texts, None, "
        "lists, and mappings by text"
    )


def _described(dtype: np.dtype) -> Any:
    return np.lib.format.dtype_to_descr(dtype)


class Checkpoint:
    """A checkpoint as read: what it is of, and the state.

    Attributes:
        path: the file.
        header: ``experiment`` (resolved), ``replicate``, ``date``, ``day`` and what else was written.
        state: as given to :func:`write`; arrays are read only.
    """

    def __init__(self, path: str | Path) -> None:
        """Read and check a file; raises ``CheckpointError``."""
        self.path = Path(path).expanduser()
        self.header, self.state = _read(self.path)

    @property
    def date(self) -> date:
        """The day about to be lived."""
        return date.fromisoformat(self.header["date"])

    @property
    def replicate(self) -> int:
        """Which replicate of its run it is of."""
        return int(self.header["replicate"])


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    import pyarrow as pa

    try:
        content = path.read_bytes()
    except IsADirectoryError:
        raise CheckpointError(f"{path} is a folder, not the file of a checkpoint (*{SUFFIX})") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from None
    if not content.startswith(MAGIC[:17]):
        raise CheckpointError(f"{path} is not a checkpoint of icsim")
    if not content.startswith(MAGIC):
        said = content[:40].splitlines()[0].decode("ascii", "replace")
        raise CheckpointError(f"{path} was written by another version of icsim ({said!r}; this one reads 1)")
    start = len(MAGIC) + 65
    checksum = hashlib.sha256(memoryview(content)[start:]).hexdigest().encode() + b"\n"
    if checksum != content[len(MAGIC) : start]:
        raise CheckpointError(f"{path} is damaged or cut short: its checksum is wrong")
    try:
        stream = pa.ipc.open_stream(pa.py_buffer(content).slice(start))
        table = stream.read_all()
        header = json.loads(stream.schema.metadata[_METADATA])
        _refuse_others(path, header)
        columns = [column.chunk(0) for column in table.columns]
        described = header.pop("arrays")
        arrays = [_array(c, d) for c, d in zip(columns, described, strict=True)]
        return header, _unpacked(header.pop("state"), arrays, 0)
    except CheckpointError:
        raise
    except (
        pa.ArrowException, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError,
    ) as error:  # fmt: skip
        raise CheckpointError(f"{path} is damaged: {error}") from None


def _refuse_others(path: Path, header: Mapping[str, Any]) -> None:
    """Only the very code that wrote a checkpoint continues it to the same last bit."""
    if header["icsim"] != __version__:
        raise CheckpointError(
            f"{path} was written by icsim {header['icsim']}, this is {__version__}: continue it with that "
            "version, or run the experiment anew"
        )
    if header["code"] != code_digest():
        raise CheckpointError(
            f"{path} was written by icsim {header['icsim']} with other code (digest {header['code']}, here "
            f"{code_digest()}): the model or its evidence has changed since; continue it with the code that "
            "wrote it, or run the experiment anew"
        )


def _array(column: Any, described: Mapping[str, Any]) -> np.ndarray:
    import pyarrow as pa

    dtype = np.lib.format.descr_to_dtype(_tuples(described["dtype"]))
    shape = tuple(int(n) for n in described["shape"])
    if dtype.hasobject or column.type != pa.large_binary() or len(column) != 1:
        raise ValueError("an array that is not plain memory")
    whole = column[0].as_buffer()
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != whole.size:
        raise ValueError("an array of another size than described")
    return np.frombuffer(whole, dtype).reshape(shape)


def _tuples(described: Any) -> Any:
    """A description of a type, whose tuples JSON has made lists."""
    if not isinstance(described, list):
        return described
    fields = []
    for name, below, *shape in described:
        fields.append((name, _tuples(below), *(tuple(one) for one in shape)))
    return fields


def _unpacked(value: Any, arrays: list[np.ndarray], depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [_unpacked(one, arrays, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    if _ARRAY in value:
        return arrays[int(value[_ARRAY])]
    if _TEXTS in value:
        texts = np.empty(len(value[_TEXTS]), dtype=object)
        texts[:] = value[_TEXTS]
        return texts
    return {key: _unpacked(below, arrays, depth + 1) for key, below in value.items()}
