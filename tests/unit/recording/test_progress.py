import io
import sys
import time

import pytest

from icsim.recording import progress as module
from icsim.recording.progress import progress

pytestmark = pytest.mark.unit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_it_is_quiet_when_not_a_terminal(monkeypatch: pytest.MonkeyPatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    with progress("Simulating", 10) as advance:
        time.sleep(0.05)
        advance(5)
    assert out.getvalue() == ""


def test_it_shows_nothing_of_what_is_over_in_a_moment(monkeypatch: pytest.MonkeyPatch):
    out = Terminal()
    monkeypatch.setattr(sys, "stderr", out)
    with progress("Simulating", 10) as advance:
        advance(10)
    assert "Simulating" not in out.getvalue()


def test_it_shows_what_takes_long_and_leaves_even_on_an_error(monkeypatch: pytest.MonkeyPatch):
    out = Terminal()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)

    def fail_slowly() -> None:
        with progress("Simulating", 10) as advance:
            advance(5)
            time.sleep(0.4)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail_slowly()
    assert "Simulating" in out.getvalue()
    assert "50%" in out.getvalue()
