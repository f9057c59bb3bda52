"""Results and evidence in a real browser: every number that is shown is one of the result's own."""

import csv
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import icsim
from icsim.sweeps import sweeping
from icsim.sweeps.store import Store, schema

pytestmark = pytest.mark.e2e
SMALL = {"population.sample": 0.01, "years": 0.17, "programme": "none"}
TRUST, CONTACT = "relationships.initial_trust", "relationships.contact"
Seen = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def results(runs: Path) -> Path:
    """A run of two replicates, a comparison of two pairs and a sweep whose truth is known."""
    icsim.run("isle-of-wight", overrides={**SMALL, "replicates": 2}, out=runs / "twice")
    sooner = {"name": "home sooner", "levers": {"length_of_stay": 0.8}}
    home = {"extends": "isle-of-wight", "name": "home-sooner", "interventions": [sooner]}
    icsim.compare(["isle-of-wight", home], replicates=2, overrides=SMALL, out=runs / "beds", jobs=1,
                  assumptions=3, ensemble=3)  # fmt: skip
    swept(runs / "trust")
    icsim.run("isle-of-wight", overrides=SMALL, out=runs.parent / "elsewhere")
    (runs / "astray").symlink_to(runs.parent / "elsewhere")
    (runs / "broken").mkdir()
    (runs / "broken" / "manifest.json").write_text("{", encoding="utf-8")
    return runs


def swept(folder: Path) -> None:
    """A finished sweep in which deaths come of trust alone."""
    ends = {"low": 0.0, "high": 1.0}
    file = {"base": "isle-of-wight", "factors": {TRUST: ends, CONTACT: ends}, "design": "morris", "points": 4}
    sweep = sweeping.prepare(file, out=folder)
    runs: list[Any] = sweep.design.table.to_dict("records")
    same = {"financial_year": "all", "dimension": "place", "group": "", "seconds": 1.0, "error": None}
    rows = [{**same, "run": run["run"], "outcome": "deaths", "value": 100 + 50 * run[TRUST]} for run in runs]
    with Store(folder) as store:
        sweeping.save(sweep, store)
        store.add(0, pa.Table.from_pylist(rows, schema=schema()))


def opened(page: Any, server: str, name: str) -> str:
    """A result taken from the shelf; what its title says."""
    page.goto(f"{server}/results")
    page.click(f"[data-test=open-{name}]")
    page.wait_for_selector(".ic-chart .main-svg")
    return page.inner_text("[data-test=result]")


def saved(page: Any, what: str) -> bytes:
    """The file behind a button or link."""
    with page.expect_download() as coming:
        page.click(what)
    return Path(coming.value.path()).read_bytes()


def filled(page: Any) -> float:
    """The smallest share of its card that a chart's drawing is wide."""
    return page.evaluate(
        "Math.min(...[...document.querySelectorAll('.ic-chart')].map("
        "c => c.querySelector('.main-svg').getBoundingClientRect().width / c.getBoundingClientRect().width))"
    )


def test_a_run_is_opened_and_nothing_outside_the_folder(
    page: Any, server: str, results: Path, seen: Seen
) -> None:
    page.goto(f"{server}/results")
    page.wait_for_selector("[data-test=open-twice]")
    shelf = page.inner_text("main")
    assert "astray" not in shelf
    assert "elsewhere" not in shelf
    assert page.locator("[data-test=open-broken]").is_disabled()
    seen(page, "shelf")
    assert "1 April 2015" in opened(page, server, "twice")
    assert filled(page) > 0.85
    seen(page, "run")
    run = icsim.open_run(results / "twice")
    trusts: Any = run.monthly[run.monthly["kind"] == "acute_trust"]
    first = trusts[trusts["month"] == trusts["month"].min()]
    a_day = first["emergency_admissions"].sum() / run.replicates / first["days"].iloc[0]
    drawn = list(csv.reader(saved(page, "[data-test^=csv-][data-test*=emergency]").decode().splitlines()))
    assert drawn[0] == ["month", "mean", "low", "high"]
    assert float(drawn[1][1]) == pytest.approx(a_day, rel=1e-4)
    picture = saved(page, "[data-test^=png-][data-test*=emergency]")
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert min(struct.unpack(">II", picture[16:24])) > 400
    page.select_option("[data-test=measure]", "routine_wait_days")
    page.wait_for_selector("[data-test*=general-practice] .main-svg")
    for name in ("astray", "..%2Felsewhere", "%2Fetc", "broken"):
        page.goto(f"{server}/results?open={name}")
        page.wait_for_selector("[data-test=refused]")
        assert str(results.parent) not in page.inner_text("main")


def test_a_comparison_shows_its_differences(page: Any, server: str, results: Path, seen: Seen) -> None:
    assert "home-sooner against" in opened(page, server, "beds")
    found = icsim.open_comparison(results / "beds").differences
    whole: Any = found[(found["dimension"] == "place") & (found["financial_year"] == "all")]
    occupancy = whole[whole["outcome"] == "occupancy"].iloc[0]
    drawn = saved(page, "[data-test=csv-beds-home-sooner-outcomes]").decode()
    row = next(each for each in csv.DictReader(drawn.splitlines()) if each["outcome"] == "occupancy")
    for column in ("reference", "policy", "difference", "low", "high"):
        assert float(row[column]) == pytest.approx(occupancy[column], rel=1e-4)
    change = f"{100 * occupancy['relative']:+.1f}%".replace("-", "−")
    assert change in page.inner_text("[data-test=chart-beds-home-sooner-outcomes]")
    assert filled(page) > 0.85
    page.select_option("[data-test=outcome]", "bed_days")
    page.wait_for_selector("[data-test=chart-beds-home-sooner-bed_days-pairs] .main-svg")
    pairs = csv.DictReader(
        saved(page, "[data-test=csv-beds-home-sooner-bed_days-pairs]").decode().splitlines()
    )
    apart = whole[whole["outcome"] == "bed_days"].iloc[0]["difference"]
    assert np.mean([float(each["difference"]) for each in pairs]) == pytest.approx(apart, rel=1e-4)
    assert page.locator("[data-test^=chart-][data-test*=imd_fifth] .main-svg").count()
    seen(page, "comparison")


def test_a_sweep_ranks_its_factors(page: Any, server: str, results: Path, seen: Seen) -> None:
    assert "vary relationships.initial_trust" in opened(page, server, "trust")
    page.wait_for_selector("[data-test=chart-trust-deaths-sensitivity] .main-svg")
    ranked = saved(page, "[data-test=csv-trust-deaths-sensitivity]").decode().splitlines()
    found = {row["factor"]: float(row["total"]) for row in csv.DictReader(ranked)}
    assert list(found) == [TRUST, CONTACT]
    assert found == pytest.approx({TRUST: 50, CONTACT: 0}, abs=1e-3)
    assert "rank correlation +1.00" in page.inner_text(f"[data-test='chart-trust-deaths-{TRUST}']")
    page.select_option("[data-test=factor]", CONTACT)
    page.wait_for_selector(f"[data-test='chart-trust-deaths-{CONTACT}'] .main-svg")
    assert page.locator("[data-test=chart-trust-deaths-parallel] .main-svg").count()
    assert filled(page) > 0.85
    seen(page, "sweep")


def test_evidence_is_that_of_the_run_and_can_be_searched(
    page: Any, server: str, results: Path, seen: Seen
) -> None:
    page.goto(f"{server}/evidence?run=twice")
    page.wait_for_selector("[data-test=class-measured]")
    classes = icsim.open_run(results / "twice").manifest["evidence"]["classes"]
    for kind, count in classes.items():
        assert page.inner_text(f"[data-test=class-{kind}] b") == f"{count:,}"
    everything = int(page.inner_text("[data-test=class-all] b").replace(",", ""))
    assert everything == sum(classes.values())
    page.click("[data-test=class-measured]")
    found = "parseInt(document.querySelector('[data-test=found]').textContent)"
    page.wait_for_function(f"{found} === {classes['measured']}")
    page.fill("[data-test=search]", "ambulance")
    page.wait_for_function(f"{found} < {classes['measured']}")
    words = page.locator(".ic-value").all_inner_texts()
    assert words
    assert all("ambulance" in each.lower() and "measured" in each for each in words)
    seen(page, "evidence")
    page.goto(f"{server}/evidence?run=trust")
    page.wait_for_selector("[data-test=refused]")
    page.select_option("[data-test=picker]", "")
    page.wait_for_selector("[data-test=more]")
    assert int(page.inner_text("[data-test=class-all] b").replace(",", "")) > everything
