"""The model: a Mesa model whose step is one day on a real calendar."""

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

import mesa
import numpy as np

from icsim import evidence
from icsim.agents.acute_trust import ELSEWHERE, AcuteTrust
from icsim.agents.commissioner import Commissioner
from icsim.agents.community_team import CommunityTeam, find_cases
from icsim.agents.gp_practice import GPPractice
from icsim.agents.local_authority import LocalAuthority, support_at_home
from icsim.agents.organisation import Organisation
from icsim.agents.partners import CareHomes, MentalHealthTrust, UrgentCare, VoluntarySector
from icsim.agents.patient import Patients, PatientsByType
from icsim.care import purposes as draws
from icsim.care.day import live_day
from icsim.care.levers import Levers
from icsim.care.opening import (
    Sizes,
    calendar,
    fill_beds,
    fill_waiting_lists,
    open_world,
    settle_everyone,
    use_hospitals,
    waiting_over,
)
from icsim.care.rules import RULES, gather
from icsim.care.services import records
from icsim.care.unmet import need_goes_unseen
from icsim.checkpoint import Checkpoint, CheckpointError, write
from icsim.evidence import places
from icsim.evidence.councils import councils_of, districts_of, find_district
from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.errors import Problem
from icsim.keeping import lay
from icsim.population.columns import AGE_BAND_OF_AGE, AGE_BANDS
from icsim.population.councils import under_councils
from icsim.population.demand import counts_by_age_and_fifth, expected, nights_in_hospital
from icsim.population.residents import residents_of
from icsim.population.risk import RISK, risk_tables, usual_need_rates
from icsim.population.survey import Survey, count_use, survey
from icsim.population.synthesis import synthesise
from icsim.population.travel import travel_minutes
from icsim.recording.measures import columns, group_columns
from icsim.recording.recorder import OrganisationRow, Recorder, add_counts
from icsim.restoring import header_of, put_model_back, state_of_model
from icsim.streams import bits, entity_key
from icsim.system.accounts import Accounts
from icsim.system.contracts import Activity
from icsim.system.interventions import Happenings
from icsim.system.nation import NationAround
from icsim.system.populations import Populations, list_weights
from icsim.system.practice_choice import PracticeChoice
from icsim.system.relationships import Relationships
from icsim.system.services import Services
from icsim.system.strategy import Strategy

EIGHTEEN_WEEKS = 126
RUN_IN_MONTH = 30
MONTH = 365.25 / 12
STANDING = 2018
"""From a year after this April supply grows as assumed; until then it is as published, or stands still."""
BEFORE = 100_000  # months of the run-in have draws of their own
KINDS: tuple[type[Organisation], ...] = (
    AcuteTrust, GPPractice, CommunityTeam, LocalAuthority, Commissioner,
    MentalHealthTrust, UrgentCare, VoluntarySector, CareHomes,
)  # fmt: skip


def people_asked(experiment: Experiment, seed: int) -> dict[str, Any]:
    """The arguments with which a model has its people made, but for the place and the catalogue."""
    practices, teams = experiment.organisations.gp_practices, experiment.organisations.community_teams
    named = practices.practices
    return {
        "seed": seed,
        "days": experiment.days,
        "sample": experiment.population.sample,
        "start": experiment.start,
        "practices": [one.model_dump(include={"name", "list_size"}, exclude_none=True) for one in named]
        if named
        else practices.count,
        "population_per_team": teams.population_per_team,
    }


class ICSModel(PatientsByType):
    """A local integrated care system, person by person and day by day.

    Args:
        experiment: a shipped name, a file, a mapping, or a loaded ``Experiment``.
        seed: seed of all luck instead of the experiment's.
        rng: the same under Mesa's newer name.
        replicate: added to the seed.
        scenario: names and values, as a ``Scenario`` of newer Mesa has: ``rng`` and further keys, for what is
            not given beside it.
        kept: set by :meth:`restore`: build what a checkpoint is to be written over, without the run-in.
        kwargs: further keys of the experiment, dotted: ``**{"population.sample": 0.1}``.

    Attributes:
        patients: everyone who lives in the place today, with the verbs of Mesa's ``AgentSet``.
        agents: the organisations.
        day: days lived so far; the day about to be lived, the first being 0.
        levers: what interventions turn.
        nation: what national bodies do for the place and ask of it.
        services: of the catalogue, in use.
        practice_choice: of patients who change practice.
        capacity_added: by services, by organisation and capacity (``icsim.experiment.services.ADDED``).
        risk_noise: of teams' case finding, over the catalogue's.
        recorder: what has been counted.
        seen: the survey of everybody at the end of the last month.

    Raises:
        icsim.experiment.ExperimentError: a bad experiment.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "day", "month_began", "months_done", "running", "steps", "ae_to_gp",
    )  # fmt: skip
    """What a checkpoint keeps of the model itself; a subclass names here what it adds (``icsim.keeping``)."""

    def __init__(
        self,
        experiment: str | Path | Mapping[str, Any] | Experiment = "salford",
        *,
        seed: int | None = None,
        rng: int | None = None,
        replicate: int = 0,
        scenario: Iterable[tuple[str, Any]] = (),
        kept: Checkpoint | None = None,
        **kwargs: Any,
    ) -> None:
        told = dict(scenario)
        seeds = (seed, rng, told.pop("rng", None))
        kwargs = told | kwargs
        if not isinstance(experiment, Experiment) or kwargs:
            source = experiment.to_dict() if isinstance(experiment, Experiment) else experiment
            experiment = load(source, overrides=kwargs)
        self.luck = next((int(one) for one in seeds if one is not None), experiment.seed) + replicate
        self.replicate = replicate
        super().__init__(rng=self.luck)
        self.experiment = self.founded = (
            experiment  # the second as it was at the start, should the first change
        )
        self.catalogue = evidence.load().with_values(experiment.parameters)
        self.place = places.resolve(experiment.place)
        self.day = 0
        self.days = experiment.days
        self.month_began = 0
        self.months_done = 0
        self._make_people()
        self._make_organisations()
        self._make_world(kept)
        if kept is None:
            self._run_in()
        self.nation = NationAround(experiment, self.catalogue)
        self.strategy = Strategy(self)
        self.happenings = Happenings(self)
        self.services = Services(self)
        self.practice_choice = PracticeChoice(self)
        residents = self.world.tallies.residents
        occupied, delayed = self.world.hospitals["occupied"], self.world.hospitals["delayed"]
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "date": lambda model: (model.date - timedelta(days=1)).isoformat(),
                "days_to_come": lambda model: model.days - model.day,
                "population": lambda model: int(residents.sum()),
                "beds_occupied": lambda model: int(occupied.sum()),
                "delayed_transfers": lambda model: int(delayed.sum()),
            }
        )

        self.catalogue.turn_page()
        self.built = frozenset([*vars(self), "built", "seen"])

    def checkpoint(self, path: str | Path) -> Path:
        """Keep the state at the start of the day about to be lived in a file, whole or not at all.

        Raises:
            icsim.checkpoint.CheckpointError: the disk refuses, or a subclass has state that it does not name.
        """
        path = Path(path).expanduser()
        write(path, header_of(self), state_of_model(self))
        return path

    @classmethod
    def restore(
        cls, checkpoint: str | Path | Checkpoint, *, experiment: Experiment | None = None, **arguments: Any
    ) -> Self:
        """The model that a checkpoint is of, about to live the day it was kept on.

        Args:
            checkpoint: the file, or one that was read.
            experiment: another future, from :func:`icsim.branching.future`; left out, the one it was kept in.
            arguments: of the constructor of a subclass.

        Raises:
            icsim.checkpoint.CheckpointError: damaged, written by other code, or of another class of model.
            icsim.experiment.ExperimentError: a parameter that can no longer act.
        """
        if not isinstance(checkpoint, Checkpoint):
            checkpoint = Checkpoint(checkpoint)
        header = checkpoint.header
        if header["model"] != cls.__qualname__:
            raise CheckpointError(
                f"{checkpoint.path} is of a model {header['model']}, which alone can restore it; this is "
                f"{cls.__qualname__}"
            )
        present = load(header["experiment"])
        future = present if experiment is None else experiment
        founded = load(header["founded"], {"years": future.years})
        model = cls(founded, seed=header["luck"] - header["replicate"], replicate=header["replicate"],
                    kept=checkpoint, **arguments)  # fmt: skip
        put_model_back(model, checkpoint, present, future)
        return model

    def _make_people(self) -> None:
        experiment = self.experiment
        asked = people_asked(experiment, self.luck)
        self.population = synthesise(self.place, catalogue=self.catalogue, **asked)
        if not self.population.n_residents:
            said = f"leaves nobody of the {self.place.population:,} who live there; take a larger share"
            raise ExperimentError(Problem("", "population.sample", said, experiment.population.sample))
        self.people = self.population.people
        self.population = under_councils(self.population, self._councils())
        self.patients = Patients(self, self.people)
        self.at_start = residents_of(self.people)
        self.residents_at_start = self.population.n_residents
        self.scale = self.residents_at_start / self.place.population
        self.demand = expected(counts_by_age_and_fifth(self.at_start), self.catalogue)
        self._service_factors: dict[tuple[str, str], list[float]] = {}
        self.capacity_added: dict[tuple[str, str], float] = {}
        self.risk_noise = 1.0

    def _councils(self) -> dict[str, list[str]]:
        """Codes of districts by council, as the experiment gives them or as they were."""
        given = self.experiment.organisations.local_authorities.councils
        if given is None:
            return councils_of(self.place)
        districts = districts_of(self.place)
        found = {one.name: [str(find_district(districts, d)) for d in one.districts or ()] for one in given}
        taken = {code for codes in found.values() for code in codes}
        left = [code for code in districts if code not in taken]
        return {name: codes or left for name, codes in found.items()}

    def _make_organisations(self) -> None:
        self.ae_to_gp: np.ndarray = np.zeros(0)  # odds of A&E against the GP, (age bands, fifths)
        self.organisations = [organisation for kind in KINDS for organisation in kind.found(self)]
        rows = [OrganisationRow(f"{self.place.name} (whole place)", "system")]
        rows += [OrganisationRow(o.name, o.kind, o.code) for o in self.organisations]
        self.recorder = Recorder(self.experiment.start, self.days, rows)
        names = [o.name for o in self.organisations]
        self.relationships = Relationships(
            names, [o.kind for o in self.organisations], self.experiment.relationships
        )

    def of(self, kind: type[Organisation]) -> list[Any]:
        """The organisations of a class, in order."""
        return [o for o in self.organisations if type(o) is kind]

    def _tables(self, kept: Checkpoint | None) -> tuple[np.record, np.record]:
        """The rules of a day of care and what turns attributes into rates, reckoned or as they were kept."""
        if kept is not None:
            rules, risk = records(1, RULES), records(1, RISK)
            for table, name in ((rules, "rules"), (risk, "risk")):
                lay(table, kept.state["world"][name].reshape(1), name)
            return rules[0], risk[0]
        rates = usual_need_rates(self.catalogue)
        self.ae_to_gp = rates.ae_to_gp
        rules = gather(self.catalogue, rates.ae_to_gp)
        risk = risk_tables(self.catalogue, rates, rules.headroom, self.people, self.experiment.start)
        return rules, risk

    def _make_world(self, kept: Checkpoint | None) -> None:
        catalogue = self.catalogue
        rules, risk = self._tables(kept)
        trusts = self.of(AcuteTrust)
        sizes = Sizes(
            practices=len(self.of(GPPractice)),
            teams=len(self.of(CommunityTeam)),
            sites=len(trusts) + 1,
            authorities=len(self.of(LocalAuthority)),
            mental_site=len(trusts),
        )
        self.run_in = int(catalogue.value("run_in_days"))
        days = calendar(self.experiment.start, self.run_in, self.recorder.year_of_day)
        self.world = open_world(
            self.people, self.patients.attributes.altered, self.luck, sizes, rules, risk,
            self.population.ageing, days, len(self.recorder.financial_years), self.run_in,
            len(self.population.lsoas),
        )  # fmt: skip
        self.levers = Levers(self.world)
        self.set_travel(self.experiment.travel.ae_minutes, self.experiment.travel.gp_minutes)
        shares = np.cumsum([trust.resident_share for trust in trusts])
        use_hospitals(self.people, shares)
        for organisation in self.organisations:
            organisation.open()
        for practice in self.of(GPPractice):
            practice.settle_in()
        kinds = self.world.tallies._fields[: self.world.tallies._fields.index("by_group")]
        self._blocks = tuple(self.recorder.block(kind) for kind in kinds)
        self._counts = tuple(getattr(self.world.tallies, kind) for kind in kinds)
        self._accounts = Accounts(self.recorder, self.experiment, catalogue, self._populations())

    def _populations(self) -> Populations:
        """Whom the money is for, from the people and organisations at the start."""
        trusts = self.of(AcuteTrust)
        practices, bands = len(self.of(GPPractice)), len(AGE_BANDS)
        cell = self.at_start.practice.astype(np.int64) * bands + AGE_BAND_OF_AGE[self.at_start.age]
        lists = np.bincount(cell, minlength=practices * bands).reshape(practices, bands)
        shares = np.array([trust.resident_share for trust in trusts])
        d = self.demand
        outside_stay = self.catalogue.value("trust_outside_stay")
        return Populations(
            residents_by_age=lists.sum(axis=0),
            lists=lists.sum(axis=1),
            weighted_lists=lists @ list_weights(self.catalogue),
            people_65=np.array([authority.older_people for authority in self.of(LocalAuthority)]),
            commissioner_shares=np.array([one.share for one in self.of(Commissioner)]),
            authority_shares=np.array([one.share for one in self.of(LocalAuthority)]),
            expected=Activity(
                d.ae_attendances * shares, d.emergency_spells * shares, d.elective_inpatients * shares,
                d.day_cases * shares, d.first_outpatients * shares, d.follow_up_outpatients * shares,
            ),
            core_beds=np.array([trust.capacity["core_beds"] for trust in trusts]),
            outside_attendances=np.array([trust.outside["attendances_per_day"] * 365.25 for trust in trusts]),
            outside_admissions=np.array([trust.outside["beds"] * 365.25 / outside_stay for trust in trusts]),
            team_shares=np.array([team.residents for team in self.of(CommunityTeam)]),
            covered=np.array([float(trust.name != ELSEWHERE) for trust in trusts]),
            need_index=d.need_index,
        )  # fmt: skip

    def _run_in(self) -> None:
        v = self.catalogue.value
        world, first = self.world, -self.run_in
        settle_everyone(world, first)
        seen = self._look(first)
        self.seen = seen._replace(cared_for=seen.older)  # hospitals start packages until the next look
        fill_beds(world, first, nights_in_hospital(self.catalogue) / 365.25)
        waiting = (v("waiting_outpatient_per_1000"), v("waiting_list_per_1000"), v("following_up_per_1000"))
        fill_waiting_lists(world, first, waiting, v("waiting_mean_days"))
        need_goes_unseen(world, self.seen.failing, self.seen.distressed, v("unmet_months_at_start"), first)
        find_cases(self, 0, first)
        for trust in self.of(MentalHealthTrust):
            trust.settle_in()
        for day in range(first, 0):
            if (day - first) % RUN_IN_MONTH == 0:
                if day > first:
                    need_goes_unseen(world, self.seen.failing, self.seen.distressed, 1.0, day)
                support_at_home(self, RUN_IN_MONTH / 7, BEFORE + day)
            live_day(world, day)
        for table in world.tallies[: world.tallies._fields.index("residents")]:
            table[:] = 0
        self._count_use(forget=True)  # the next count writes over it
        world.tallies.work[:] = 0
        self._survey(0)

    def _look(self, day: int) -> Survey:
        rules, intensity = self.world.rules, self.world.teams.intensity
        visited = rules.unmet_caseload_decay * float(np.mean(intensity))
        fade = np.array(
            [rules.unmet_decay, visited, rules.unmet_treatment_decay, rules.unmet_support_decay], np.float64
        )
        return survey(self.people, len(self.of(GPPractice)), day, fade)

    def _survey(self, day: int) -> None:
        """Look at everybody. What only that can tell stands from ``day`` until the next look."""
        self.seen = self._look(self.day - 1)
        recorder = self.recorder
        recorder.block("gp_practice")[day:, :, columns("gp_practice").LIST_SIZE] = self.seen.lists
        recorder.block("system")[day:, 0, columns("system").UNMET_NEED] = self.seen.unmet_need
        over = waiting_over(self.world, self.seen.planned, self.day - 1, EIGHTEEN_WEEKS)
        trusts = recorder.block("acute_trust")
        trusts[day:, :, columns("acute_trust").WAITING_OVER_18_WEEKS] = over[: trusts.shape[1]]

    @property
    def person_year(self) -> np.ndarray:
        """What each person used of care (``USE``) by financial year so far, shape (n, years, 4)."""
        self._count_use()
        return self.world.tallies.person_year

    def _count_use(self, forget: bool = False) -> None:
        """Put down what people have used in the financial year so far, beside the years before."""
        year = self.recorder.year_of_day[max(self.day - 1, 0)]
        count_use(self.people, self.world.tallies.person_year[:, year], forget)

    @property
    def accounts(self) -> Accounts:
        """The books, with every day lived paid for: days are posted together when somebody looks."""
        self._accounts.post_until(self.day)
        return self._accounts

    @property
    def date(self) -> date:
        """The day about to be lived."""
        return self.experiment.start + timedelta(days=self.day)

    def work(self) -> dict[str, int]:
        """What the days cost: patient days lived, care events, candidate needs, needs past their bound."""
        candidates, past, events = (int(count) for count in self.world.tallies.work)
        days = int(self.world.tallies.person_days.sum())
        return {
            "patient_days": days,
            "events": events,
            "candidate_needs": candidates,
            "needs_past_bound": past,
        }

    def service_factor(self, organisation: Organisation, capacity: str) -> float:
        """Product of what interventions and shocks have done to a capacity of an organisation, and of growth.

        From 2019 on everything but beds grows by ``supply_growth_after_2018`` each April.
        """
        turned = self.factor_of(organisation.kind, capacity) * self.factor_of(organisation.name, capacity)
        years = self.date.year - (self.date.month < 4) - STANDING
        if capacity == "beds" or years <= 0:
            return turned
        return turned * (1 + self.catalogue.value("supply_growth_after_2018")) ** years

    def factor_of(self, owner: str, capacity: str) -> float:
        """Product of the factors turned for a capacity of a kind or of one name."""
        return math.prod(self._service_factors.get((owner, capacity), ()))

    def turn_service(self, owner: str, capacity: str, factor: float, turned: bool = True) -> None:
        """Multiply a capacity of a kind or name of organisation from today; ``turned=False`` takes that back.

        Capacities: ``staff``, ``beds``, ``appointments`` (of practices), ``social_care`` (of councils),
        ``places`` (of care homes).
        """
        self.change_service(owner, capacity, *((1.0, factor) if turned else (factor, 1.0)))

    def change_service(self, owner: str, capacity: str, before: float, after: float) -> None:
        """Multiply a capacity by ``after`` from today in place of ``before``; 1 for nothing."""
        factors = self._service_factors.setdefault((owner, capacity), [])
        if before != 1:
            factors.remove(before)
        if after != 1:
            factors.append(after)
        for organisation in self.organisations:
            if owner in (organisation.kind, organisation.name):
                organisation.open()

    def added(self, organisation: Organisation, capacity: str) -> float:
        """What services add to a capacity of an organisation (``icsim.experiment.services.ADDED``)."""
        return self.capacity_added.get((organisation.name, capacity), 0.0)

    def add_capacity(self, added: Mapping[tuple[str, str], float]) -> None:
        """Add to capacities, by name of organisation and capacity, in place of what was added before."""
        before, self.capacity_added = self.capacity_added, dict(added)
        changed = {
            owner for owner, what in before.keys() | added.keys()
            if before.get((owner, what), 0.0) != added.get((owner, what), 0.0)
        }  # fmt: skip
        for organisation in self.organisations:
            if organisation.name in changed:
                organisation.open()

    def set_travel(self, ae_minutes: float, gp_minutes: float) -> None:
        """Set the mean minutes by car from home to A&E and to a practice from today, as for a new site."""
        lsoas, v = self.population.lsoas, self.catalogue
        codes = np.array([int(str(code)[1:]) for code in lsoas["lsoa"]], dtype=np.int64)
        people = lsoas.filter(regex=r"^age_\d+$").to_numpy(dtype=np.float64).sum(axis=1)
        minutes = travel_minutes(codes, people, ae_minutes, gp_minutes, v)
        usual = np.array([v.value("travel_gp_minutes"), v.value("travel_ae_minutes")])
        each = np.array([v.value("choice_travel_gp"), v.value("choice_travel_ae")])
        self.world.travel[:] = np.round(each * (minutes - usual), 9)

    def first_of_month(self, n: int) -> int:
        """Where to start this month in a list of ``n``, so that nobody is always first."""
        key = np.uint64(entity_key(self.luck, draws.ORGANISATION, 0))
        return int(bits(key, draws.ROTATION, BEFORE + self.months_done) % max(n, 1))

    def step(self) -> None:
        """Live one day; at the end of a month and of a financial year, organisations look back."""
        if self.day >= self.days:
            self.running = False
            return
        years = self.recorder.year_of_day
        if self.day and years[self.day] != years[self.day - 1]:
            self._count_use(forget=True)
        self.services.begin_day(self.date)
        self.happenings.begin_day(self.date)
        live_day(self.world, self.day)
        add_counts(self.day, self._blocks, self._counts)
        self.day += 1
        if self.date.day == 1 or self.day == self.days:
            self._end_month()
        self.datacollector.collect(self)
        self.running = self.day < self.days

    def _end_year(self) -> None:
        """Organisations look back on the financial year and open the next; budgets are by today's people."""
        for organisation in self.organisations:
            organisation.review_year()
            organisation.open()
        authorities = self.people["authority"][self.seen.older]
        older = np.bincount(authorities, minlength=len(self.of(LocalAuthority)))
        self.accounts.renew(self.world.tallies.residents.sum(axis=1), older)

    def _end_month(self) -> None:
        """Count what is counted monthly, let every organisation look back, and close the month's books."""
        self._accounts.post_until(self.day)  # before the surveys add to the last day's row
        self._survey(self.day - 1)
        months = (self.day - self.month_began) / MONTH
        need_goes_unseen(self.world, self.seen.failing, self.seen.distressed, months, self.day - 1)
        for organisation in self.organisations:
            organisation.review_month()
        if self.date.month == 4 and self.date.day == 1:
            self._end_year()
        add_counts(self.day - 1, self._blocks, self._counts)
        first = self.experiment.start + timedelta(days=self.month_began)
        acsc = self.world.tallies.by_group[..., group_columns().ACSC_ADMISSIONS].sum()
        self.accounts.month_end(first.replace(day=1), float(acsc))
        self.strategy.end_month(first.replace(day=1))
        self.practice_choice.month()
        if self.day == self.days:
            self.accounts.close(first.replace(day=1))
        self.relationships.record(self.recorder, first.replace(day=1))
        self.month_began = self.day
        self.months_done += 1
