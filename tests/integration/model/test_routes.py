"""Routes of care do something: what is removed or multiplied shows, but not with its mechanism off.

Each world is compared with its twin. To see a direction in a small place, effects of unmet need are strong.
"""

import numpy as np
import pytest

from icsim.agents.acute_trust import AcuteTrust
from icsim.agents.gp_practice import GPPractice
from icsim.population.columns import Need, Residence, Status, frailty_group
from icsim.running import release

pytestmark = pytest.mark.integration
SIZE = {"population__sample": 0.25, "years": 0.6}
CLASSES = ("acsc", "mental_health", "frailty", "social", "acute")
STRONG = {f"unmet_effect_{need}": 1.0 for need in CLASSES}
OFF = {f"unmet_effect_{need}": 0.0 for need in CLASSES}
STEADY = {f"deconditioning_effect_{need}": 0.0 for need in ("acsc", "frailty", "social", "acute", "death")}
NO_HOME_CARE = {
    "local_authorities__home_care_packages_per_1000_65plus": 0,
    "local_authorities__home_care_starts_per_week_per_1000_65plus": 0,
}


@pytest.fixture(scope="module")
def world(make_model):
    """``world(parameters, **organisations)``: the place lived to the end."""
    made = {}

    def lived(parameters=None, **settings):
        key = repr((sorted((parameters or {}).items()), sorted(settings.items())))
        if key not in made:
            given = {
                name if name.startswith("travel") or name == "seed" else f"organisations__{name}": value
                for name, value in settings.items()
            }
            made[key] = make_model(**SIZE, **given, parameters=parameters or {})
            made[key].run_model()
        return made[key]

    yield lived
    for model in made.values():
        release(model)


def total(model, kind, *measures):
    """Sum of measures over days and organisations."""
    return sum(
        float(model.recorder.block(kind)[:, :, model.recorder.column(kind, one)].sum()) for one in measures
    )


@pytest.mark.parametrize(
    ("removed", "none_before", "needs"),
    [
        ({"community_teams__staff_per_1000": 0}, {}, ("needs_frailty", "needs_social")),
        (NO_HOME_CARE, {"home_care_share_of_substantial_need": 0}, ("needs_frailty", "needs_social")),
        ({"mental_health_trusts__community_caseload_per_1000": 0}, {}, ("needs_mental_health",)),
    ],
    ids=["visits", "home care", "mental health teams"],
)
def test_without_support_need_goes_unmet_and_becomes_crises(world, removed, none_before, needs):
    with_it, without = world(STRONG | STEADY), world(STRONG | STEADY | none_before, **removed)
    assert total(without, "system", "unmet_need") > 1.03 * total(with_it, "system", "unmet_need")
    assert total(without, "system", *needs) > 1.01 * total(with_it, "system", *needs)
    with_it, without = world(OFF | STEADY), world(OFF | STEADY | none_before, **removed)
    assert total(without, "system", *needs) == pytest.approx(total(with_it, "system", *needs), rel=0.01)


def test_default_effects_of_unmet_need_leave_mean_rates_as_published(year):
    """Few carry most of it, and its mean effect on each rate is one, as for England."""
    people = year.people[year.people["status"] == Status.RESIDENT]
    fade = year.catalogue.value("unmet_decay") * (year.day - 1 - people["unmet_day"])
    z = people["unmet_need"] * np.exp(-fade)
    assert np.sort(z)[-len(z) // 10 :].sum() > 0.5 * z.sum()
    groups = frailty_group(people["frailty"])
    for need in CLASSES:
        effect = year.catalogue.value(f"unmet_effect_{need}")
        rate = people["rate"][:, Need[need.upper()]].astype(float)
        now = np.exp(effect * z) * year.world.rules.unmet_usual[Need[need.upper()], groups]
        assert np.average(now, weights=rate) == pytest.approx(1, abs=0.07), (
            need
        )  # just after the month's addition


def test_first_visits_uncover_need_and_raise_activity(world):
    plenty = {"gp_practices__gp_fte_per_1000": 2}
    more, fewer = 0, 0  # GP contacts and A&E attendances, over two draws of luck
    for seed in (1, 2):
        seen = world({"team_uncovers": 1.0}, seed=seed, **plenty)
        unseen = world({"team_uncovers": 0.0}, seed=seed, **plenty)
        assert total(seen, "community_team", "need_uncovered") > 20
        assert total(unseen, "community_team", "need_uncovered") == 0
        visited = (seen.people["caseload"] == 1) | (unseen.people["caseload"] == 1)
        more += int(seen.person_year[visited, :, :2].sum())
        fewer += int(unseen.person_year[visited, :, :2].sum())
    assert more > 1.004 * fewer


@pytest.mark.parametrize(
    ("changed", "measure", "direction", "off"),
    [
        ({"community_teams__rapid_response_per_day_per_100_000": 0}, ("acute_trust", "ae_attendances"), 1,
         {"gp_asks_team": 0, "crew_asks_team": 0, **{f"choice_{need}_team": 0 for need in CLASSES}}),
        ({"urgent_care__ambulance_responses_per_1000_per_year": 0}, ("acute_trust", "ae_attendances"), -1,
         {"ambulance_own_way": 1, "ambulance_delay_severity": 0, "ambulance_delay_unmet": 0,
          "crew_asks_team": 0}),
        ({"urgent_care__ambulance_responses_per_1000_per_year": 0}, ("system", "unmet_need"), 1,
         {"ambulance_own_way": 1, "ambulance_delay_severity": 0, "ambulance_delay_unmet": 0,
          "crew_asks_team": 0}),
        ({"urgent_care__nhs_111_calls_per_1000_per_year": 0}, ("acute_trust", "ae_attendances"), 1,
         {"resolved_111_gain": 0, "refused_unmet": 0}),
        ({"voluntary_sector__places_per_1000": 40}, ("system", "needs_minor"), -1,
         {"voluntary_lonely_relief": 0, "voluntary_unmet_relief": 0, "voluntary_activation": 0}),
        ({"voluntary_sector__places_per_1000": 40}, ("gp_practice", "appointments", "requests_refused"), -1,
         {"voluntary_lonely_relief": 0, "voluntary_unmet_relief": 0, "voluntary_activation": 0}),
        ({"travel__ae_minutes": 5.0}, ("acute_trust", "ae_attendances"), 1, {"choice_travel_ae": 0}),
        ({"travel__ae_minutes": 40.0}, ("acute_trust", "ae_attendances"), -1, {"choice_travel_ae": 0}),
        ({"travel__gp_minutes": 30.0}, ("gp_practice", "appointments"), -1, {"choice_travel_gp": 0}),
    ],
    ids=["rapid response", "ambulances", "ambulances late", "111", "friends", "friends and the GP",
         "near A&E", "far A&E", "far GP"],
)  # fmt: skip
def test_a_route_matters_through_its_mechanism_only(world, changed, measure, direction, off):
    before, after = total(world(), *measure), total(world(**changed), *measure)
    assert direction * (after - before) > 0.0003 * before, (before, after)
    before, after = total(world(off), *measure), total(world(off, **changed), *measure)
    assert after == pytest.approx(before, rel=0.0001), (before, after)


def test_a_nearer_ae_draws_those_who_live_near_it(world):
    """Distance differs within the place: areas that are near use A&E more."""
    model = world()
    here = model.people["status"] == Status.RESIDENT
    lsoa = model.people["lsoa"][here]
    attended = model.person_year[: len(model.people), :, 1].sum(axis=1)[here]
    near = model.world.travel[lsoa, 1] > 0
    people = model.people[here]
    young = people["age"] < 65
    assert attended[near & young].mean() > attended[~near & young].mean()
    assert model.world.travel.std(axis=0).min() > 0


def test_ambulances_that_are_late_make_people_worse(world):
    usual, none = world(), world(urgent_care__ambulance_responses_per_1000_per_year=0)
    assert total(none, "urgent_care", "conveyances") == 0
    assert total(none, "urgent_care", "ambulances_delayed") == total(none, "urgent_care", "ambulance_calls")

    def admitted(model):
        return total(model, "acute_trust", "emergency_admissions") / total(
            model, "acute_trust", "ae_attendances"
        )

    assert admitted(none) > admitted(usual)


def test_calls_and_responses_are_left_on_most_days_and_run_out_on_some(world):
    model = world()
    block = model.recorder.block("urgent_care")
    unanswered = block[:, 0, model.recorder.column("urgent_care", "calls_unanswered")]
    assert 0 < np.mean(unanswered > 0) < 0.4
    refused, given = (total(model, "community_team", f"rapid_{what}") for what in ("refused", "responses"))
    assert 0 < refused < 0.4 * given


def test_treatment_ends_helps_and_is_waited_for(world):
    model = world()
    block, column = model.recorder.block("mental_health_trust"), model.recorder.column
    started, ended, recovered = (
        total(model, "mental_health_trust", name)
        for name in ("treatments_started", "treatments_ended", "recovered")
    )
    assert 0 < recovered < ended < 1.5 * started
    caseload = block[:, 0, column("mental_health_trust", "caseload")]
    assert caseload.max() <= model.world.urgent.mental_caseload_limit[0]
    few = world(mental_health_trusts__community_caseload_per_1000=8)
    assert total(few, "mental_health_trust", "treatment_waiting") > 2 * total(
        model, "mental_health_trust", "treatment_waiting"
    )


def test_backlog_wears_practices_out(world):
    """Work that is booked ahead counts, not only what is refused."""
    felt, unfelt = world({"gp_backlog_usual_days": 0}), world({"gp_backlog_usual_days": 100})
    for one, other in zip(felt.of(GPPractice), unfelt.of(GPPractice), strict=True):
        assert one.morale < other.morale
    assert sum(p.vacancies for p in felt.of(GPPractice)) > sum(p.vacancies for p in unfelt.of(GPPractice))


def test_people_at_home_without_support_have_more_unmet_need(world):
    people = world().people
    home = (people["status"] == Status.RESIDENT) & (people["residence"] == Residence.HOME)
    needy = home & (people["age"] >= 65) & (people["social_care_need"] == 3)
    unmet = people["unmet_need"]
    assert (
        unmet[needy & (people["package"] == 0)].mean() > 1.5 * unmet[needy & (people["package"] == 1)].mean()
    )


def test_beds_bring_no_patients_from_outside(make_model):
    def outside(**given):
        model = make_model(
            experiment={"place": "isle-of-wight", "years": 0.1, "population": {"sample": 0.02},
                        "organisations": {"acute_trusts": [{"name": "H", **given}]}},
            population__sample=0.02,
        )  # fmt: skip
        trust, expected = model.of(AcuteTrust)[0], model.demand
        release(model)
        return trust.outside["beds"], trust.outside["attendances_per_day"], expected, model.scale

    for beds in (100, 5000):
        assert outside(core_beds=beds)[:2] == (0, 0)
    _, _, demand, scale = outside()
    twice = {
        "emergency_admissions_per_year": 2 * demand.emergency_spells / scale,
        "ae_attendances_per_year": 2 * demand.ae_attendances / scale,
    }
    for key, number in twice.items():
        beds, attendances, _, _ = outside(core_beds=5000, **{key: number})
        assert beds == pytest.approx(demand.bed_days / 365.25, rel=1e-6)
        if key.startswith("ae"):
            assert attendances == pytest.approx(demand.ae_attendances / 365.25, rel=1e-6)
