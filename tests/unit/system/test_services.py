"""Parts of the engine of services, without a run: saturation, needs, staff, the catalogue itself."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim import evidence
from icsim.care.levers import PEOPLE
from icsim.care.together import PLACE, PRACTICE, nothing_together, of_services, reach
from icsim.experiment import ExperimentError, load
from icsim.experiment.programme import Programme
from icsim.experiment.service_book import shipped_book, told
from icsim.experiment.services import effect_key
from icsim.population.columns import empty_people
from icsim.system.delivery import Phase, ServiceRules
from icsim.system.programme import EngineRoom
from icsim.system.service_learning import Learning, crowded
from icsim.system.service_needs import Surroundings, ceiling, hazard, missing
from icsim.system.service_staff import COMES_FROM, Staffing

pytestmark = pytest.mark.unit
EVERYBODY = np.arange(4)


class Part(NamedTuple):
    """What one service does to a lever: whom it reaches, of which practices, and 1 - factor at each."""

    rows: np.ndarray
    site: np.ndarray | None
    effect: np.ndarray


def combined(parts: Iterable[Part], n: int, cap: float, joint: float = 1.0) -> np.ndarray:
    """The factor of one lever for each of n people under several services and a factor of joint work."""
    people, together = empty_people(n), nothing_together(n, 2, 1)
    together.cap[0] = cap
    for k, part in enumerate(parts):
        reach(together.reached, part.rows, 1 << k)
        if part.site is not None:
            people["practice"][part.rows] = part.site
        together.bit[0, k] = 1 << k
        together.run_by[0, k] = PLACE if part.site is None else PRACTICE
        together.averts[0, k, : len(part.effect)] = part.effect
        together.services[0] = k + 1
    return np.array([of_services(together, i, people[i], 0, joint) for i in range(n)])


def test_two_services_that_avert_the_same_avert_it_once() -> None:
    half = Part(EVERYBODY, None, np.array([0.3]))
    alone = combined([half], 4, cap=0.5)
    both = combined([half, half], 4, cap=0.5)
    np.testing.assert_allclose(alone, 0.7)
    np.testing.assert_allclose(both, 1 - 0.5 * (1 - 0.4**2))  # 0.3 of 0.5 is 0.6 of what can be averted
    assert (1 - both < 2 * (1 - alone)).all()
    np.testing.assert_allclose(combined([half] * 50, 4, cap=0.5), 0.5)
    np.testing.assert_allclose(combined([half, half], 4, cap=1.0), 0.49)  # without a cap they multiply


def test_joint_work_and_a_service_that_avert_the_same_avert_it_once() -> None:
    half = Part(EVERYBODY, None, np.array([0.3]))
    np.testing.assert_allclose(combined([half], 4, cap=0.5, joint=0.7), combined([half, half], 4, cap=0.5))
    nobody = Part(EVERYBODY[:0], None, np.array([0.3]))
    np.testing.assert_allclose(combined([nobody], 4, cap=0.5, joint=0.7), 0.7)  # joint work alone, in full
    assert (combined([half] * 50, 4, cap=0.5, joint=0.7) >= 0.5).all()
    np.testing.assert_allclose(combined([half], 4, cap=1.0, joint=1.2), 0.7 * 1.2)  # harm is not shared


def test_harm_adds_to_what_others_avert_and_touches_only_whom_it_reaches() -> None:
    averts = Part(np.array([0, 1]), None, np.array([0.2]))
    harms = Part(np.array([1, 2]), np.array([1, 0]), np.array([-0.5, -0.5]))
    factor = combined([averts, harms], 4, cap=1.0)
    np.testing.assert_allclose(factor, [0.8, 0.8 * 1.5, 1.5, 1.0])
    assert factor[3] == 1.0


@given(
    st.lists(st.floats(-3, 1, allow_nan=False), max_size=30),
    st.floats(0.01, 1),
    st.randoms(use_true_random=False),
)
def test_whatever_services_do_the_rest_stays_and_order_does_not_matter(
    effects: list[float], cap: float, luck: Any
) -> None:
    def of(order: list[float]) -> np.ndarray:
        return combined([Part(EVERYBODY, None, np.array([effect])) for effect in order], 4, cap)

    factor, mixed = of(effects), list(effects)
    luck.shuffle(mixed)
    assert (factor >= (1 - cap) * (1 - 1e-6)).all()
    np.testing.assert_allclose(of(mixed), factor, rtol=1e-9)
    if not any(effects):
        assert (factor == 1).all()


RULES = evidence.load().with_values({}).filled(ServiceRules, "services")


class Stand:
    """Organisations that all stand alike."""

    def __init__(self, effort: float, trust: float) -> None:
        self.effort, self.trust = effort, trust

    def effort_of(self, kind: str) -> float | None:
        return None if kind == "care_homes" else self.effort

    def trust_on(self, one: str, other: str) -> float | None:
        return self.trust

    def both_ways(self, one: str, other: str) -> float:
        return self.trust


def judged(name: str, *, effort: float = 0.5, trust: float = 0.5, records: float = 0.5, voice: float = 1.0,
           afforded: float = 1.0, begun: bool = False) -> tuple[Any, Surroundings]:  # fmt: skip
    delivery = SimpleNamespace(entry=shipped_book()[name], begun=begun, afforded=afforded)
    there = Surroundings(
        Stand(effort, trust),  # type: ignore[arg-type]
        {"records": records, "analytics": 0.0, "public": 0.0, "capability": 0.0},
        {"clinicians": voice, "gps": voice, "public": voice},
    )
    return delivery, there


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({}, ""),
        ({"effort": 0.05}, "holds back"),
        ({"trust": 0.1}, "trust gp_practice->acute_trust 0.10 below 0.30"),
        ({"records": 0.1}, "shared records 0.10 below 0.20"),
        ({"afforded": 0.1}, "no money"),
    ],
)
def test_a_service_starts_only_with_all_it_needs(lacking: dict[str, Any], said: str) -> None:
    found = missing(*judged("complex-care-hub", **lacking), RULES)
    assert said in found
    assert bool(said) == bool(found)


def test_what_suffices_to_go_on_does_not_suffice_to_start() -> None:
    assert missing(*judged("complex-care-hub", trust=0.26), RULES)
    assert not missing(*judged("complex-care-hub", trust=0.26, begun=True), RULES)
    short = RULES.money_least * 0.95
    assert missing(*judged("complex-care-hub", afforded=short), RULES)
    assert not missing(*judged("complex-care-hub", afforded=short, begun=True), RULES)


def test_cultures_clash_as_far_as_trust_falls_short_of_their_distance() -> None:
    chance, cause = hazard(*judged("gps-in-ae", trust=0.3), RULES)
    assert chance == pytest.approx(RULES.clash * (0.75 - 0.3))
    assert "acute_trust and gp_practice too far apart" in cause
    assert hazard(*judged("gps-in-ae", trust=0.8), RULES) == (0.0, "")
    away = evidence.load().with_values({"services_culture": 0.0}).filled(ServiceRules, "services")
    assert hazard(*judged("gps-in-ae", trust=0.0), away)[0] == 0.0  # ablation: no distance, no clash


def test_designs_without_those_they_concern_fit_worse_and_may_be_given_up() -> None:
    alone, together = judged("social-prescribing", voice=0.0), judged("social-prescribing", voice=1.0)
    assert ceiling(*together, RULES) == 1.0
    assert ceiling(*alone, RULES) == pytest.approx((1 - RULES.misfit) ** 2)
    chance, cause = hazard(*alone, RULES)
    assert chance > 0
    assert cause.startswith("designed without")


# --- how a programme is run ---


def service(**given: Any) -> Any:
    """A service as the engine room, its teachers and its staff see it."""
    given.setdefault("entry", shipped_book()["health-coaching"])
    roles = tuple(posts.role for posts in given["entry"].needs.staff)
    wanted = np.array([posts.per_100_000 for posts in given["entry"].needs.staff])
    state: dict[str, Any] = {
        "programme": Programme(name="P"), "begun": True, "quality": 0.4, "joined": np.array([1.0, 0.0]),
        "phase": Phase.RAMPING, "cause": "", "waited": 0, "stalled": 0, "roles": roles,
        "posts_wanted": wanted, "posts": wanted * 0.0, "afforded": 1.0, "at_work": True,
        "fidelity": np.array([0.8, 0.8]), "design_with": (), "start": date(2015, 4, 1),
    }  # fmt: skip
    state["use"] = SimpleNamespace(use="one")
    return SimpleNamespace(**state | given)


def test_partners_learn_the_slower_the_more_they_learn_at_once() -> None:
    coaching, record = service(), service(entry=shipped_book()["shared-care-record"])
    alone, ripe = crowded([coaching], RULES), crowded([coaching, service(quality=0.9)], RULES)
    assert alone == [0.0]
    assert ripe[0] == 0.0
    both = crowded([coaching, record], RULES)
    assert both[0] == pytest.approx(1.0)  # its practices learn the record too
    assert both[1] == pytest.approx(0.5 / 3)  # one partner of three, half of it


@pytest.mark.parametrize("lacking", ["money", ""])
def test_where_the_energy_is_followed_a_service_that_waits_gives_up_its_place(lacking: str) -> None:
    def started(energy: float) -> list[str]:
        programme = Programme(name="P", focus=1, follow_energy=energy)
        waits = service(phase=Phase.WAITING, begun=False, cause=lacking, waited=3, name="waits")
        later = service(phase=Phase.PLANNED, begun=False, name="later")
        engine = EngineRoom.__new__(EngineRoom)
        today: Any = SimpleNamespace(date=date(2016, 1, 1))
        engine.model, engine.rules, engine.programme = today, RULES, programme
        standing: Any = SimpleNamespace(at_sites=lambda one, distributed: np.ones(2))
        return [one.name for one in engine.next_ones([waits, later], standing)]

    assert started(0.0) == []
    assert started(1.0) == (["later"] if lacking else [])


def staffed(training: float, months: int, entry: str = "health-coaching") -> float:
    """The share of its posts that a service has filled after so many months."""
    one, staff = service(entry=shipped_book()[entry], joined=np.ones(2)), Staffing.__new__(Staffing)
    staff.rules, v = RULES, evidence.load().value
    staff.months_to_fill = {role: v(f"staff_months_{role}") for role in one.roles}
    staff.local = dict.fromkeys(COMES_FROM, 0.5)
    staff.gaps, staff.taken, staff.returned = (dict.fromkeys(COMES_FROM.values(), 0.0) for _ in range(3))
    for _ in range(months):
        staff.recruit(one, training)
    return float(one.posts.sum() / one.posts_wanted.sum())


def test_posts_in_new_roles_wait_for_people_trained_for_them() -> None:
    assert staffed(0.0, 6) < 0.75 * staffed(1.0, 6)
    gain, of_nurses = (
        staffed(1.0, 6, one) / staffed(0.0, 6, one) for one in ("health-coaching", "proactive-urgent-care")
    )
    assert gain > of_nurses > 1


def test_staff_leave_and_never_are_all_posts_filled() -> None:
    assert 0.8 < staffed(0.0, 60) < staffed(1.0, 60) < 0.999


def test_who_leaves_takes_what_was_learnt_along_unless_newcomers_are_taught() -> None:
    def after(training: float, **given: Any) -> float:
        one = service(**given)
        teacher = Learning.__new__(Learning)
        teacher.rules = RULES
        model: Any = SimpleNamespace(nation=SimpleNamespace(learning=lambda name, level, day: 1.0), date=None)
        engine: Any = SimpleNamespace(
            training=training, evaluation=lambda programme, capability: 0.0, distributed=lambda programme: 1.0
        )
        teacher.model, teacher.engine = model, engine
        standing: Any = SimpleNamespace(at_sites=lambda one, distributed: np.ones(2))
        there = Surroundings(standing, {"capability": 0.0}, {"gps": 1.0, "public": 1.0})
        for _ in range(12):
            teacher.learn(one, there, 1.0, 0.0)
        return float(one.fidelity.mean())

    assert after(1.0) == 0.8 == after(0.0, roles=())
    assert 0.7 < after(0.0) < 0.8


# --- the catalogue ---


def test_every_shipped_entry_is_whole() -> None:
    rows = evidence.load()
    for name, one in shipped_book().items():
        assert one.logic is not None, name
        assert one.ways_to_fail, name
        for lever, effect in one.levers.items():
            assert effect == "evidence", f"{name}: its number is a row of the evidence catalogue"
            row = rows[effect_key(name, lever)]
            assert None not in (row.low, row.high), row.key
            assert float(row.low or 0) > 0, row.key
        assert one.successor is None or one.successor in shipped_book()


def test_every_row_of_an_effect_belongs_to_an_entry() -> None:
    book = shipped_book()
    wanted = {effect_key(name, lever) for name, one in book.items() for lever in one.levers}
    assert {row.key for row in evidence.load() if row.key.startswith("service_")} == wanted
    assert {f"services_cap_{lever}" for lever in PEOPLE} <= {row.key for row in evidence.load()}


def test_the_page_of_services_tells_of_each_with_its_numbers() -> None:
    page = (Path(__file__).parents[3] / "docs" / "services.md").read_text(encoding="utf-8")
    for name, one in shipped_book().items():
        assert page.count(f"`{name}`") >= 2, f"{name}: give it a place in both tables of docs/services.md"
        for lever in one.levers:
            value = evidence.load().value(effect_key(name, lever))
            row = next(line for line in page.splitlines() if line.startswith(f"| `{name}`:"))
            assert f"{lever.replace('_', ' ')} {value:g} (" in row


@pytest.mark.parametrize(
    ("name", "lever"),
    [
        ("neighbourhood-mdt", "need_acsc"),
        ("case-management", "need_acsc"),
        ("virtual-ward", "need_acsc"),
        ("telehealth", "need_acsc"),
        ("integrated-care-teams", "ae_choice"),
        ("integrated-care-teams", "need_acsc"),
        ("gps-in-ae", "admission"),
        ("urgent-care-hubs", "ae_choice"),
    ],
)
def test_where_trials_found_nothing_or_harm_the_default_says_so(name: str, lever: str) -> None:
    row = evidence.load()[effect_key(name, lever)]
    assert float(row.value) >= 1.0
    assert row.source != "icsim assumption"


def test_what_the_terminal_lists_is_searched_in_words() -> None:
    assert len(told()) == len(shipped_book())
    assert {row[0] for row in told("culture")} >= {"gps-in-ae", "single-front-door"}
    assert told("xyzzy") == []


OWN = {
    "title": "Mine", "level": "C", "source": "me", "capacity": {"reach": 0.5}, "ramp_months": 3,
    "levers": {"need_acsc": {"value": 0.9, "low": 0.8, "source": "a trial", "evidence": "measured"}},
}  # fmt: skip


def test_a_shipped_entry_can_be_changed_key_by_key() -> None:
    changed = load({
        "extends": "salford", "interventions": [{"use": "telehealth", "effect": 0.5}],
        "services": {"telehealth": {"ramp_months": 2}},
    })  # fmt: skip
    shipped = shipped_book()["telehealth"]
    assert changed.services["telehealth"].ramp_months == 2
    assert changed.services["telehealth"].needs == shipped.needs
    assert changed.interventions[0].name == "telehealth"
    assert load(changed.to_dict()) == changed
    assert "telehealth.yaml:" in changed.origins["services.telehealth.title"]


def test_services_of_a_programme_go_with_it_and_the_others_stay() -> None:
    both = {
        "extends": "salford", "interventions": [{"use": "telehealth"}],
        "programme": {"name": "P", "services": [{"use": "huddles"}]},
    }  # fmt: skip
    assert [use.use for use, _ in load(both).used] == ["telehealth", "huddles"]
    assert [use.use for use, _ in load(both, ["programme=none"]).used] == ["telehealth"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"interventions": [{"use": "telehelth"}]}, "did you mean telehealth"),
        ({"interventions": [{"use": "huddles", "siz": 2}]}, "did you mean size"),
        ({"interventions": [{"use": "huddles"}, {"use": "huddles"}]}, "names are unique"),
        ({"interventions": [{"use": "huddles", "start": "2030-01-01"}]}, "after the run ends"),
        (
            {"interventions": [{"use": "huddles", "start": "2016-01-01", "end": "2015-06-01"}]},
            "before its start",
        ),
        ({"services": {"mine": {**OWN, "levers": {"need_acs": 0.9}}}}, "did you mean need_acsc"),
        (
            {"services": {"mine": {**OWN, "levers": {"need_acsc": "evidence"}}}},
            "has no row service_mine_need_acsc",
        ),
        (
            {"services": {"mine": {**OWN, "levers": {"need_acsc": -1.0}}}},
            "expected evidence, a number above 0",
        ),
        ({"services": {"mine": {**OWN, "levers": {}}}}, "it does nothing"),
        ({"services": {"mine": {**OWN, "successor": "hudles"}}}, "did you mean huddles"),
        ({"services": {"mine": {**OWN, "capacity": {}}}}, "give either caseload_per_post or reach"),
        ({"services": {"mine": {**OWN, "capacity": {"caseload_per_post": 30}}}}, "need posts"),
        ({"services": {"mine": {**OWN, "ways_to_fail": [{"how": "culture"}]}}}, "between and distance"),
        (
            {"services": {"mine": {**OWN, "needs": {"trust": {"gp_practice->nobody": 0.3}}}}},
            "did you mean gp_practice->",
        ),
        (
            {"services": {"mine": {**OWN, "levers": {"need_acsc": {"value": 2.0, "high": 1.0}}}}},
            "low <= value",
        ),
        ({"services": {"My own": OWN}}, "one such as social-prescribing"),
        ({"services": []}, "expected a mapping"),
        (
            {"programme": {"name": "P", "services": [{"use": "nothing-like-it"}]}},
            "no service of the catalogue",
        ),
        ({"programme": {"name": "P", "focus": 0}}, "whole number"),
        ({"programme": {"name": "P", "forum": {"gps": 2}}}, "from 0 to 1"),
    ],
)
def test_a_mistake_gets_one_clear_error(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        load({"extends": "salford", **written})
    assert said in str(caught.value)
    assert "dict" in str(caught.value)
