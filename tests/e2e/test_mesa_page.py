"""Mesa's own page of the model, served by Solara without a network."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "mesa_page.py"
PATIENCE = 120


def test_mesas_own_page_steps_and_is_made_anew_offline(page: Any, shots: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "solara", "run", str(EXAMPLE), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--no-open", "--production"]
    quiet = {"SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False"}
    with (tmp_path / "log").open("w") as log:
        served = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=os.environ | quiet, cwd=tmp_path
        )
    try:
        until = time.monotonic() + PATIENCE
        while "running at" not in (tmp_path / "log").read_text() and not _answers(port):
            assert served.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.2)
        page.goto(f"http://127.0.0.1:{port}")
        page.wait_for_selector("text=1 April 2015", timeout=PATIENCE * 1000)
        drawn = [page.get_attribute(f"img >> nth={k}", "src") for k in (0, 1)]
        page.click("button:has-text('Step')")
        page.wait_for_selector("text=2 April 2015")
        page.click("button:has-text('▶')")
        page.wait_for_selector("text=4 April 2015")
        page.click("button:has-text('❚❚')")
        again = [page.get_attribute(f"img >> nth={k}", "src") for k in (0, 1)]
        assert not set(drawn) & set(again)  # both charts were drawn anew
        assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 200)")
        page.screenshot(path=shots / "mesa-1280.png")
        page.click("button:has-text('Reset')")
        page.wait_for_selector("text=1 April 2015", timeout=PATIENCE * 1000)
        page.goto("about:blank")
    finally:
        served.terminate()
        served.wait(20)
    assert not re.search("Traceback", (tmp_path / "log").read_text())


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0
