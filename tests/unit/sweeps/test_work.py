"""Making a run on a machine that may have no compiled code yet."""

import fcntl
import os
from pathlib import Path

import pytest

from icsim import compiling
from icsim.sweeps.work import _compiled_once

pytestmark = pytest.mark.unit


def goes_alone(folder: Path) -> bool:
    """Whether a run begun now holds the lock, so that no other may compile."""
    with _compiled_once():
        if not (folder / "compiling").exists():
            return False
        with (folder / "compiling").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False


def test_the_first_run_of_an_icsim_on_a_machine_goes_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "CACHE_FOLDER", tmp_path)
    assert goes_alone(tmp_path)
    assert not goes_alone(tmp_path)
    unpacked = tmp_path / "unpacked.py"  # the same code, which Ray has just laid elsewhere
    unpacked.write_text("")
    monkeypatch.setattr(compiling, "__file__", str(unpacked))
    assert goes_alone(tmp_path)
    assert not goes_alone(tmp_path)
    os.utime(unpacked, (1, 1))  # and anew at the same place
    assert goes_alone(tmp_path)


def test_a_first_run_that_fails_leaves_the_next_to_compile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "CACHE_FOLDER", tmp_path)
    with pytest.raises(ValueError, match="poison"), _compiled_once():
        raise ValueError("poison")
    assert goes_alone(tmp_path)
