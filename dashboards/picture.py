"""What the wall draws of a model on a day: who trusts whom, where patients are, four levels of need."""

from typing import Any

import numpy as np

from icsim.analysis.marked import SEGMENTS, segments
from icsim.care.services import Setting
from icsim.compiling import compiled
from icsim.dashboards.measures import WINDOW
from icsim.model import ICSModel
from icsim.population.columns import Residence, Status
from icsim.recording.indicators import ELSEWHERE
from icsim.recording.measures import columns

SHORT: dict[str, str] = {
    "acute_trust": "Hospital",
    "gp_practice": "GP practices",
    "community_team": "Community teams",
    "local_authority": "Social care",
    "commissioner": "Commissioner",
    "mental_health_trust": "Mental health",
    "urgent_care": "111 and 999",
    "voluntary_sector": "Voluntary sector",
    "care_homes": "Care homes",
}
"""Kinds of organisation as the wall calls them, in the order of its ring."""

SETTINGS = len(Setting)


def of_kinds(model: ICSModel) -> dict[str, np.ndarray]:
    """Positions of the organisations of each kind on the wall; hospitals elsewhere are left out."""
    found: dict[str, list[int]] = {kind: [] for kind in SHORT}
    for at, organisation in enumerate(model.organisations):
        if organisation.name != ELSEWHERE and organisation.kind in found:
            found[organisation.kind].append(at)
    return {kind: np.array(rows) for kind, rows in found.items() if rows}


def pressure_of(model: ICSModel) -> np.ndarray:
    """How hard each organisation was pressed in the last month, (n,); 0 before the first is over."""
    n, told = len(model.organisations), model.recorder.decisions.columns["pressure"]
    return np.array(told[-n:]) if told else np.zeros(n)


def network(model: ICSModel) -> dict[str, Any]:
    """Nodes and ties between kinds of organisations.

    Returns:
        nodes: key, label, how many, effort and pressure (0-1), money (GBP million a year, the last month's
        pace; None before a month is closed). ties: two keys, trust both ways (0-1).
    """
    groups, strategy, pressure = of_kinds(model), model.strategy, pressure_of(model)
    ledger, trust = model.accounts.ledger, model.relationships.trust
    money = (ledger.received - ledger.spent) * 12 / model.scale / 1e6
    nodes = [
        {
            "key": kind,
            "label": SHORT[kind],
            "many": len(rows),
            "effort": round(float(strategy.effort[rows].mean()), 3),
            "pressure": round(float(pressure[rows].mean()), 3),
            "money": round(float(money[rows].sum()), 1) if model.months_done else None,
        }
        for kind, rows in groups.items()
    ]
    kinds = list(groups)
    ties = []
    for i, one in enumerate(kinds):
        for other in kinds[i + 1 :]:
            there = float(trust[np.ix_(groups[one], groups[other])].mean())
            back = float(trust[np.ix_(groups[other], groups[one])].mean())
            ties.append({"a": one, "b": other, "trust": round((there + back) / 2, 3),
                         "there": round(there, 2), "back": round(back, 2)})  # fmt: skip
    return {"nodes": nodes, "ties": ties}


def _a_day(model: ICSModel, kind: str, name: str) -> float:
    """Mean of the last four weeks, all organisations of the kind together, for the whole place."""
    rows = model.recorder.block(kind)[max(0, model.day - WINDOW) : model.day]
    if not len(rows):
        return 0.0
    return float(rows[..., columns(kind)[name.upper()]].sum() / len(rows) / model.scale)


def _moves(model: ICSModel) -> dict[str, float]:
    """People a day from one place of care to another. Whoever comes into hospital leaves it some way."""
    trust = {name: _a_day(model, "acute_trust", name) for name in (
        "ae_attendances", "admitted_from_ae", "emergency_admissions", "zero_day_admissions", "day_cases",
        "elective_admissions", "discharges", "became_delayed", "deaths_in_hospital",
    )}  # fmt: skip
    moved_in = _a_day(model, "care_homes", "moves_in")
    ended = max(trust["became_delayed"] - _more_a_day(model, "acute_trust", "delayed_transfers"), moved_in)
    same_day = trust["zero_day_admissions"] + trust["day_cases"]
    return {
        "home-gp": _a_day(model, "gp_practice", "appointments"),
        "home-community": _a_day(model, "community_team", "visits"),
        "home-ae": trust["ae_attendances"],
        "ae-home": trust["ae_attendances"] - trust["admitted_from_ae"],
        "ae-ward": trust["admitted_from_ae"],
        "gp-ward": max(trust["emergency_admissions"] - trust["admitted_from_ae"], 0.0),
        "home-ward": trust["elective_admissions"] + trust["day_cases"],
        "ward-home": max(trust["discharges"] + same_day - ended - trust["deaths_in_hospital"], 0.0),
        "ward-leaving": trust["became_delayed"],
        "leaving-home": ended - moved_in,
        "leaving-care_home": moved_in,
    }


def _more_a_day(model: ICSModel, kind: str, name: str) -> float:
    """By how much a stock has grown a day over the last four weeks."""
    rows = model.recorder.block(kind)[
        max(0, model.day - WINDOW - 1) : model.day, :, columns(kind)[name.upper()]
    ]
    return float((rows[-1].sum() - rows[0].sum()) / (len(rows) - 1) / model.scale) if len(rows) > 1 else 0.0


@compiled
def _places_of(people: Any) -> np.ndarray:
    """Residents by setting, then those in care homes, on community caseloads and with home care, int64."""
    found = np.zeros(SETTINGS + 3, np.int64)
    for i in range(len(people)):
        p = people[i]
        if p.status == Status.RESIDENT:
            found[p.setting] += 1
            found[SETTINGS] += p.residence == Residence.CARE_HOME
            found[SETTINGS + 1] += p.caseload == 1
            found[SETTINGS + 2] += p.package == 1
    return found


def patients(model: ICSModel) -> dict[str, Any]:
    """Where residents are tonight, and how many move a day; counts are for the whole place.

    Returns:
        here: people by place of care. moves: people a day from one place to another, mean of four weeks.
    """
    found = [int(count) for count in _places_of(model.people)]
    setting, (homes, caseload, package) = found[: len(Setting)], found[len(Setting) :]
    wards = setting[Setting.WARD] + setting[Setting.ELECTIVE_WARD]
    counts = {
        "home": sum(setting) - wards - setting[Setting.BOARDING] - setting[Setting.DELAYED] - homes,
        "gp": setting[Setting.AWAITING_GP],
        "ae": setting[Setting.BOARDING],
        "ward": wards,
        "leaving": setting[Setting.DELAYED],
        "community": caseload,
        "home_care": package,
        "care_home": homes,
    }
    moves = _moves(model)
    return {
        "here": {key: round(count / model.scale) for key, count in counts.items()},
        "moves": {key: round(each, 1) for key, each in moves.items()},
    }


def needs(model: ICSModel) -> list[dict[str, Any]]:
    """People by level of need today, highest first, for the whole place."""
    found = segments(model.people)
    counts = np.bincount(found[found >= 0], minlength=len(SEGMENTS))
    named = [{"label": name.capitalize(), "people": round(int(counts[at]) / model.scale)}
             for at, name in enumerate(SEGMENTS)]  # fmt: skip
    return named[::-1]
