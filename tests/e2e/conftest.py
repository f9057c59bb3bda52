"""What the tests of the dashboard share: its server, Chromium, and what must hold of every page.

Screenshots go to ``$ICSIM_SCREENSHOTS``, or a folder of pytest's. ``.ci/run`` keeps them in ``artefacts/``.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SOON = 60_000
"""Milliseconds within which a busy machine answers."""
WALL, LAPTOP, PHONE = (1920, 1080), (1280, 720), (390, 844)
GONE_AFTER = "3s"
"""Until a tab whose connection broke is forgotten; a minute where people use it."""


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is served."""
    folder = tmp_path_factory.mktemp("served") / "runs"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def process(runs: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A dashboard that runs as a user's does; its address is in ``log`` beside the results."""
    arguments = ["dashboard", "--port", "0", "--no-browser", "--runs", str(runs)]
    with (runs.parent / "log").open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "icsim.cli", *arguments],
            stderr=written,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"SOLARA_KERNEL_CULL_TIMEOUT": GONE_AFTER},
        )
    yield process
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="session")
def server(process: subprocess.Popen[bytes], runs: Path) -> str:
    """The address of the dashboard."""
    log = runs.parent / "log"
    until = time.monotonic() + SOON / 1000
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            pytest.fail(f"the dashboard did not start: {log.read_text()}")
        time.sleep(0.1)
    return found[0]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        said = "these tests need Chromium: apt-get install chromium, or name it in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def watched(page: Any) -> list[str]:
    """What goes wrong on a page from now on: errors, failed requests, and any request to another host."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda asked: wrong.append(f"failed: {asked.url[:200]}"))
    page.on("response", lambda got: wrong.append(f"{got.status} {got.url}") if got.status >= 400 else None)

    def ask(url: str) -> None:
        if not url.startswith(("data:", "blob:")) and urlsplit(url).hostname != "127.0.0.1":
            wrong.append(f"from outside: {url}")

    page.on("request", lambda asked: ask(asked.url))
    page.on("websocket", lambda socket: ask(socket.url))
    return wrong


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of a wall; it fails the test that asks for anything from outside, or whose page has errors."""
    page = browser.new_page(viewport={"width": LAPTOP[0], "height": LAPTOP[1]})
    page.set_default_timeout(SOON)
    wrong = watched(page)
    yield page
    page.close()
    assert wrong == []


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go."""
    folder = Path(os.environ.get("ICSIM_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _serious(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.fixture(scope="session")
def serious() -> Callable[[Any], list[str]]:
    """What axe-core finds of serious and critical violations of WCAG 2.2 A and AA."""
    return _serious


TABBED = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, [tabindex], [role=button]")]
  const here = all.filter(one => !one.disabled && one.checkVisibility({ visibilityProperty: true })
    && one.getAttribute("role") !== "tab")
  here.forEach((one, k) => { one.dataset.tabbed = k })
  document.activeElement.blur()
  window.scrollTo(0, 0)
  return here.map(one => one.outerHTML.slice(0, 160))
}"""
REACHED = """() => {
  const one = document.activeElement, look = getComputedStyle(one)
  return [one.dataset.tabbed, look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2]
}"""


def _not_reached(page: Any) -> list[str]:
    """What can be used with a mouse and not by the Tab key, or shows no focus when it is."""
    waiting = dict(enumerate(page.evaluate(TABBED)))
    for _ in range(len(waiting) + 40):  # parts of a field, and of the drawing of a chart, take the focus too
        page.keyboard.press("Tab")
        at, shown = page.evaluate(REACHED)
        if at is not None and int(at) in waiting and shown:
            del waiting[int(at)]
        if not waiting:
            break
    return list(waiting.values())


@pytest.fixture(scope="session")
def seen(shots: Path) -> Callable[[Any, str], None]:
    """Screenshots of a page at three sizes; nothing wider than the screen, nothing serious found by axe, all
    of it within reach of the keyboard."""

    def look(page: Any, name: str) -> None:
        for width, height in (WALL, PHONE, LAPTOP):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(300)
            page.screenshot(path=shots / f"{name}-{width}.png", full_page=(width, height) == LAPTOP)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            if (width, height) != WALL:
                assert _serious(page) == [], (name, width)
        assert _not_reached(page) == [], name

    return look
