"""Every place that is shipped, and some that are not, live through twenty days."""

from pathlib import Path
from typing import Any

import pytest

import icsim
from icsim.evidence import places

pytestmark = pytest.mark.e2e
TWENTY_DAYS = 20 / 365.25
THE_NINE = (
    "morecambe-bay", "harrogate", "mid-nottinghamshire", "isle-of-wight", "north-east-hampshire-and-farnham",
    "northumberland", "salford", "south-somerset", "wirral",
)  # fmt: skip


def live(place: Any, tmp_path: Path, sample: float = 0.02) -> Any:
    """Twenty days of a place, its results in a folder."""
    overrides = {"population.sample": sample, "years": TWENTY_DAYS}
    return icsim.run(place, overrides=overrides, out=tmp_path / "run")


def test_the_nine_are_shipped():
    assert set(THE_NINE) <= set(places.shipped())


@pytest.mark.parametrize("place", THE_NINE)
def test_a_shipped_place_runs(place, tmp_path):
    run = live(place, tmp_path)
    assert run.name == place
    kinds = run.organisations.groupby("kind").size()
    assert kinds["gp_practice"] >= 10
    assert kinds["acute_trust"] >= 1
    daily = run.daily
    system = daily[daily["kind"] == "system"]
    assert len(system) == 20
    residents = places.resolve(place).population * 0.02
    assert system["population"].to_numpy() == pytest.approx(residents, rel=0.05)
    trusts = daily[daily["kind"] == "acute_trust"].groupby("organisation").sum(numeric_only=True)
    own = run.organisations.query("kind == 'acute_trust'")["name"].iloc[0]  # elsewhere comes last
    assert trusts.loc[own, "ae_attendances"] > 10
    assert daily.loc[daily["kind"] == "gp_practice", "appointments"].sum() > 500
    paid = run.money.groupby("payee")["amount_gbp"].sum()
    assert paid.loc[trusts.index].min() > 0


@pytest.mark.parametrize(
    "place",
    ["NHS Bolton CCG", "lad:Leeds", "E38000016", {"place": ["lad:Bury", "lad:Rochdale"]},
     {"place": {"lsoas": ["E01017275", "E01026103"]}, "population": {"sample": 1}}],
    ids=str,
)  # fmt: skip
def test_any_place_of_england_runs(place, tmp_path):
    run = live(place, tmp_path, sample=1 if isinstance(place, dict) and "population" in place else 0.02)
    system = run.daily[run.daily["kind"] == "system"]
    assert system["population"].min() > 500
    assert system["needs_minor"].min() > 0
