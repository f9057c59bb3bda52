"""Hidden files that a killed command left half written: swept by the next that writes the same name."""

import glob
import shutil
import time
from contextlib import suppress
from pathlib import Path

TAKES_SECONDS = 600.0
"""Nothing written this way takes so long: who left a file that old is not writing any more."""


def partial_of(path: Path, mark: object) -> Path:
    """The hidden name under which ``path`` is written; ``mark`` keeps those who write at once apart."""
    return path.with_name(f".{path.name[:60]}.{mark}.partial")


def sweep_leftovers(path: Path) -> None:
    """Remove what was left half written of ``path`` by commands that are gone."""
    for left in path.parent.glob(partial_of(Path(glob.escape(path.name[:60])), "*").name):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime < TAKES_SECONDS:
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()
