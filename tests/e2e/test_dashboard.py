"""The dashboard in a real browser: play, change, part from the twin, save, replay, share, refuse.

Screenshots go to ``$ICSIM_SCREENSHOTS``, or a folder of pytest's.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PLACE = "?place=isle-of-wight&sample=0.02&years=0.5&seed=3"
SOON = 120_000
"""Milliseconds within which a busy machine answers."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "runs"


@pytest.fixture(scope="module")
def server(runs: Path) -> Iterator[str]:
    """The address of a dashboard that runs as a user's does."""
    runs.mkdir()
    command = [
        sys.executable,
        "-m",
        "icsim.cli",
        "dashboard",
        "--port",
        "0",
        "--no-browser",
        "--runs",
        str(runs),
    ]
    log = runs.parent / "log"
    with log.open("w") as written:
        process = subprocess.Popen(command, stderr=written, stdin=subprocess.DEVNULL)
    until = time.monotonic() + SOON / 1000
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            pytest.fail(f"the dashboard did not start: {log.read_text()}")
        time.sleep(0.1)
    yield found[0]
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
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


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of a wall; it fails the test that asks for anything from outside, or whose page has errors."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(SOON)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda asked: wrong.append(asked.url))
    page.on("response", lambda got: wrong.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.on(
        "request", lambda asked: None if _local(asked.url) else wrong.append(f"from outside: {asked.url}")
    )
    yield page
    page.close()
    assert wrong == []


def _local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ.get("ICSIM_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def shown(page: Any, name: str) -> str:
    return page.inner_text(f"[data-test={name}]")


def wait_for(page: Any, name: str, pattern: str) -> None:
    """Until a part of the page says what is expected."""
    until = time.monotonic() + SOON / 1000
    while not re.search(pattern, shown(page, name)):
        assert time.monotonic() < until, f"{name}: {shown(page, name)!r}, expected {pattern!r}"
        page.wait_for_timeout(100)


def opened(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("[data-test=network]", timeout=3 * SOON)  # the first model compiles


def serious(page: Any) -> list[str]:
    """What axe-core finds of serious and critical violations of WCAG 2.2 A and AA."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_play_change_part_save_and_replay(page: Any, server: str, runs: Path, shots: Path) -> None:
    page.goto(server)
    page.wait_for_selector("[data-test=open]")
    assert serious(page) == []
    opened(page, f"{server}/{PLACE}")
    assert shown(page, "date") == "1 April 2015"
    page.click("[data-test=day]")
    wait_for(page, "date", "^2 April 2015")
    page.click("[data-test=month]")
    wait_for(page, "date", "^2 May 2015")
    assert not page.locator("[data-test=apart]").count()  # nothing has been changed: every number is the same
    page.fill("[data-test=trust]", "90")
    page.dispatch_event("[data-test=trust]", "change")
    wait_for(page, "marks", "Trust between everybody set to 90% 2 May 2015")
    page.click("[data-test=tab-services]")
    page.click("[data-test=joint]")
    page.fill("[data-test=service-word]", "care homes")
    page.select_option("[data-test=service]", "care-home-support")
    page.click("[data-test=service-start]")
    page.keyboard.press("Tab")
    assert serious(page) == []
    page.focus("[data-test=tab-services]")
    page.keyboard.press("ArrowLeft")  # to the contract, without a mouse
    page.click("[data-test=payment-capitation]")
    page.click("[data-test=tab-events]")
    page.click("[data-test=befall]")
    wait_for(page, "marks", "Hospital paid by the head")
    wait_for(page, "marks", "Enhanced clinical support to care homes")
    assert serious(page) == []
    page.select_option("[aria-label=Time] select", "0")
    page.click("[data-test=play]")
    wait_for(page, "date", "30 September 2015")
    assert page.locator("[data-test=apart]").count() >= 3  # of eight numbers
    assert "better than its twin" in shown(page, "tile-trust")
    assert "A bad winter" in shown(page, "feed")
    assert serious(page) == []
    for width, height in ((1920, 1080), (1280, 720), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        page.screenshot(path=shots / f"live-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("[data-test=save]")
    address = page.get_attribute("[data-test=file]", "href")
    from urllib.parse import unquote

    file = runs.parent / "session.yaml"
    file.write_text(unquote(address.partition(",")[2]), encoding="utf-8")
    emergencies, beds = (
        page.inner_text(f"[data-test=tile-{key}] [data-test=now]") for key in ("emergency", "occupancy")
    )
    command = [sys.executable, "-m", "icsim.cli", "run", str(file), "--out", str(runs / "replayed")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    import icsim

    daily = icsim.open_run(runs / "replayed").daily
    last = daily[daily["date"] > daily["date"].max() - daily["date"].diff().max() * 28]
    trusts, place = last[last["kind"] == "acute_trust"], last[last["kind"] == "system"]
    rate = 365.25 * 1000 * trusts["emergency_admissions"].sum() / place["population"].sum()
    assert f"{rate:.0f}" == emergencies
    own = trusts[trusts["organisation"] != "Hospitals elsewhere"]
    assert f"{100 * own['beds_occupied'].sum() / own['beds_open'].sum():.1f}%" == beds
    page.click("[data-test=link]")
    link = page.input_value("[data-test=shared]")
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("[data-test=network]", timeout=3 * SOON)  # the first model compiles
    wait_for(page, "date", "30 September 2015")
    assert page.inner_text("[data-test=tile-emergency] [data-test=now]") == emergencies


def test_a_story_asks_before_it_answers(page: Any, server: str, shots: Path) -> None:
    page.goto(server)
    page.wait_for_selector("[data-test=story-the-back-door]")
    page.select_option("[data-test=story-sample]", "0.05")
    page.click("[data-test=story-the-back-door]")
    page.wait_for_selector("[data-test=story-next]", timeout=3 * SOON)
    page.select_option("[aria-label=Time] select", "0")
    page.click("[data-test=story-next]")  # plays to the question
    page.wait_for_selector("[data-test=guess-higher]")
    assert shown(page, "date") == "2 October 2015"
    assert not page.locator("[data-test=story-answer]").count()
    page.click("[data-test=guess-higher]")
    page.wait_for_selector("[data-test=guess-higher][aria-pressed=true]")
    assert serious(page) == []
    page.screenshot(path=shots / "story-question-1280.png")
    page.click("[data-test=story-next]")  # plays to the answer
    page.wait_for_selector("[data-test=story-answer]")
    assert shown(page, "date") == "31 March 2016"
    wait_for(page, "marks", "Social care cut by 20%")
    verdict = shown(page, "story-verdict")
    more = shown(page, "story-answer").startswith("More:")
    assert ("The room thought so." if more else "The room thought otherwise.") in verdict
    assert serious(page) == []
    for width, height in ((1920, 1080), (1280, 720), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        page.screenshot(path=shots / f"story-answer-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("[data-test=story-next]")
    page.wait_for_selector("[data-test=story-step]:has-text('question 2 of 3')")
    page.click("[data-test=story-leave]")
    page.wait_for_selector("[data-test=story]", state="detached")
    page.click("[data-test=other]")
    page.wait_for_selector("[data-test=open]")


def test_a_result_is_opened_and_nothing_outside_the_folder(
    page: Any, server: str, runs: Path, shots: Path
) -> None:
    import icsim

    small = {"population.sample": 0.01, "years": 0.3}
    icsim.run("isle-of-wight", overrides=small, out=runs / "small")
    icsim.run("isle-of-wight", overrides=small, out=runs.parent / "elsewhere")
    (runs / "astray").symlink_to(runs.parent / "elsewhere")
    page.goto(f"{server}/results")
    page.wait_for_selector("[data-test=picker]")
    offered = page.locator("[data-test=picker] option").all_inner_texts()
    assert "small" in offered
    assert not {"astray", "elsewhere"} & set(offered)
    page.select_option("[data-test=picker]", "small")
    page.wait_for_selector(".js-plotly-plot .main-svg")
    assert "1 April 2015" in shown(page, "result").replace("01 April", "1 April")
    assert "values assumed" in page.inner_text("main")
    assert serious(page) == []
    page.screenshot(path=shots / "results-1280.png")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("place: [unclosed", "expected"),
        ("extends: /etc/passwd", "may extend what icsim ships and no other file"),
        ("extends: salford\nyears: 900", "expected"),
        ("place: england", "too many to watch live"),
        ("extends: salford\nyeers: 2", "did you mean years"),
    ],
)
def test_a_bad_file_is_refused_in_words(page: Any, server: str, text: str, said: str) -> None:
    page.goto(server)
    page.wait_for_selector("[data-test=upload]")
    page.set_input_files(
        "[data-test=upload]", {"name": "bad.yaml", "mimeType": "text/plain", "buffer": text.encode()}
    )
    page.wait_for_selector("[data-test=refused]")
    assert said in shown(page, "refused")
    assert "Traceback" not in page.inner_text("body")
