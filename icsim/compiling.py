"""Compiled functions and where their machine code is kept.

Numba keys its cache on the file of the function alone, so a function would go on using the old code of a
function it calls in another file. Here the cache folder is named after the text of every file with compiled
code.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core import config

Function = TypeVar("Function", bound=Callable[..., Any])

_SETTINGS: Any = config  # Numba makes its settings at run time, where a type checker does not see them
_HERE = Path(__file__).parent
_KEPT = 16


def _sources() -> list[Path]:
    folders = ("population", "care", "recording")
    return [
        *sorted(_HERE.glob("*.py")),
        *(f for name in folders for f in sorted((_HERE / name).glob("*.py"))),
    ]


def _cache_folder() -> Path:
    digest = hashlib.sha256(numba.__version__.encode())
    for source in _sources():
        digest.update(source.read_bytes())
    given = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = Path(given) if given else home / "icsim"
    folder = root / f"code-{digest.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
    except OSError:  # a home that cannot be written to: compile anew in every process
        return Path(tempfile.mkdtemp(prefix="icsim-code-"))
    for old in sorted(root.glob("code-*"), key=lambda f: f.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


CACHE_FOLDER = _cache_folder()


def compiled(function: Function) -> Function:
    """Compile with Numba, cached in :data:`CACHE_FOLDER`; floating point stays as written (no fast-math)."""
    return _compile(function)


def kernel(function: Function) -> Function:
    """Compile a function that makes no arrays: as :func:`compiled`, without counting references to arrays.

    Counting costs 5 ns for each array of the state at each call, more than all else that a patient's day
    takes; the caller holds every array throughout. A function that makes an array does not compile this way.
    """
    return _compile(function, _nrt=False)


def _compile(function: Callable[..., Any], **options: Any) -> Any:
    before = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = str(CACHE_FOLDER)
    try:
        return numba.njit(cache=True, **options)(function)
    finally:
        _SETTINGS.CACHE_DIR = before


def record_of(tables: Any) -> np.record:
    """The fields of a named tuple of arrays and numbers as one record: a single pointer to compiled code."""
    values = {name: np.asarray(getattr(tables, name)) for name in tables._fields}
    kind = np.dtype([(name, value.dtype, value.shape) for name, value in values.items()], align=True)
    record = np.zeros(1, kind).view(np.recarray)[0]
    for name, value in values.items():
        record[name] = value
    return record
