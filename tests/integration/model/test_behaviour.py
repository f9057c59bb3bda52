"""Organisations do what they are for, capacities bind, and what befalls the place shows where it should.

Each world is compared with its twin, which differs in one setting only.
"""

from collections import Counter
from datetime import date

import numpy as np
import pytest

from icsim.agents.acute_trust import AcuteTrust
from icsim.agents.gp_practice import GPPractice
from icsim.agents.local_authority import LocalAuthority
from icsim.evidence.places import trusts
from icsim.model import KINDS
from icsim.population.columns import Status
from icsim.recording.measures import MEASURES
from icsim.running import release

pytestmark = pytest.mark.integration
HALF_YEAR = {"population__sample": 0.15, "years": 0.5}


def total(model, kind, measure, days=slice(None)):
    """Sum of a measure over days and organisations."""
    return float(model.recorder.block(kind)[days, :, model.recorder.column(kind, measure)].sum())


@pytest.fixture(scope="module")
def world(make_model):
    """``world(**settings)``: half a year of the place with these settings, lived to the end."""
    made = {}

    def lived(**settings):
        key = repr(sorted(settings.items()))
        if key not in made:
            made[key] = make_model(**HALF_YEAR, **settings)
            made[key].run_model()
        return made[key]

    yield lived
    for model in made.values():
        release(model)


def organisations(**groups):
    """Settings of organisations: ``organisations(gp_practices__gp_fte_per_1000=0.2)``."""
    return {f"organisations__{key}": value for key, value in groups.items()}


def shock(kind, **how):
    return {"shocks": [{"kind": kind, "date": "2015-05-01", **how}]}


# --- organisations ---


def test_every_kind_of_organisation_has_capacity_activity_and_money(year):
    assert {type(organisation) for organisation in year.organisations} == set(KINDS)
    for organisation in year.organisations:
        assert organisation.capacity, organisation
        assert all(np.isfinite(amount) and amount >= 0 for amount in organisation.capacity.values())
        assert sum(organisation.capacity.values()) > 0, organisation
        assert organisation.money != 0, organisation
        activity = np.array(year.recorder.block(organisation.kind)[:, organisation.index])
        assert activity.any() or not MEASURES[organisation.kind], organisation
    assert sum(organisation.money for organisation in year.organisations) != 0


@pytest.mark.parametrize("kind", MEASURES)
def test_everything_that_is_to_be_counted_is_counted(year, kind):
    for measure in MEASURES[kind]:
        assert total(year, kind, measure.name) > 0, measure.label


def test_organisations_look_back_every_month_and_year(make_model, monkeypatch):
    months, years = Counter(), Counter()
    for kind in KINDS:
        for name, seen in (("review_month", months), ("review_year", years)):
            own = getattr(kind, name)

            def review(self, own=own, seen=seen):
                seen[self.name] += 1
                return own(self)

            monkeypatch.setattr(kind, name, review)
    model = make_model(years=50 / 365.25, start="2016-03-10")  # to 28 April: two month ends, one of a year
    months.clear()
    model.run_model()
    names = {organisation.name for organisation in model.organisations}
    assert set(months) == set(years) == names
    assert set(months.values()) == {2}, months  # of March, and of April as far as it went
    assert set(years.values()) == {1}, years


def test_supply_grows_from_2019_and_beds_do_not(make_model):
    def capacity(start, growth):
        model = make_model(start=start, years=0.1, **{"parameters.supply_growth_after_2018": growth})
        world = model.world
        return np.array([world.gp.routine.sum(), world.hospitals.ed_capacity[0]]), world.hospitals.core_beds[
            0
        ]

    for start, growth in (
        ("2018-06-01", 1.0),
        ("2019-03-01", 1.0),
        ("2019-06-01", 1.1),
        ("2021-06-01", 1.331),
    ):
        still, beds = capacity(start, 0.0)
        grown, same = capacity(start, 0.1)
        assert grown == pytest.approx(still * growth, rel=0.01)
        assert same == beds


def test_organisations_know_their_month(make_model):
    model = make_model(years=0.2)
    practice = model.of(GPPractice)[0]
    assert practice.activity == {}
    for _ in range(29):
        model.step()
    assert 0 < practice.activity["appointments"] <= practice.capacity["appointments_per_day"] * 29
    assert practice.activity["list_size"] == np.count_nonzero(
        (model.people["practice"] == 0) & (model.people["status"] == Status.RESIDENT)
    ) or practice.activity["list_size"] == pytest.approx(model.seen.lists[0])
    model.step()
    assert model.date == date(2015, 5, 1)
    assert practice.activity == {}


def test_overwork_wears_practices_out(world):
    rested = world(**organisations(gp_practices__gp_fte_per_1000=2))
    tired = world(**organisations(gp_practices__gp_fte_per_1000=0.1))
    for one, other in zip(rested.of(GPPractice), tired.of(GPPractice), strict=True):
        assert one.morale > other.morale
        assert one.vacancies == 0 < other.vacancies


# --- capacity binds ---


def test_fewer_appointments_make_longer_waits_and_more_ae(world):
    plenty, few = world(), world(**organisations(gp_practices__gp_fte_per_1000=0.2))
    assert total(few, "gp_practice", "appointments") < 0.8 * total(plenty, "gp_practice", "appointments")
    for measure in ("routine_wait_days", "backlog"):
        assert total(few, "gp_practice", measure) > 1.5 * total(plenty, "gp_practice", measure)
    assert total(few, "acute_trust", "ae_attendances") > 1.1 * total(plenty, "acute_trust", "ae_attendances")
    assert total(few, "system", "unmet") > 1.1 * total(plenty, "system", "unmet")


def test_fewer_beds_make_people_board_and_electives_wait(world):
    before, after = world(), world(**shock("bed_closure", size=0.4))
    for measure in ("boarding", "electives_cancelled", "waiting_over_18_weeks", "ae_breaches"):
        assert total(after, "acute_trust", measure) > 1.1 * total(before, "acute_trust", measure), measure
    assert total(after, "acute_trust", "elective_admissions") < 0.9 * total(
        before, "acute_trust", "elective_admissions"
    )
    assert total(after, "acute_trust", "beds_occupied") < 0.8 * total(before, "acute_trust", "beds_occupied")


@pytest.mark.parametrize(
    "settings",
    [
        shock("social_care_cut", size=0.9),
        organisations(community_teams__discharge_slots_per_day_per_100_000=0),
        organisations(local_authorities__home_care_starts_per_week_per_1000_65plus=0.1),
    ],
    ids=["cut", "no community places", "no home care"],
)
def test_less_support_delays_people_in_hospital(world, settings):
    before, after = world(), world(**settings)
    assert total(after, "acute_trust", "delayed_transfers") > 1.5 * total(
        before, "acute_trust", "delayed_transfers"
    )
    assert total(after, "acute_trust", "boarding") > total(before, "acute_trust", "boarding")


@pytest.mark.parametrize(
    ("settings", "kind", "measure", "factor"),
    [
        (organisations(acute_trusts__0__clinic_capacity=0.3), "acute_trust", "elective_waiting", 1.5),
        (organisations(acute_trusts__0__elective_capacity=0.1), "acute_trust", "elective_admissions", 0.5),
        (organisations(acute_trusts__0__day_case_capacity=0.1), "acute_trust", "day_cases", 0.5),
        (organisations(acute_trusts__0__ae_attendances_per_year=2e4), "acute_trust", "ae_breaches", 1.3),
        (organisations(community_teams__rapid_response_per_day_per_100_000=99),
         "community_team", "rapid_refused", 0.1),
        (organisations(community_teams__staff_per_1000=0), "community_team", "visits", 0.01),
        (organisations(community_teams__caseload_per_1000=1), "community_team", "caseload", 0.5),
        (organisations(mental_health_trusts__crisis_contacts_per_day_per_100_000=0),
         "mental_health_trust", "crisis_contacts", 0.01),
        (organisations(mental_health_trusts__community_caseload_per_1000=1),
         "mental_health_trust", "caseload", 0.5),
        (organisations(urgent_care__nhs_111_calls_per_1000_per_year=0), "system", "unmet", 1.02),
        (organisations(urgent_care__out_of_hours_contacts_per_1000_per_year=0),
         "acute_trust", "ae_attendances", 1.05),
        (organisations(urgent_care__ambulance_responses_per_1000_per_year=0), "system", "unmet_need", 1.01),
        (organisations(voluntary_sector__places_per_1000=99), "voluntary_sector", "people_supported", 2),
        (organisations(care_homes__places_per_1000_65plus=0), "care_homes", "moves_in", 0.01),
        (organisations(local_authorities__assessments_per_week_per_1000_65plus=0),
         "local_authority", "assessments", 0.1),
        (shock("staff_loss", size=0.6, organisation="gp_practice"), "gp_practice", "appointments", 0.8),
        (shock("funding_cut", size=0.9), "community_team", "rapid_responses", 0.6),
        (shock("funding_rise", size=0.9), "community_team", "visits", 1.2),
    ],
    ids=lambda value: (value if isinstance(value, str) else None),
)  # fmt: skip
def test_each_capacity_matters(world, settings, kind, measure, factor):
    """A measure falls below, or rises above, this multiple of its twin's."""
    before, after = total(world(), kind, measure), total(world(**settings), kind, measure)
    assert (after > factor * before) if factor > 1 else (after < factor * before), (before, after)


def test_home_care_ends_at_any_age(make_model):
    model = make_model(years=1, parameters={"home_care_end": 1})
    young = np.flatnonzero((model.people["age"] < 60) & (model.people["status"] == Status.RESIDENT))[:200]
    model.people["package"][young] = 1
    authorities = np.bincount(model.people["authority"][young], minlength=len(model.world.social))
    model.world.social.home_care_used += authorities
    for _ in range(62):
        model.step()
    assert np.count_nonzero(model.people["package"][young]) < 5
    release(model)


def test_councils_serve_their_districts(make_model):
    given = {
        "place": "morecambe-bay",
        "population__sample": 0.01,
        "years": 0.1,
        "experiment": "morecambe-bay",
    }
    counties = make_model(**given).of(LocalAuthority)
    bay = [{"name": "Bay", "districts": ["Lancaster", "E07000027"]}, {"name": "Around"}]
    model = make_model(**given, organisations__local_authorities__councils=bay)
    councils = model.of(LocalAuthority)
    assert [one.name for one in councils] == ["Bay", "Around"]
    assert sum(one.older_people for one in councils) == sum(one.older_people for one in counties)
    assert sum(one.share for one in councils) == pytest.approx(1)
    lad = model.population.lsoas["lad"].astype(str).to_numpy()[model.people["lsoa"]]
    assert (model.people["authority"] == ~np.isin(lad, ["E07000121", "E07000027"])).all()
    areas = model.population.neighbourhoods["authority"].to_numpy()
    assert (areas[model.people["neighbourhood"]] == model.people["authority"]).all()
    release(model)


# --- the hospital under pressure ---


@pytest.fixture(scope="module")
def hospital(make_model):
    """A year of a quarter of Harrogate, whose hospital is as full as England's, lived to the end."""
    model = make_model(experiment="harrogate", population__sample=0.25, years=1)
    model.run_model()
    yield model
    release(model)


def late(model, days=slice(None)):
    """Share of A&E attendances over four hours."""
    return total(model, "acute_trust", "ae_breaches", days) / total(
        model, "acute_trust", "ae_attendances", days
    )


def test_a_hospital_with_fewer_beds_is_fuller_and_slower_and_one_with_more_is_not(world):
    beds = [world(**organisations(acute_trusts__0__core_beds=beds)) for beds in (210, 262, 314)]
    few, usual, more = ([late(model), total(model, "acute_trust", "electives_cancelled")] for model in beds)
    assert few[0] > 1.1 * usual[0]
    assert usual[0] > 1.1 * more[0]
    assert few[1] > 1.1 * usual[1]
    assert usual[1] > 1.1 * more[1]
    admitted = [total(model, "acute_trust", "emergency_admissions") for model in beds]
    assert admitted[0] < admitted[2]  # thresholds rise when wards are full
    waiting = [total(model, "acute_trust", "elective_waiting") for model in beds]
    assert waiting[0] > waiting[1]


def test_the_day_after_a_full_night_is_slower_and_cancels_more(hospital):
    days = hospital.recorder.block("acute_trust")[:, 0]
    column = {measure.name: k for k, measure in enumerate(MEASURES["acute_trust"])}
    core = days[:, column["beds_open"]] - days[:, column["escalation_beds_used"]]
    full = days[:-1, column["beds_occupied"]] / core[:-1]
    after = days[1:]
    crowded, easy = full >= 0.95, full < 0.90
    assert crowded.sum() > 30
    assert easy.sum() > 30

    def share(part):
        return after[part, column["ae_breaches"]].sum() / after[part, column["ae_attendances"]].sum()

    assert share(crowded) > 1.2 * share(easy)
    cancelled = after[:, column["electives_cancelled"]]
    assert cancelled[crowded].mean() > 2 * cancelled[easy].mean()


def test_winter_shows(hospital):
    summer, winter = slice(61, 153), slice(244, 335)  # June to August; December to February
    for measure, more in (("beds_occupied", 1.02), ("electives_cancelled", 1.5)):
        column = hospital.recorder.column("acute_trust", measure)
        before, after = (hospital.recorder.block("acute_trust")[days, 0, column] for days in (summer, winter))
        assert after.mean() > more * before.mean(), measure
    assert late(hospital, winter) > 1.1 * late(hospital, summer)


def test_a_cut_in_social_care_fills_beds_within_weeks(world):
    before, after = world(), world(**shock("social_care_cut", size=0.3))
    weeks = slice(30 + 28, 30 + 56)  # the fifth to eighth week
    for measure, more in (("delayed_transfers", 1.3), ("bed_days", 1.0)):
        assert total(after, "acute_trust", measure, weeks) > more * total(
            before, "acute_trust", measure, weeks
        ), measure


# --- what befalls the place ---


def test_flu_makes_people_ill_while_it_lasts(world):
    calm, flu = world(), world(**shock("flu", size=1.0, days=40))
    assert (flu.people["lever"] == 1).all()
    before, during, after = slice(0, 30), slice(30, 70), slice(100, None)
    for kind, measure in (("system", "needs_acute"), ("system", "needs_acsc")):
        assert total(flu, kind, measure, before) == total(calm, kind, measure, before)
        assert total(flu, kind, measure, during) > 1.4 * total(calm, kind, measure, during)
        assert total(flu, kind, measure, after) < 1.3 * total(calm, kind, measure, after)
    assert total(flu, "acute_trust", "emergency_admissions", during) > 1.2 * total(
        calm, "acute_trust", "emergency_admissions", during
    )


def test_levers_turn_on_the_day_and_back_to_exactly_one(make_model):
    model = make_model(
        years=0.3,
        interventions=[
            {"name": "a", "start": "2015-04-11", "end": "2015-06-20", "levers": {"admission": 0.7}},
            {"name": "b", "start": "2015-05-05", "end": "2015-05-14", "levers": {"admission": 0.3},
             "who": {"min_age": 65}},
        ],
        shocks=[
            {"kind": "flu", "date": "2015-04-21", "days": 20, "size": 0.3},
            {"kind": "flu", "date": "2015-04-21", "days": 30, "size": 0.1},
        ],
    )  # fmt: skip
    old = model.people["age"] >= 66
    admission, acute = model.people["lever"][:, 7], model.people["lever"][:, 5]
    expected = {date(2015, 4, 10): (1, 1, 1), date(2015, 4, 11): (0.7, 0.7, 1),
                date(2015, 4, 21): (0.7, 0.7, 1.3 * 1.1), date(2015, 5, 5): (0.7, 0.21, 1.3 * 1.1),
                date(2015, 5, 14): (0.7, 0.21, 1.1), date(2015, 5, 15): (0.7, 0.7, 1.1),
                date(2015, 6, 20): (0.7, 0.7, 1), date(2015, 6, 21): (1, 1, 1)}  # fmt: skip
    while model.running:
        today = model.date
        model.step()
        if today in expected:
            everyone, older, ill = expected[today]
            assert np.median(admission) == np.float32(everyone), today
            assert (admission[old] == np.float32(older)).all(), today
            assert (acute == np.float32(ill)).all(), today
    assert (model.people["lever"] == 1).all()
    assert not model.levers.turns


def test_a_closure_ends(make_model):
    model = make_model(years=0.2, population__sample=0.1, **shock("bed_closure", size=1, days=10))
    trust = model.of(AcuteTrust)[0]
    open_beds = []
    while model.running:
        model.step()
        open_beds.append(int(model.world.hospitals.core_beds[trust.index]))
    assert set(open_beds[:30]) == set(open_beds[40:]) == {26}
    assert set(open_beds[30:40]) == {0}


def test_the_year_brings_the_beds_and_the_appointments_that_were_published(make_model):
    model = make_model(start="2016-03-28", years=0.02)
    trust, practice = model.of(AcuteTrust)[0], model.of(GPPractice)[0]
    beds = trusts().set_index(["code", "year"])["beds"].loc[trust.code]
    before, seen = int(model.world.hospitals.core_beds[0]), practice.contacts_over_measured()
    outside = model.world.hospitals.outside_admissions[0]
    while model.running:
        model.step()
    expected = trust.capacity["core_beds"] * beds["2016/17"] / beds["2015/16"]
    assert int(model.world.hospitals.core_beds[0]) == round(expected) <= before
    assert model.world.hospitals.outside_admissions[0] <= outside
    assert (
        seen < practice.contacts_over_measured() < 1
    )  # more each year, and as measured in the middle of 2016/17
    release(model)


def test_those_who_come_back_come_back_again(make_model):
    again = [
        make_model(population__sample=0.1, years=0.25, parameters={"relapse_again": ratio})
        for ratio in (0.0, 4.0)
    ]
    for model in again:
        model.run_model()
    few, many = (total(model, "acute_trust", "readmissions_30d") for model in again)
    assert many > 1.1 * few > 0
    for model in again:
        release(model)


@pytest.mark.parametrize("place", ["salford", "north-east-hampshire-and-farnham"])
def test_load_from_outside_keeps_hospitals_as_full_as_published(make_model, place):
    model = make_model(experiment=place, population__sample=0.1, years=1)
    model.run_model()
    trust = model.of(AcuteTrust)[0]
    published = trusts().set_index("code").loc[trust.code].iloc[0]
    expected = published["occupancy"] - model.catalogue.value("winter_occupancy_excess")
    occupied = model.recorder.block("acute_trust")[
        :, 0, model.recorder.column("acute_trust", "beds_occupied")
    ]
    outside = model.recorder.block("acute_trust")[:, 0, model.recorder.column("acute_trust", "outside_beds")]
    assert occupied.mean() / trust.capacity["core_beds"] == pytest.approx(expected, abs=0.07)
    assert outside.mean() > 0.3 * occupied.mean()  # without it the hospital would be far emptier
    release(model)


# --- extremes ---

CAPACITIES = {
    "acute_trusts__0": (
        "core_beds", "escalation_beds", "ae_attendances_per_year", "elective_capacity", "day_case_capacity",
        "clinic_capacity",
    ),
    "gp_practices": ("gp_fte_per_1000", "nurse_fte_per_1000", "other_fte_per_1000"),
    "community_teams": (
        "staff_per_1000", "caseload_per_1000", "rapid_response_per_day_per_100_000",
        "discharge_slots_per_day_per_100_000",
    ),
    "local_authorities": (
        "home_care_packages_per_1000_65plus", "home_care_starts_per_week_per_1000_65plus",
        "care_home_placements_per_week_per_1000_65plus", "assessments_per_week_per_1000_65plus",
    ),
    "mental_health_trusts": ("crisis_contacts_per_day_per_100_000", "community_caseload_per_1000"),
    "urgent_care": (
        "nhs_111_calls_per_1000_per_year", "ambulance_responses_per_1000_per_year",
        "out_of_hours_contacts_per_1000_per_year",
    ),
    "voluntary_sector": ("places_per_1000",),
    "care_homes": ("places_per_1000_65plus",),
}  # fmt: skip


def everything(amount):
    """Settings that give every capacity of the place this amount."""
    settings = {f"{group}__{key}": amount for group, keys in CAPACITIES.items() for key in keys}
    return {
        **organisations(**settings, acute_trusts__0__resident_share=1),
        "parameters": {"mh_beds_per_100_000": amount},
    }


def test_with_nothing_at_all_people_still_live(make_model, watch):
    model = make_model(years=0.25, **everything(0))
    watch(model).live()
    for measure in ("appointments", "capacity"):
        assert total(model, "gp_practice", measure) == 0
    for measure in ("beds_open", "beds_occupied", "elective_admissions", "day_cases", "first_outpatients"):
        assert total(model, "acute_trust", measure) == 0, measure
    for measure in ("ae_attendances", "boarding", "zero_day_admissions"):
        assert total(model, "acute_trust", measure) > 0, measure
    assert total(model, "gp_practice", "requests_refused") > 0
    release(model)


def test_with_more_than_enough_of_everything_nobody_waits(make_model, watch):
    model = make_model(years=0.25, **everything(1000))
    watch(model).live()
    late = slice(30, None)
    for kind, measure in (
        ("gp_practice", "requests_refused"), ("community_team", "rapid_refused"),
        ("acute_trust", "boarding"), ("acute_trust", "electives_cancelled"),
        ("acute_trust", "waiting_over_18_weeks"), ("mental_health_trust", "crisis_refused"),
    ):  # fmt: skip
        assert total(model, kind, measure, late) == 0, measure
    # home care starts on working days only
    working = model.world.calendar.working[model.run_in :][: model.days] & (np.arange(model.days) >= 30)
    assert total(model, "local_authority", "home_care_waiting", working) == 0
    assert total(model, "gp_practice", "appointments") > 0
    release(model)
