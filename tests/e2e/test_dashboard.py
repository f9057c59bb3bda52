"""The dashboard in a real browser: play, change, part from the twin, save, replay, share, refuse.

Opening results: ``test_dashboard_results.py``.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
PLACE = "?place=isle-of-wight&sample=0.02&years=0.5&seed=3"
SOON = 120_000
"""Milliseconds within which a busy machine answers."""


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


def test_play_change_part_save_and_replay(
    page: Any,
    server: str,
    runs: Path,
    seen: Callable[[Any, str], None],
    serious: Callable[[Any], list[str]],
) -> None:
    page.goto(server)
    page.wait_for_selector("[data-test=open]")
    seen(page, "first")
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
    page.check("[data-test=both]")
    page.click("[data-test=befall]")
    wait_for(page, "marks", "Hospital paid by the head")
    wait_for(page, "marks", "A bad winter: 15% more illness of all kinds, its twin too")
    wait_for(page, "marks", "Enhanced clinical support to care homes")
    assert serious(page) == []
    page.select_option("[aria-label=Time] select", "0")
    page.click("[data-test=play]")
    wait_for(page, "date", "30 September 2015")
    assert page.locator("[data-test=apart]").count() >= 3  # of eight numbers
    assert "better than its twin" in shown(page, "tile-trust")
    assert "A bad winter" in shown(page, "feed")
    seen(page, "live")
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


def test_a_story_asks_before_it_answers(
    page: Any, server: str, shots: Path, seen: Callable[[Any, str], None], serious: Callable[[Any], list[str]]
) -> None:
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
    seen(page, "story-answer")
    page.click("[data-test=story-next]")
    page.wait_for_selector("[data-test=story-step]:has-text('question 2 of 3')")
    page.click("[data-test=story-leave]")
    page.wait_for_selector("[data-test=story]", state="detached")
    page.click("[data-test=other]")
    page.wait_for_selector("[data-test=open]")


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
