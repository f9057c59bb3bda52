"""Published tables that ship with the package: acute trusts, A&E, mortality, practices. See data/LICENCE.md.

Frames are read once a process and shared: treat them as read-only, or copy.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

DATA = Path(__file__).parent / "data"


@cache
def trusts() -> "pd.DataFrame":
    """The nine places' acute trusts, one row a trust and financial year, 27 rows.

    Columns: code, name, place (the shipped name), year ("2015/16" to "2017/18"), beds (general and acute beds
    open, winter daily mean), beds_occupied, occupancy (0-1), share_over_7_days and share_over_21_days (of
    occupied beds, 2017/18 only), attendances (A&E, all types, a year), admissions (through A&E, a year) and
    within_4h (0-1). The A&E columns are empty for 2015/16. Sources: NHS England winter daily situation
    reports and A&E monthly statistics. A trust's figures cover all it serves, not only the place.
    """
    import pandas as pd

    known = pd.read_csv(DATA / "trusts.csv")
    beds = pd.read_csv(DATA / "winter_general_acute_beds_by_trust_2015-16_2017-18.csv")
    beds["year"] = beds["winter"].str.replace("-", "/")
    beds = beds.rename(
        columns={
            "area": "beds_area",
            "beds_open": "beds",
            "beds_occ": "beds_occupied",
            "share_beds_gt7d": "share_over_7_days",
            "share_beds_gt21d": "share_over_21_days",
        }
    )
    annual = pd.read_csv(DATA / "ae_annual_by_pacs_trust_2016-17_2017-18.csv")
    years = []
    for column, year in (("2016", "2016/17"), ("2017", "2017/18")):
        part = annual[["area", f"att_{column}", f"adm_{column}", f"perf4h_{column}"]].set_axis(
            ["ae_area", "attendances", "admissions", "within_4h"], axis=1
        )
        years.append(part.assign(year=year))
    activity = pd.concat(years)
    activity["within_4h"] /= 100
    frame = known.merge(beds, on="beds_area").merge(activity, on=["ae_area", "year"], how="left")
    columns = ["code", "name", "place", "year", "beds", "beds_occupied", "occupancy"]
    columns += ["share_over_7_days", "share_over_21_days", "attendances", "admissions", "within_4h"]
    return frame.loc[:, columns]


@cache
def place_levels() -> "pd.DataFrame":
    """Which catalogue row holds what is published of a place itself: place, measure, key, why.

    Measures: people (served or registered, as stated), need_index (emergency admissions expected from age and
    deprivation over England's), ae_per_10_000_a_month, emergency_admissions_a_quarter. ``why``: why the
    figure is of other people than the place's, "" where it is not.
    """
    import pandas as pd

    return pd.read_csv(DATA / "place_levels.csv", keep_default_na=False)


@cache
def ae_monthly() -> "pd.DataFrame":
    """A&E of every trust of England, April 2016 to March 2018, one row a month, trust and department type.

    Columns: period (first of the month), org_code, type ("1", "2", "other"), attendances, breaches (of the
    four-hour standard), admissions. Source: NHS England.
    """
    import pandas as pd

    return pd.read_parquet(DATA / "ae_monthly_by_trust_2016-04_2018-03.parquet")


@cache
def ae_by_department(year: str, code: str = "") -> "pd.DataFrame":
    """A&E of one financial year by type of department: attendances, breaches, admissions, indexed by type.

    Args:
        year: "2016/17" or "2017/18".
        code: of a trust; "" for all of England.
    """
    months = ae_monthly()
    first = int(year[:4])
    when: Any = months["period"].astype("datetime64[ns]")
    inside = (when >= f"{first}-04-01") & (when < f"{first + 1}-04-01")
    if code:
        inside &= months["org_code"] == code
    return months[inside].groupby("type", observed=True)[["attendances", "breaches", "admissions"]].sum()


@cache
def practices() -> "pd.DataFrame":
    """Registered patients of England's 6,658 practices, January 2021.

    Columns: practice, ccg (code of 2021), list_size. Source: NHS Digital. Lists had grown since 2015: use
    counts and shape, and scale to the place.
    """
    import pandas as pd

    return pd.read_parquet(DATA / "gp_practice_list_sizes_2021-01.parquet").astype({"ccg": str})


@cache
def female_share_by_age() -> "pd.DataFrame":
    """Share of women by single year of age, England 2023: age (0 to 90, 90 meaning 90+), female_share (0-1).

    Source: Office for National Statistics.
    """
    import pandas as pd

    return pd.read_csv(DATA / "england_female_share_by_age_2023.csv")


@cache
def mortality_by_age() -> "pd.DataFrame":
    """Deaths by age band, England and Wales 2017: age, deaths_2017, pop_mid2017_EW, rate_per_1000 (a year).

    Source: Office for National Statistics.
    """
    import pandas as pd

    return pd.read_csv(DATA / "mortality_by_age_england_wales_2017.csv")


@cache
def england_by_age_and_fifth() -> "np.ndarray":
    """England's residents, mid-2017, by age band and fifth of deprivation (0 the most deprived), (10, 5).

    Sums of the LSOA table. Sources: Office for National Statistics; MHCLG.
    """
    import numpy as np

    table = np.loadtxt(
        DATA / "england_by_age_and_fifth_2017.csv", delimiter=",", skiprows=1, usecols=range(1, 6)
    )
    return table.astype(np.float64)


@cache
def emergency_need_index() -> "pd.DataFrame":
    """Emergency admissions expected from age and deprivation alone, by place: the first column is the area.

    Computed from the LSOA table and the rates by age and deprivation of Pereira Gray et al. 2017.
    """
    import pandas as pd

    return pd.read_csv(DATA / "emergency_need_index_by_site.csv")
