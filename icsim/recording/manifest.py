"""What a results folder says of itself: experiment, versions, seeds, evidence and timings."""

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from icsim import __version__

FORMAT = "icsim-run"
FORMAT_VERSION = 1
LIBRARIES = ("numpy", "numba", "mesa", "pandas", "pyarrow", "scipy")


class Evidence(Protocol):
    """What the manifest asks of the evidence catalogue."""

    @property
    def used(self) -> Iterable[str]:
        """Keys read so far."""
        ...

    def __getitem__(self, key: str, /) -> Any:
        """The parameter of a key, with ``value`` and ``kind``."""
        ...


def plain(value: Any) -> Any:
    """What JSON cannot say by itself: dates as ISO text, NumPy as numbers and lists, the rest as text."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def digest(value: Any) -> str:
    """SHA-256 of a value as canonical JSON: the same for equal values, whatever the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=plain)
    return hashlib.sha256(text.encode()).hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that can change a result."""
    return {"python": platform.python_version(), "icsim": __version__, **_libraries()}


@cache
def _libraries() -> dict[str, str]:
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "absent"
    return found


def evidence_used(catalogue: Evidence) -> dict[str, Any]:
    """The catalogue rows a run rests on: value and class of each key, counts by class, hash of the values."""
    rows = {key: catalogue[key] for key in sorted(catalogue.used)}
    keys = {key: {"value": row.value, "class": str(row.kind)} for key, row in rows.items()}
    return {
        "keys": keys,
        "classes": dict(sorted(Counter(entry["class"] for entry in keys.values()).items())),
        "sha256": digest({key: entry["value"] for key, entry in keys.items()}),
    }


def build_manifest(
    *,
    experiment: Mapping[str, Any],
    seeds: Sequence[int],
    name: str = "",
    model: str = "",
    catalogue: Evidence | None = None,
    timings: Mapping[str, float] | None = None,
    diagnostics: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest of a run, plain enough for JSON.

    Args:
        experiment: the resolved experiment, every value in it.
        seeds: the seed of each replicate, in order.
        name: what the place is called in titles.
        model: the class that was run, with its module.
        catalogue: the evidence as the run used it.
        timings: seconds by phase.
        diagnostics: anything else worth keeping, such as refused extrapolations or queues that overflowed.
    """
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": name,
        "model": model,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "experiment": dict(experiment),
        "experiment_sha256": digest(experiment),
        "seed": seeds[0] if seeds else None,
        "replicates": [{"replicate": number, "seed": seed} for number, seed in enumerate(seeds)],
        "versions": versions(),
        "platform": platform.platform(terse=True),
        "timings_seconds": dict(timings or {}),
        "evidence": evidence_used(catalogue) if catalogue is not None else {"keys": {}, "classes": {}},
        "diagnostics": dict(diagnostics or {}),
    }
