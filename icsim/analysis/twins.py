"""Each person beside their twin: who used more, less or the same, in all and by group."""

from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.analysis.marked import ABSENT, SEGMENTS
from icsim.analysis.outcomes import ALL, COLUMNS
from icsim.recording.run import Run
from icsim.recording.store import ResultError

if TYPE_CHECKING:
    import pandas as pd

USES = ("emergency_admissions", "bed_days", "ae_attendances", "gp_contacts")
SAME_FOR_LIFE = ("sex", "lsoa")
LATER = "came later"
EVERYBODY = ("everybody", "")


def people_of(run: Run) -> "pd.DataFrame":
    """Everybody of a run of one replicate by row of the person; use over all years beside each year's."""
    import pandas as pd

    table: Any = run.people
    table = table.set_index("person", drop=True).sort_index()
    years = [name.rsplit("_", 2)[1:] for name in table.columns if name.startswith("gp_contacts_")]
    found = {name: table[name] for name in table.columns}
    for use in USES:
        columns = [f"{use}_{a}_{b}" for a, b in years]
        found |= {column: table[column].astype("int64") for column in columns}
        found[f"{use}_{ALL}"] = table[columns].astype("int64").sum(axis=1)
    return pd.DataFrame(found)


def years_in(people: "pd.DataFrame") -> dict[str, str]:
    """The financial years of a people table, and how its columns end: ``{"2015/16": "2015_16", ...}``."""
    ends = [name.removeprefix("gp_contacts_") for name in people.columns if name.startswith("gp_contacts_")]
    return {end.replace("_", "/"): end for end in ends}


def check_twins(reference: "pd.DataFrame", policy: "pd.DataFrame", names: tuple[str, str]) -> None:
    """Refuse two worlds whose people are not the same; raises ``ResultError``."""
    same = reference.index.equals(policy.index)
    if same:
        same = all((reference[name].astype(str) == policy[name].astype(str)).all() for name in SAME_FOR_LIFE)
    if not same:
        raise ResultError(
            f"{names[0]} and {names[1]} do not have the same people: something in one of them changes who "
            "lives in the place, so nobody has a twin"
        )


def groups_of(reference: "pd.DataFrame") -> dict[tuple[str, str], np.ndarray]:
    """Whom to count, (dimension, group) to a mask over people, told by what the reference says of them.

    ``everybody``; ``age_band`` at the end; ``imd_fifth``; ``segment`` on the first day.
    """
    found = {EVERYBODY: np.ones(len(reference), bool)}
    bands = reference["age_band"].astype(str).to_numpy()
    found |= {("age_band", band): bands == band for band in reference["age_band"].cat.categories}
    fifth = (reference["imd_decile"].to_numpy(int) + 1) // 2
    found |= {("imd_fifth", str(k)): fifth == k for k in range(1, 6)}
    segment = reference["segment"].to_numpy()
    found |= {("segment", name): segment == k for k, name in enumerate(SEGMENTS)}
    found["segment", LATER] = segment == ABSENT
    return found


def by_segment(people: "pd.DataFrame", groups: dict[tuple[str, str], np.ndarray]) -> "pd.DataFrame":
    """Use by level of need, in the form of ``outcomes.values_of``; groups are those of the reference."""
    import pandas as pd

    rows = []
    for (dimension, group), who in groups.items():
        if dimension == "segment":
            for year, end in years_in(people).items():
                for use in USES:
                    name = "consultations" if use == "gp_contacts" else use
                    rows.append(
                        (year, dimension, group, name, float(people[f"{use}_{end}"].to_numpy()[who].sum()))
                    )
            gone = people["status"].to_numpy() == "dead"
            rows.append((ALL, dimension, group, "deaths", float(gone[who].sum())))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def against_twins(
    reference: "pd.DataFrame", policy: "pd.DataFrame", groups: dict[tuple[str, str], np.ndarray]
) -> "pd.DataFrame":
    """How many people used less, the same and more than their twin, and how much.

    Returns:
        columns financial_year, dimension, group, outcome, people, less, same, more (people), fewer, extra
        (units that those who used less did not use, and those who used more used beyond). For ``deaths``:
        ``less`` are those who died only in the reference, ``more`` only under the policy.
    """
    import pandas as pd

    rows = []
    changes: list[tuple[str, str, np.ndarray]] = []
    for year, end in years_in(reference).items():
        for use in USES:
            name = f"{use}_{end}"
            changes.append((year, use, policy[name].to_numpy() - reference[name].to_numpy()))
    died = [(people["status"] == "dead").to_numpy().astype(int) for people in (reference, policy)]
    changes.append((ALL, "deaths", died[1] - died[0]))
    for year, use, change in changes:
        for (dimension, group), who in groups.items():
            of = change[who]
            less, more = of < 0, of > 0
            rows.append(
                (
                    year, dimension, group, use, len(of),
                    int(less.sum()), int(len(of) - less.sum() - more.sum()), int(more.sum()),
                    int(-of[less].sum()), int(of[more].sum()),
                )
            )  # fmt: skip
    names = ["financial_year", "dimension", "group", "outcome"]
    names += ["people", "less", "same", "more", "fewer", "extra"]
    return pd.DataFrame(rows, columns=names)
