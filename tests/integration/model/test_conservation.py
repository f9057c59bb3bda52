"""People, beds, queues, places and money balance every day, whatever capacity services have."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from icsim.population.columns import Status
from icsim.recording.measures import columns
from icsim.running import release

pytestmark = pytest.mark.integration

START = date(2015, 4, 1)
S, A = columns("system"), columns("acute_trust")
amounts = st.sampled_from([None, 0, 0.003, 0.3, 3, 40, 1000])
multipliers = st.sampled_from([0, 0.05, 1, 300])
shares = st.sampled_from([0, 0.4, 1])
trust = st.fixed_dictionaries(
    {
        "core_beds": st.sampled_from([None, 0, 0.6, 40, 262, 5000]),
        "escalation_beds": st.sampled_from([None, 0, 50, 1e6]),
        "ae_attendances_per_year": st.sampled_from([None, 0, 7, 60_000]),
        "elective_capacity": multipliers,
        "day_case_capacity": multipliers,
        "clinic_capacity": multipliers,
    }
)
organisations = st.fixed_dictionaries(
    {
        "acute_trusts": st.tuples(trust, trust, shares).map(
            lambda two: [
                {"name": "One", "code": "R1F", "resident_share": two[2], **two[0]},
                {"name": "Other", "resident_share": (1 - two[2]) / 2, **two[1]},
            ]
        ),
        "gp_practices": st.fixed_dictionaries(
            {
                "count": st.sampled_from([1, 5]),
                "gp_fte_per_1000": amounts,
                "nurse_fte_per_1000": amounts,
                "other_fte_per_1000": amounts,
            }
        ),
        "community_teams": st.fixed_dictionaries(
            {
                "staff_per_1000": amounts,
                "caseload_per_1000": amounts,
                "rapid_response_per_day_per_100_000": amounts,
                "discharge_slots_per_day_per_100_000": amounts,
            }
        ),
        "local_authorities": st.fixed_dictionaries(
            {
                "home_care_packages_per_1000_65plus": amounts,
                "home_care_starts_per_week_per_1000_65plus": amounts,
                "care_home_placements_per_week_per_1000_65plus": amounts,
                "eligibility": st.sampled_from(["some", "critical"]),
            }
        ),
        "mental_health_trusts": st.fixed_dictionaries(
            {"crisis_contacts_per_day_per_100_000": amounts, "community_caseload_per_1000": amounts}
        ),
        "urgent_care": st.fixed_dictionaries(
            {
                "nhs_111_calls_per_1000_per_year": amounts,
                "ambulance_responses_per_1000_per_year": amounts,
                "out_of_hours_contacts_per_1000_per_year": amounts,
            }
        ),
        "voluntary_sector": st.fixed_dictionaries({"places_per_1000": amounts}),
        "care_homes": st.fixed_dictionaries({"places_per_1000_65plus": amounts}),
    }
)
shocks = st.lists(
    st.sampled_from(
        [
            {"kind": "flu", "size": 5, "days": 20},
            {"kind": "flu", "size": 2, "days": 9},
            {"kind": "bed_closure", "size": 1, "days": 15},
            {"kind": "bed_closure", "size": 0.4},
            {"kind": "social_care_cut", "size": 1, "days": 30},
            {"kind": "staff_loss", "size": 0.7, "days": 25},
            {"kind": "staff_loss", "size": 1, "organisation": "gp_practice"},
            {"kind": "funding_cut", "size": 0.9},
        ]
    ).flatmap(
        lambda shock: st.integers(0, 30).map(
            lambda day: {**shock, "date": (START + timedelta(days=day)).isoformat()}
        )
    ),
    max_size=3,
)


def some(examples: int) -> Any:
    """So many examples; a failing one is shown as it is, for making it smaller would take minutes."""
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    quiet = [HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, phases=phases, suppress_health_check=quiet)


@some(12)
@given(
    organisations=organisations,
    seed=st.integers(0, 2**40),
    payment=st.sampled_from(["activity", "block", "capitation"]),
    protected=st.sampled_from([0, 0.3, 1]),
)
def test_all_balances_under_any_capacity(make_model, watch, organisations, seed, payment, protected):
    experiment = {
        "place": "isle-of-wight",
        "years": 70 / 365.25,
        "organisations": organisations,
        "contract": {"payment": payment},
        "parameters": {"elective_protected": protected},
    }
    model = make_model(experiment=experiment, seed=seed)
    watch(model).live()
    release(model)


@some(12)
@given(organisations=organisations, shocks=shocks, seed=st.integers(0, 2**40))
def test_all_balances_when_capacity_changes_from_one_day_to_the_next(
    make_model, watch, organisations, shocks, seed
):
    experiment = {
        "place": "isle-of-wight",
        "years": 70 / 365.25,
        "organisations": organisations,
        "shocks": shocks,
    }
    model = make_model(experiment=experiment, seed=seed)
    watch(model, capacity_changes=True).live()
    release(model)


@pytest.mark.parametrize(
    "place",
    ["mid-nottinghamshire", ["E01017275"], ["E01017275", "E01026103"]],
    ids=["several councils", "an area of 1,500", "two far apart"],
)
def test_all_balances_in_other_places(make_model, watch, place):
    if isinstance(place, str):
        model = make_model(experiment=place, years=0.15)
    else:
        model = make_model(experiment={"place": {"lsoas": place}}, years=0.15, population__sample=1)
    watch(model).live()
    release(model)


def test_all_balances_over_a_year(make_model, watch):
    model = make_model(years=1.1, start="2015-12-01")
    watch(model).live()
    system = model.recorder.block("system")[:, 0]
    assert min(system[:, k].sum() for k in range(5)) > 0  # people are born, come, go and die
    release(model)


def _queue_jumper(model):
    links = model.world.planned_queues
    first = int(links.lines.first[0])
    links.lines.first[0] = links.links.following[first]


TAMPERING = {
    "a bed too many": lambda m: m.world.hospitals.occupied.__setitem__(0, m.world.hospitals.occupied[0] + 1),
    "an outside patient": lambda m: m.world.hospitals.outside_leaving.__setitem__((0, 7), 99),
    "a delay": lambda m: m.world.hospitals.delayed.__setitem__(0, 77),
    "an appointment": lambda m: m.world.gp.booked.__setitem__(0, m.world.gp.booked[0] + 1),
    "a caseload": lambda m: m.world.teams.caseload.__setitem__(0, 0),
    "a package": lambda m: m.world.social.home_care_used.__setitem__(0, 2),
    "a place": lambda m: m.world.teams.slots_used.__setitem__(0, 55),
    "a person": lambda m: m.people["status"].__setitem__(0, Status.MOVED),
    "a clock": lambda m: m.people["next_need"].__setitem__(slice(None), m.day + 3),
    "a death": lambda m: m.world.tallies.system.__setitem__((0, S.DEATHS), 1),
    "an admission": lambda m: m.world.tallies.acute_trust.__setitem__((0, A.EMERGENCY_ADMISSIONS), 1),
    "someone in a queue": _queue_jumper,
    "a penny": lambda m: m.accounts.ledger._balances.__setitem__(0, 1e6),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_loss_is_noticed(make_model, watch, what):
    """The watch that the other tests rely on fails when one number is wrong."""
    model = make_model(years=0.1)
    watching = watch(model)
    watching.live(10)
    TAMPERING[what](model)
    with pytest.raises(AssertionError):
        watching.live(1)
    release(model)
