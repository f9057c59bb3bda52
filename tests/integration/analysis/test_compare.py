"""Twins in small worlds: no difference where nothing differs, and the difference that a lever makes."""

import re
import signal
from typing import Any

import numpy as np
import pytest

import icsim
from icsim.analysis.cohorts import MATCHED, NAIVE, TRUE
from icsim.analysis.marked import MarkedModel, segments
from icsim.analysis.outcomes import ALL
from icsim.population.columns import Residence, Status
from icsim.recording.store import ResultError
from icsim.reporting.comparison import page_of
from icsim.reporting.report import report
from icsim.running import release

pytestmark = pytest.mark.integration
SAMPLE = {"population.sample": 0.05, "years": 2}
NO_DRAWS: Any = {"assumptions": 0, "ensemble": 0}
FOR_OLD = {
    "name": "old",
    "start": "2016-04-01",
    "who": {"min_age": 75},
    "levers": {"need_acsc": 0.3},
}


ROOM_FOR_ALL: dict[str, Any] = {
    "organisations": {
        "acute_trusts": [
            {
                "name": "One", "code": "R1F", "resident_share": 1.0, "core_beds": 9999,
                "escalation_beds": 9999, "ae_attendances_per_year": 1e6, "elective_capacity": 1000,
                "day_case_capacity": 1000, "clinic_capacity": 1000,
            }
        ],
        "gp_practices": {"gp_fte_per_1000": 1000},
        "community_teams": {
            "staff_per_1000": 1000, "caseload_per_1000": 1000, "rapid_response_per_day_per_100_000": 100_000,
            "discharge_slots_per_day_per_100_000": 100_000,
        },
        "local_authorities": {
            "home_care_packages_per_1000_65plus": 1000, "home_care_starts_per_week_per_1000_65plus": 1000,
            "care_home_placements_per_week_per_1000_65plus": 1000,
            "assessments_per_week_per_1000_65plus": 1000,
        },
        "mental_health_trusts": {
            "crisis_contacts_per_day_per_100_000": 100_000, "community_caseload_per_1000": 1000,
        },
        "urgent_care": {
            "nhs_111_calls_per_1000_per_year": 1e5, "ambulance_responses_per_1000_per_year": 1e5,
            "out_of_hours_contacts_per_1000_per_year": 1e5,
        },
        "voluntary_sector": {"places_per_1000": 1000},
        "care_homes": {"places_per_1000_65plus": 1000},
    },
    "parameters": {"mh_beds_per_100_000": 3000},
}  # fmt: skip
"""A place in which nobody ever waits for anybody else."""


@pytest.fixture(scope="module")
def comparison(tmp_path_factory) -> Any:
    """Two seeds of a reference, the same again, and need averted for people of 75 and over."""
    room = {"place": "isle-of-wight", **ROOM_FOR_ALL}
    three = [
        {**room, "name": "usual"},
        {**room, "name": "the same"},
        {**room, "name": "fewer", "interventions": [FOR_OLD]},
    ]
    out = tmp_path_factory.mktemp("comparisons") / "three"
    return icsim.compare(
        three, replicates=2, overrides=SAMPLE, out=out, jobs=1, costs=[0, 50_000], **NO_DRAWS
    )


def test_nothing_different_makes_no_difference_at_all(comparison):
    d = comparison.differences
    none = d[d["experiment"] == "the-same"]
    assert len(none) > 500
    assert not none[["difference", "low", "high", "sd"]].to_numpy().any()
    t = comparison.twins
    assert not t.loc[t["experiment"] == "the-same", ["less", "more", "fewer", "extra"]].to_numpy().any()


def test_those_whose_need_is_lower_are_admitted_less_and_nobody_else_is_touched(comparison):
    d = comparison.differences
    d = d[(d["experiment"] == "fewer") & (d["outcome"] == "emergency_admissions")]
    place = d[d["dimension"] == "place"].set_index("financial_year")["difference"]
    assert place["2015/16"] == 0
    assert place[ALL] == place["2016/17"] < 0
    for seed in (1, 2):
        usual: Any
        fewer: Any
        usual, fewer = (
            icsim.open_run(comparison.path / "runs" / name / f"seed{seed}").people.set_index("person")
            for name in ("usual", "fewer")
        )
        change: Any = (
            fewer["emergency_admissions_2016_17"].astype(int) - usual["emergency_admissions_2016_17"]
        )
        young = usual["age"] < 75
        assert change[~young].sum() < 0
        used = [name for name in usual if str(name).endswith(("2015_16", "2016_17"))]
        columns = [*used, "status", "unmet_need", "deconditioning", "package", "caseload"]
        assert usual.loc[young, columns].equals(fewer.loc[young, columns])


def test_the_tables_agree_with_one_another_and_with_the_runs(comparison):
    d: Any = comparison.differences
    t: Any = comparison.twins
    mine = d[
        (d["experiment"] == "fewer") & (d["outcome"] == "emergency_admissions") & (d["financial_year"] == ALL)
    ]
    total = mine[mine["dimension"] == "place"]["difference"].iloc[0]
    for dimension in ("age_band", "imd_fifth"):
        assert mine[mine["dimension"] == dimension]["difference"].sum() == pytest.approx(total)
    assert mine[mine["dimension"] == "segment"]["difference"].sum() == pytest.approx(total)
    everybody = t[
        (t["experiment"] == "fewer") & (t["outcome"] == "emergency_admissions")
        & (t["financial_year"] == ALL) & (t["dimension"] == "everybody")
    ]  # fmt: skip
    assert (everybody["extra"] - everybody["fewer"]).mean() == pytest.approx(total)
    assert (everybody["people"] == everybody[["less", "same", "more"]].sum(axis=1)).all()
    run = icsim.open_run(comparison.path / "runs" / "fewer" / "seed2")
    pairs = comparison.pairs("fewer", "emergency_admissions")
    assert pairs["policy"][1] == run.monthly["emergency_admissions"].sum()


def test_every_pound_gained_by_one_is_lost_by_another(comparison):
    d = comparison.differences
    surplus = d[(d["outcome"] == "surplus_gbp") & (d["dimension"] == "party") & (d["experiment"] == "fewer")]
    assert surplus["difference"].abs().sum() > 100
    for _, same in surplus.groupby("financial_year"):
        assert same["difference"].sum() == pytest.approx(0, abs=0.1)


def test_who_is_picked_in_a_bad_year_gets_better_without_any_programme(comparison):
    c = comparison.cohorts
    picked = c[c["cohort"].str.startswith("65 and over")]
    mean = picked.groupby(["experiment", "estimate"])["value"].mean()
    assert mean["the-same", "members"] > 30
    assert mean["the-same", NAIVE] < -1
    assert mean["the-same", TRUE] == 0
    assert abs(mean["the-same", MATCHED]) < abs(mean["the-same", NAIVE]) / 2
    assert mean["fewer", TRUE] < 0
    assert mean["fewer", NAIVE] == pytest.approx(mean["the-same", NAIVE] + mean["fewer", TRUE])


def test_the_summary_says_what_the_tables_hold(comparison):
    said = str(comparison.summary())
    for words in (
        "the-same against usual",
        "fewer against usual",
        "Emergency admissions",
        "QALYs: years lived",
    ):
        assert words in said
    saved = comparison.pairs("fewer", "emergency_admissions")
    change = (saved["policy"] - saved["reference"]).mean()
    assert f"{change:+,.0f}" in said
    assert "sample" in said


def test_the_report_of_a_comparison_needs_nothing_else(comparison, tmp_path):
    path = report(comparison.path, tmp_path / "report.html")
    text = path.read_text(encoding="utf-8")
    assert text == page_of(comparison).html()
    assert "<h1>the-same and fewer against usual</h1>" in text
    for absent in ("<script", "<link", "url(", "http://", "https://"):
        assert absent not in text.replace("http://www.w3.org", "")
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    saved = comparison.pairs("fewer", "emergency_admissions")
    assert f"{(saved['policy'] - saved['reference']).mean():+,.0f} emergency admissions" in text
    assert text.count("<svg") == 8
    assert "no change of any that can be told from luck" in text  # of the policy that changes nothing


def test_a_comparison_opens_again_and_is_no_run(comparison, tmp_path):
    again = icsim.open_comparison(comparison.path)
    assert again.differences.equals(comparison.differences)
    with pytest.raises(ResultError, match="not a run of icsim"):
        icsim.open_run(comparison.path)
    with pytest.raises(ResultError, match="not a comparison of icsim"):
        icsim.open_comparison(comparison.path / "runs" / "usual" / "seed1")


def test_marking_people_changes_nothing_and_says_what_they_were():
    settings: dict[str, Any] = {"population.sample": 0.02, "years": 1.1}
    plain, marked = icsim.ICSModel("isle-of-wight", **settings), MarkedModel("isle-of-wight", **settings)
    segment = segments(marked.people)
    here = marked.people["status"] == Status.RESIDENT
    assert (segment[here & (marked.people["residence"] == Residence.CARE_HOME)] == 3).all()
    assert (segment[~here] == -1).all()
    shares = np.bincount(segment[here], minlength=4) / here.sum()
    assert (shares > 0.02).all()
    for model in (plain, marked):
        while model.running:
            model.step()
    assert plain.people.tobytes() == marked.people.tobytes()
    aged = marked.patients.extra["index_age"]
    assert 0.9 * here.sum() < (aged >= 0).sum() <= len(aged)
    assert marked.patients.extra["index_score"].std() > 0.1
    for model in (plain, marked):
        release(model)


def test_a_stop_in_the_middle_leaves_nothing(tmp_path, monkeypatch):
    from icsim.analysis import comparing

    def stopped(*_: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(comparing, "values_of", stopped)
    two = [{"place": "isle-of-wight", "name": name} for name in ("a", "b")]
    with pytest.raises(KeyboardInterrupt):
        icsim.compare(
            two,
            replicates=1,
            overrides={"population.sample": 0.01, "years": 0.1},
            out=tmp_path / "out",
            jobs=1,
            **NO_DRAWS,
        )
    assert not list(tmp_path.iterdir())


def test_precision_stops_when_it_is_reached(tmp_path):
    two = [{"place": "isle-of-wight", "name": name} for name in ("a", "b")]
    found = icsim.compare(
        two,
        overrides={"population.sample": 0.01, "years": 0.1},
        out=tmp_path / "out",
        jobs=1,
        half_width=5.0,
        keep_runs=False,
        **NO_DRAWS,
    )
    assert found.replicates == 8  # nothing differs: precise after three, and five more to see that it stays
    assert found.manifest["precise_after"] == [3]
    assert not (found.path / "runs").exists()
    assert "cohort" in " ".join(found.manifest["notes"])
