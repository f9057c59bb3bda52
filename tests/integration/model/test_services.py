"""Services in a run: capacity, learning, staff, money, failure, and what must vanish without them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsim.care.levers import PEOPLE
from icsim.experiment import ExperimentError
from icsim.model import ICSModel
from icsim.population.columns import Status
from icsim.population.selecting import matching
from icsim.recording.tables import services
from icsim.running import release

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
OWN: dict[str, Any] = {
    "title": "Own", "level": "C", "source": "test", "capacity": {"reach": 1.0}, "ramp_months": 1,
    "levers": {"need_acsc": 0.5, "need_minor": 0.9},
}  # fmt: skip
NURSES = {"needs": {"staff": [{"role": "nurse", "per_100_000": 8}]}}


@pytest.fixture
def lived(make_model: Callable[..., ICSModel]) -> Any:
    """``lived(entry, months, **use)``: a model with the one service ``own``, after so many months."""
    models = []

    def live(
        entry: dict[str, Any], months: int, settings: dict[str, Any] | None = None, **use: Any
    ) -> ICSModel:
        given = {"interventions": [{"use": "own", **use}]} if entry else {}
        model = make_model(years=1, services={"own": entry} if entry else {}, **given)
        while model.months_done < months:
            model.step()
        models.append(model)
        return model

    yield live
    for model in models:
        release(model)


def blocks(model: ICSModel) -> list[np.ndarray]:
    return [model.recorder.block(kind) for kind in model.recorder.measures]


def alike(one: ICSModel, other: ICSModel) -> bool:
    same = [np.array_equal(a, b, equal_nan=True) for a, b in zip(blocks(one), blocks(other), strict=True)]
    return all(same) and all((one.levers.of(lever) == other.levers.of(lever)).all() for lever in PEOPLE)


def test_people_reached_have_the_effect_times_how_well_it_is_done(lived: Any) -> None:
    model = lived(OWN, 3)
    (one,) = model.services.deliveries
    assert 0 < one.fidelity[0] < 1
    for lever, effect in (("need_acsc", 0.5), ("need_minor", 0.1)):
        each = model.levers.of(lever)[one.members]
        np.testing.assert_allclose(each, 1 - effect * one.fidelity[0], rtol=1e-5)
    assert len(one.members) == one.eligible


@pytest.mark.parametrize(
    ("entry", "use"),
    [
        ({**OWN, "levers": {"need_acsc": 1.0}}, {}),
        (OWN, {"effect": 0.0}),
        ({**OWN, "capacity": {"reach": 0.0}}, {}),
    ],
    ids=["effect in full of 1", "effect scaled to nothing", "no capacity"],
)
def test_without_effect_fidelity_or_capacity_nothing_changes_bit_for_bit(
    lived: Any, entry: dict[str, Any], use: dict[str, Any]
) -> None:
    without, model = lived({}, 4), lived(entry, 4, **use)
    assert alike(without, model)
    assert not alike(without, lived(OWN, 4))


def test_a_caseload_is_as_long_as_its_posts_allow_and_their_staff_are_missed_elsewhere(lived: Any) -> None:
    entry = {**OWN, **NURSES, "capacity": {"caseload_per_post": 60, "months": 4}}
    model = lived(entry, 6)
    (one,) = model.services.deliveries
    assert 0 < one.posts.sum() < one.posts_wanted.sum()
    assert len(one.members) == int(60 * one.posts.sum())
    assert len(set(one.members)) == len(one.members)
    staff = model.services.staffing
    assert staff.gaps["community_team"] > 0
    for kind, taken in staff.taken.items():
        accounted = staff.gaps[kind] + staff.replaced[kind] + staff.returned[kind]
        assert accounted == pytest.approx(taken)
    missed = 1 - staff.gaps["community_team"] / staff.all["community_team"]
    assert model.factor_of("community_team", "staff") == pytest.approx(missed, abs=1e-5)
    model.services._end_those_due(model.date)
    one.end = model.experiment.start
    model.services._end_those_due(model.date)
    assert one.posts.sum() == 0
    for kind, taken in staff.taken.items():
        assert staff.gaps[kind] + staff.replaced[kind] + staff.returned[kind] == pytest.approx(taken)


def test_what_services_cost_is_paid_by_somebody_and_reaches_somebody(lived: Any) -> None:
    entry = {
        **OWN,
        "needs": {**NURSES["needs"], "money": {"setup_gbp_per_head": 2, "running_gbp_per_head": 1}},
    }
    model = lived(entry, 6)
    assert model.accounts.ledger.balances_pence.sum() == 0
    paid = pd.DataFrame(model.recorder.money.columns)
    paid = paid[paid["account"] == "service own"]
    told = pd.DataFrame(model.recorder.services.columns)
    assert paid["amount_gbp"].sum() == pytest.approx(told["spent_gbp"].sum(), abs=0.1)
    assert paid["amount_gbp"].sum() == pytest.approx(model.services.purse.paid, abs=0.1)
    assert set(paid["payee"]) == {"Staff and suppliers"}


def test_a_programme_pays_from_its_money_and_goes_with_it(make_model: Callable[..., ICSModel]) -> None:
    programme = {
        "name": "P",
        "funding_gbp_per_year": 3e6,
        "services": [{"use": "own"}],
        "distributed_decisions": 1.0,
    }
    model = make_model(years=0.5, services={"own": {**OWN, **NURSES}}, programme=programme)
    while model.running:
        model.step()
    assert model.services.purse.drawn > 0
    assert model.services.purse.drawn <= 3e6 * 0.4 / 2 * model.scale + 1
    release(model)
    without = make_model(years=0.5, services={"own": {**OWN, **NURSES}}, programme="none")
    assert without.services.deliveries == []
    release(without)


def test_a_service_that_needs_more_than_there_is_waits_and_says_why(lived: Any) -> None:
    model = lived({**OWN, "needs": {"trust": {"gp_practice->acute_trust": 1.0}}}, 3)
    (one,) = model.services.deliveries
    assert one.phase == "waiting"
    assert "trust gp_practice->acute_trust" in one.cause
    events = pd.DataFrame(model.recorder.events.columns)
    assert (events["event"] == "service waits: own").sum() == 1
    assert alike(lived({}, 3), model)


def test_gps_in_ae_are_dropped_where_cultures_clash_and_joint_triage_follows(
    make_model: Callable[..., ICSModel],
) -> None:
    def after(culture: float) -> list[str]:
        model = make_model(
            years=2, interventions=[{"use": "gps-in-ae"}],
            parameters={"services_culture": culture, "services_clash": 1.0, "services_start_effort": 0.0,
                        "services_stall_effort": 0.0, "services_evaluation_outside": 1.0},
        )  # fmt: skip
        while model.running:
            model.step()
        events = [str(event) for event in model.recorder.events.columns["event"]]
        release(model)
        return events

    clash = after(1.0)
    assert "service dropped: gps-in-ae" in clash
    assert "service starts: joint-triage" in clash
    assert "service dropped: gps-in-ae" not in after(0.0)


def test_first_visits_uncover_need_and_the_mind_only_by_those_who_look_for_it(lived: Any) -> None:
    entry = {
        **OWN,
        **NURSES,
        "capacity": {"caseload_per_post": 60},
        "finds_need": True,
        "levers": {"need_acsc": 0.99},
    }
    both = {
        "needs": {"staff": [*NURSES["needs"]["staff"], {"role": "mental_health_worker", "per_100_000": 40}]}
    }

    def waiting(model: ICSModel) -> int:
        return int((model.people["mental_wait"] > 0).sum())

    without, blind = lived({}, 5), lived({**entry, **both, "finds_need": False}, 5)
    seen = lived({**entry, **both}, 5)
    assert sum(seen.recorder.services.columns["need_found"]) > 0
    assert sum(blind.recorder.services.columns["need_found"]) == 0
    assert waiting(seen) > max(waiting(without), waiting(blind))


def test_more_staff_of_a_service_open_more_of_what_they_add_to(lived: Any) -> None:
    entry = {**OWN, **NURSES, "levers": {}, "adds": {"rapid_responses": 2.0, "appointments": 10.0}}
    with_it, without = lived(entry, 4), lived({}, 4)
    assert with_it.world.teams.rapid_slots.sum() > without.world.teams.rapid_slots.sum()
    assert sum(with_it.capacity_added.values()) == pytest.approx(
        12.0 * with_it.services.deliveries[0].posts.sum() * with_it.services.deliveries[0].quality
    )


def test_services_see_everybody_as_they_are_on_the_first_of_the_month(
    make_model: Callable[..., ICSModel],
) -> None:
    meant = [
        {"min_age": 40}, {"max_age": 39, "residence": "home"}, {"sex": "female"}, {"min_loneliness": 1},
        {"min_mental_health_need": 2}, {"min_social_care_need": 1}, {"residence": "care_home"},
        {"frailty": ["moderate", "severe"]}, {"min_conditions": 2}, {"conditions": ["dementia", "stroke"]},
    ]  # fmt: skip
    model = make_model(
        years=1, services={"own": {**OWN, "site": "practice"}},
        parameters={"services_start_effort": 0.0, "mh_treatment_end_moderate": 0.3, "mh_relapse": 0.1},
        interventions=[{"use": "own", "name": str(k), "who": who} for k, who in enumerate(meant)],
    )  # fmt: skip
    while model.running:
        if model.date.day == 1:  # between the end of a month and the services' look at the next
            model.patients.select(at_most=50).set("sex", 1 + model.months_done % 2)
            model.patients.shuffle().select(at_most=50).set("loneliness", 2)
            expected = [matching(model.people, one.who) for one in model.services.deliveries]
            here = model.people["status"] == Status.RESIDENT
            everywhere = model.people["practice"]
            model.step()
            look = model.services.reach._look
            for one, those in zip(model.services.deliveries, expected, strict=True):
                np.testing.assert_array_equal(look.those(one.who), those & here)
                assert one.eligible == np.count_nonzero(those & here)
                counted = np.bincount(everywhere[those & here], minlength=len(one.sites))
                np.testing.assert_array_equal(look.counts(one.who, one.entry.site), counted)
        else:
            model.step()
    release(model)


def test_practices_learn_apart_and_only_those_asked_take_part(make_model: Callable[..., ICSModel]) -> None:
    model = make_model(years=0.4)
    names = [each.name for each in model.organisations if each.kind == "gp_practice"][:2]
    release(model)
    model = make_model(
        years=0.4, services={"own": {**OWN, "site": "practice"}},
        interventions=[{"use": "own", "practices": names}], parameters={"services_start_effort": 0.0},
    )  # fmt: skip
    while model.running:
        model.step()
    told = pd.DataFrame(model.recorder.services.columns)
    assert set(told["site"]) == {"", *names}
    assert set(model.people["practice"][model.services.deliveries[0].members]) == {0, 1}
    (table,) = services(model.recorder, 0)
    assert table.num_rows == len(told)
    release(model)
    with pytest.raises(ExperimentError, match="no such practice"):
        make_model(
            years=0.4, services={"own": OWN}, interventions=[{"use": "own", "practices": ["Nobody's"]}]
        )


def test_a_checkpoint_keeps_services(make_model: Callable[..., ICSModel], tmp_path: Path) -> None:
    settings = {
        "years": 0.6, "programme": {"name": "P", "funding_gbp_per_year": 2e6, "services": [
            {"use": "social-prescribing"}, {"use": "gps-in-ae"}, {"use": "neighbourhood-mdt"}]},
        "parameters": {"services_start_effort": 0.01, "services_stall_effort": 0.0},
    }  # fmt: skip
    whole = make_model(**settings)
    while whole.day < 150:
        whole.step()
    path = whole.checkpoint(tmp_path / "day.icsim")
    again = ICSModel.restore(path)
    for model in (whole, again):
        while model.running:
            model.step()
    assert alike(whole, again)
    assert whole.recorder.services.columns == again.recorder.services.columns
    assert whole.recorder.money.columns == again.recorder.money.columns
    for model in (whole, again):
        release(model)


def test_the_tutorial_runs(make_model: Callable[..., ICSModel]) -> None:
    from icsim.experiment import load
    from icsim.experiment.reading import read_yaml
    from icsim.experiment.tree import Mark

    page = (ROOT / "docs" / "adding-a-service.md").read_text(encoding="utf-8")
    text = page.split("```yaml\n", 1)[1].split("```", 1)[0]
    given = read_yaml(text, Mark("tutorial", "tutorial")).plain()
    experiment = load({**given, "years": 1, "population": {"sample": 0.02}})
    model = make_model(experiment=experiment)
    while model.running:
        model.step()
    told = pd.DataFrame(model.recorder.services.columns)
    assert set(told["service"]) == {"footcare", "social-prescribing"}
    assert (told.loc[told["service"] == "footcare", "people_reached"] > 0).any()
    release(model)
