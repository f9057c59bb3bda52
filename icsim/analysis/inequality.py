"""How use of care falls off from the most to the least deprived fifth: slope and relative index."""

from typing import Any

import numpy as np


def gradient(counts: Any, measure: str) -> tuple[float, float]:
    """The slope and the relative index of inequality of a year's counts by age and deprivation.

    Rates of the fifths are standardised directly to the ages of all of them, then fitted by a straight line
    to the middle rank of each fifth, weighted by its people (Wagstaff and others 1991, Social Science and
    Medicine 33:545). The slope index is the line at the most deprived end less that at the least deprived.

    Args:
        counts: rows of ``by_age_and_imd``: columns age_band, imd_fifth, person_days and the measure.
        measure: what is counted.

    Returns:
        slope index in events per 1,000 person-years; relative index, slope over the mean rate. NaN where
        fewer than two fifths have people.
    """
    sums = counts.groupby(["age_band", "imd_fifth"], observed=True)[["person_days", measure]].sum().unstack()
    days = sums["person_days"].fillna(0.0).to_numpy(float)
    return gradient_of(days, sums[measure].fillna(0.0).to_numpy(float))


def gradient_of(days: np.ndarray, events: np.ndarray) -> tuple[float, float]:
    """As :func:`gradient`, of days lived and events by age (rows) and fifth (columns)."""
    ages = days.sum(axis=1, keepdims=True)
    lived = days > 0
    rates = np.divide(events, days, out=np.zeros_like(days), where=lived) * 365_250
    shares = np.where(lived, ages, 0.0)  # an age that a fifth has nobody of counts for nothing in it
    people = days.sum(axis=0)
    there = people > 0
    if there.sum() < 2:
        return np.nan, np.nan
    standard = (rates * shares).sum(axis=0)[there] / shares.sum(axis=0)[there]
    return slope(standard, people[there])


def slope(rates: np.ndarray, people: np.ndarray) -> tuple[float, float]:
    """Slope and relative index of rates of groups, most deprived first, by weighted least squares on rank."""
    weight = people / people.sum()
    rank = np.cumsum(weight) - weight / 2
    mean, middle = (weight * rates).sum(), (weight * rank).sum()
    fall = (weight * (rank - middle) * (rates - mean)).sum() / (weight * (rank - middle) ** 2).sum()
    return float(-fall), float(-fall / mean) if mean else np.nan
