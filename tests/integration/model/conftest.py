"""Small models for the tests of this folder, and what must hold in any of them on any day."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from icsim.care.services import Planned, Setting, Support
from icsim.model import ICSModel
from icsim.population.columns import AGE_BAND_OF_AGE, AGE_BANDS, NEVER, Status
from icsim.recording.measures import columns
from icsim.running import release

CLOCKS = ("next_need", "next_care", "next_planned", "next_life")
IN_BED = (Setting.WARD, Setting.DELAYED, Setting.ELECTIVE_WARD)
ON_THE_WAY = (Setting.WORSENING, Setting.FOLLOW_UP, Setting.AWAITING_GP, Setting.RECOVERING)
S, A, P = columns("system"), columns("acute_trust"), columns("gp_practice")
L, C = columns("local_authority"), columns("community_team")


def _model(**settings: Any) -> ICSModel:
    """A fiftieth of the Isle of Wight, 2,800 people, or as the settings (``population__sample=1``) say.

    A shipped place comes without its programme and without what befell it, unless the settings give either.
    """
    given: dict[str, Any] = {"population.sample": 0.02}
    given |= {key.replace("__", "."): value for key, value in settings.items()}
    experiment = given.pop("experiment", "isle-of-wight")
    if isinstance(experiment, str):
        experiment = {"extends": experiment, "name": experiment, "programme": "none", "shocks": []}
    luck = {key: given.pop(key) for key in ("seed", "replicate") if key in given}
    return ICSModel(experiment, **luck, **given)


@pytest.fixture(scope="session")
def make_model() -> Callable[..., ICSModel]:
    """``make_model(**settings)``: a new model; dots of keys are written as two underscores."""
    return _model


@pytest.fixture(scope="session")
def year() -> Iterator[ICSModel]:
    """A year of a tenth of the Isle of Wight, lived to the end: to be looked at, not to be changed."""
    model = _model(population__sample=0.1, years=1)
    while model.running:
        model.step()
    yield model
    release(model)


class Watch:
    """Lives a model day by day and checks after each that nobody and nothing is lost.

    ``capacity_changes``: whether beds may be closed during the run, so that more may be in use than are open.
    """

    def __init__(self, model: ICSModel, capacity_changes: bool = False) -> None:
        self.model = model
        self.capacity_changes = capacity_changes
        self.world = model.world
        self.people = model.people
        self.present = np.count_nonzero(self.people["status"] == Status.RESIDENT)
        self.occupied = self.world.hospitals.occupied.copy()
        self.patients = self._in_hospital()
        self.check()

    def live(self, days: int | None = None) -> None:
        """Live so many days, or to the end of the run."""
        for _ in range(self.model.days - self.model.day if days is None else days):
            self.model.step()
            self.check()
            self.flows()

    def check(self) -> None:
        """What must hold at the end of any day."""
        self.resident = self.people["status"] == Status.RESIDENT
        self.setting = self.people["setting"]
        self.lives()
        self.clocks()
        self.stay_queues()
        self.planned_queues()
        self.beds()
        self.services()
        assert self.model.accounts.ledger.balances_pence.sum() == 0

    def today(self, kind: str) -> np.ndarray:
        """The row of results of the day that has just been lived, (organisations, measures)."""
        return self.model.recorder.block(kind)[self.model.day - 1]

    def lives(self) -> None:
        """Residents by age and deprivation are counted right; who has gone uses nothing."""
        here = self.people[self.resident]
        cell = AGE_BAND_OF_AGE[here["age"]].astype(int) * 5 + (here["imd_decile"] - 1) // 2
        counted = np.bincount(cell, minlength=5 * len(AGE_BANDS)).reshape(-1, 5)
        np.testing.assert_array_equal(self.world.tallies.residents, counted)
        gone = self.people[self.people["status"] >= Status.DEAD]
        for clock in CLOCKS:
            assert (gone[clock] == NEVER).all(), clock
        absent = self.people[~self.resident]
        for column in ("setting", "planned", "caseload", "support"):
            assert not absent[column].any(), column
        assert not gone["package"].any()

    def clocks(self) -> None:
        """Nobody is forgotten: everyone's next day is the first of the four clocks, and it lies ahead."""
        p, day = self.people, self.model.day - 1
        np.testing.assert_array_equal(self.world.due, np.min([p[clock] for clock in CLOCKS], axis=0))
        assert (self.world.due > day).all()
        np.testing.assert_array_equal(self.world.in_hospital, self.setting >= Setting.BOARDING)
        never = p["next_care"] == NEVER
        assert never[self.setting == Setting.HOME].all()
        assert not never[np.isin(self.setting, (*ON_THE_WAY, Setting.BOARDING, *IN_BED))
                         & (self.setting != Setting.DELAYED)].any()  # fmt: skip
        followed = p["planned"] == Planned.FOLLOWED_UP
        np.testing.assert_array_equal(p["next_planned"] != NEVER, followed)
        assert (p["follow_ups"][followed] > 0).all()
        idle = (p["planned"] == Planned.NONE) & (self.setting != Setting.ELECTIVE_WARD)
        assert not p["follow_ups"][idle].any()

    def stay_queues(self) -> None:
        """Who boards waits for a bed, who is delayed and assessed for the support, and nobody else."""
        p, world = self.people, self.world
        sites, authorities = len(world.hospitals), len(world.social)
        queue = np.full(len(p), -1)
        boarding = self.setting == Setting.BOARDING
        queue[boarding] = p["site"][boarding]
        waits = (self.setting == Setting.DELAYED) & (p["next_care"] == NEVER)
        assert (p["support"][self.setting == Setting.DELAYED] != Support.NONE).all()
        for k, support in enumerate((Support.HOME_CARE, Support.CARE_HOME, Support.INTERMEDIATE_CARE)):
            them = waits & (p["support"] == support)
            queue[them] = sites + k * authorities + p["authority"][them].astype(int)
        _check_queues(world.stay_queues, queue)

    def planned_queues(self) -> None:
        """Who is on a planned pathway and waits is in the site's queue of that kind, and nobody else."""
        p = self.people
        queue = np.full(len(p), -1)
        kinds = (Planned.AWAITING_OUTPATIENT, Planned.AWAITING_DAY_CASE, Planned.AWAITING_INPATIENT)
        for k, planned in enumerate(kinds):
            them = p["planned"] == planned
            queue[them] = k * len(self.world.hospitals) + p["trust"][them].astype(int)
        _check_queues(self.world.planned_queues, queue)
        assert (p["referred"][queue >= 0] <= self.model.day - 1).all()

    def beds(self) -> None:
        """Every bed in use has one person in it, and there are no more than are open."""
        p, h = self.people, self.world.hospitals
        sites = len(h)
        in_bed = np.isin(self.setting, IN_BED)
        residents = np.bincount(p["site"][in_bed], minlength=sites)
        np.testing.assert_array_equal(h.occupied, residents + h.outside_occupied)
        delayed = np.bincount(p["site"][self.setting == Setting.DELAYED], minlength=sites)
        np.testing.assert_array_equal(h.delayed, delayed)
        for column in ("occupied", "outside_occupied", "outside_boarding", "outside_leaving", "core_beds"):
            assert (h[column] >= 0).all(), column
        np.testing.assert_array_equal(h.outside_leaving.sum(axis=1), h.outside_occupied + h.outside_boarding)
        open_beds = h.core_beds + h.escalation_beds
        if self.capacity_changes:
            open_beds = np.maximum(open_beds, self.occupied)
        assert (h.occupied <= open_beds).all()

    def services(self) -> None:
        """Diaries, caseloads, packages and places count those who have them, within their limits."""
        p, world = self.people, self.world
        awaiting = self.setting == Setting.AWAITING_GP
        booked = np.bincount(p["practice"][awaiting], minlength=len(world.gp))
        np.testing.assert_array_equal(world.gp.booked, booked)
        working = world.calendar.working[p["next_care"][awaiting] + world.run_in]
        assert working.all(), "an appointment on a day that practices are shut"
        load = np.bincount(p["neighbourhood"][p["caseload"] == 1], minlength=len(world.teams))
        np.testing.assert_array_equal(world.teams.caseload, load)
        assert world.urgent.mental_caseload[0] == np.count_nonzero(p["caseload"] == 2)
        if not self.capacity_changes:
            assert (world.teams.caseload <= world.teams.caseload_limit).all()
            assert world.urgent.mental_caseload[0] <= world.urgent.mental_caseload_limit[0]
            assert (world.teams.slots_used <= world.teams.slots).all()
        for package, used in ((1, world.social.home_care_used), (2, world.social.care_home_used)):
            held = np.bincount(
                p["authority"][self.resident & (p["package"] == package)], minlength=len(world.social)
            )
            np.testing.assert_array_equal(used, held)
        np.testing.assert_array_equal(world.teams.slots_used, world.teams.slots_free_on.sum(axis=1))
        assert (world.teams.slots_free_on >= 0).all()

    def flows(self) -> None:
        """What came and went today explains the difference to yesterday; what is shut does nothing."""
        for kind in self.model.recorder.measures:
            assert (self.today(kind) >= 0).all(), kind
        system, trusts = self.today("system")[0], self.today("acute_trust")
        self.present += int(system[S.BIRTHS] + system[S.ARRIVALS] - system[S.DEATHS] - system[S.DEPARTURES])
        assert np.count_nonzero(self.resident) == self.present == system[S.POPULATION]
        patients = self._in_hospital()
        came = trusts[:, A.EMERGENCY_ADMISSIONS] - trusts[:, A.ZERO_DAY_ADMISSIONS]
        came = came + trusts[:, A.ELECTIVE_ADMISSIONS] - trusts[:, A.DISCHARGES]
        np.testing.assert_array_equal(patients, self.patients + came)
        h = self.world.hospitals[: len(trusts)]
        if self.world.rules.elective_protected == 0:
            full = h.occupied > h.core_beds
            assert not trusts[full, A.ELECTIVE_ADMISSIONS].any(), "an elective patient in an escalation bed"
        if not self.world.calendar.working[self.model.day - 1 + self.world.run_in]:
            for column in (A.FIRST_OUTPATIENTS, A.FOLLOW_UP_OUTPATIENTS, A.DAY_CASES, A.ELECTIVE_ADMISSIONS):
                assert not trusts[:, column].any(), column.name
            assert not self.today("gp_practice")[:, P.APPOINTMENTS].any()
        self.patients, self.occupied = patients, self.world.hospitals.occupied.copy()

    def _in_hospital(self) -> np.ndarray:
        """Residents in a bed or boarding, by acute trust."""
        there = self.people["setting"] >= Setting.BOARDING
        trusts = len(self.model.recorder.rows("acute_trust"))
        return np.bincount(self.people["site"][there], minlength=trusts)[:trusts]


def _check_queues(queues: Any, expected: np.ndarray) -> None:
    """Every linked list holds exactly the people whose ``expected`` queue it is (-1: none), each once."""
    found = np.full(len(expected), -1)
    links, lines = queues.links, queues.lines
    for q in range(len(lines)):
        before, i, length = -1, int(lines.first[q]), 0
        while i >= 0:
            assert found[i] == -1, f"person {i} is in queues {found[i]} and {q}, or twice in one"
            assert links.before[i] == before
            found[i] = q
            before, i, length = i, int(links.following[i]), length + 1
        assert lines.last[q] == before
        assert lines.waiting[q] == length
    np.testing.assert_array_equal(found, expected)
    alone = found < 0
    assert (links.following[alone] == -1).all()
    assert (links.before[alone] == -1).all()


@pytest.fixture(scope="session")
def watch() -> type[Watch]:
    """``watch(model).live(days)`` checks after each day that nobody and nothing is lost."""
    return Watch
