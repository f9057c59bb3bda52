"""What holds for every test: one marker each, a fresh home for compiled code, repeatable properties in CI."""

import hashlib
import importlib.util
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

MARKERS = frozenset({"unit", "integration", "e2e"})
OLD_CACHE_SECONDS = 24 * 3600

# Numba compiles inside the first example, which no deadline could allow for.
settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_configure(config: pytest.Config) -> None:
    """Keep compiled code in a folder of this state of the sources, unless the caller has chosen one.

    Numba's own cache looks at the file of the compiled function only; if one that it calls changes in
    another file, the test would run the old one. Subprocesses inherit the folder.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    home = config.cache.mkdir("numba") if config.cache else None
    if home is None:
        return
    for old in home.iterdir():
        if time.time() - old.stat().st_mtime > OLD_CACHE_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    folder = home / _digest_of_sources()
    folder.mkdir(exist_ok=True)
    os.utime(folder)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to start where a test is not exactly one of unit, integration and e2e."""
    wrong = []
    for item in items:
        found = sorted(MARKERS & {mark.name for mark in item.iter_markers()})
        if len(found) != 1:
            wrong.append(f"  {item.nodeid}: {' and '.join(found) if found else 'none'}")
    if wrong:
        expected = "every test carries exactly one of the markers unit, integration and e2e; these do not:"
        raise pytest.UsageError("\n".join([expected, *wrong]))


def _digest_of_sources() -> str:
    """Sixteen hexadecimal digits that change with any Python file of the package under test."""
    spec = importlib.util.find_spec("icsim")
    if spec is None or spec.origin is None:
        raise pytest.UsageError("icsim is not installed: pip install '.[test]'")
    digest = hashlib.sha256()
    for folder, subfolders, files in os.walk(Path(spec.origin).parent, followlinks=True):
        subfolders.sort()
        for name in sorted(file for file in files if file.endswith(".py")):
            path = Path(folder, name)
            digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
