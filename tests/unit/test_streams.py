"""The streams against a battery of statistical tests, and a battery that poor generators fail.

Seeds are fixed, so a verdict never changes by chance. A generator fails a battery when any p-value is below
``SIGNIFICANCE`` over their number (Bonferroni): a perfect one would fail with a chance of 1%.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numba import njit
from scipy import special, stats

from icsim import streams

pytestmark = pytest.mark.unit

SIGNIFICANCE = 0.01
N = 2**18
GOLDEN = 0x9E3779B97F4A7C15
Words = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
PValues = dict[str, float]


# generators: 64-bit words at arrays of addresses


@njit
def icsim_words(keys, purposes, indices):
    out = np.empty(len(keys), np.uint64)
    for i in range(len(keys)):
        out[i] = streams.bits(keys[i], purposes[i], indices[i])
    return out


@njit
def weyl_words(keys, purposes, indices):
    """No mixing: key plus a multiple of the golden ratio (one step of a linear congruential generator)."""
    out = np.empty(len(keys), np.uint64)
    for i in range(len(keys)):
        count = (np.uint64(purposes[i]) << np.uint64(48)) + np.uint64(indices[i])
        out[i] = (keys[i] + count * np.uint64(GOLDEN)) * np.uint64(6364136223846793005)
    return out


@njit
def shift_words(keys, purposes, indices):
    """The finaliser without its multiplications."""
    out = np.empty(len(keys), np.uint64)
    for i in range(len(keys)):
        x = keys[i] + (np.uint64(purposes[i]) << np.uint64(48)) + np.uint64(indices[i])
        for _ in range(2):
            x = x ^ (x >> np.uint64(30))
            x = x ^ (x >> np.uint64(27))
            x = x ^ (x >> np.uint64(31))
        out[i] = x
    return out


@njit
def shared_words(keys, purposes, indices):
    """Well mixed, but the purpose and the index count for one another: streams of a person overlap."""
    out = np.empty(len(keys), np.uint64)
    for i in range(len(keys)):
        out[i] = streams.mix(keys[i] + np.uint64(purposes[i]) + np.uint64(indices[i]))
    return out


@njit
def patient_keys(seed, kind, n):
    """Keys of neighbours: number k within a year of age within an LSOA, as synthesis makes them."""
    keys = np.empty(n, np.uint64)
    for i in range(n):
        keys[i] = streams.entity_key(seed, kind, 1005701 + i // 1820, i // 20 % 91, i % 20)
    return keys


def orders(n: int) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Addresses along patients, along purposes and along counts."""
    same = np.full(n, 3, dtype=np.int64)
    along = np.arange(n, dtype=np.int64)
    keys = patient_keys(2015, 1, n)
    yield "patients", keys, same, same
    yield "purposes", np.repeat(keys[: n // 128], 128), along % 128, same
    yield "counts", np.full(n, keys[7]), same, along


# the battery: p-values of one sequence of words


def unit(words: np.ndarray) -> np.ndarray:
    return ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def two_sided(z: float) -> float:
    return float(2 * stats.norm.sf(abs(z)))


def flat(counts: np.ndarray) -> float:
    """Two-sided: counts too even are as suspect as counts too uneven."""
    expected = counts.sum() / counts.size
    chi = ((counts - expected) ** 2 / expected).sum()
    return middle(chi, counts.size - 1)


def middle(chi: float, freedom: int) -> float:
    return float(2 * min(stats.chi2.sf(chi, freedom), stats.chi2.cdf(chi, freedom)))


def lags(u: np.ndarray, most: int = 32) -> float:
    x = (u - 0.5) * math.sqrt(12)
    chi = sum(((x[:-k] * x[k:]).sum() / math.sqrt(len(x) - k)) ** 2 for k in range(1, most + 1))
    return middle(chi, most)


def runs(u: np.ndarray) -> float:
    above = u > 0.5
    n, m = len(u), int(above.sum())
    mean = 1 + 2 * m * (n - m) / n
    variance = (mean - 1) * (mean - 2) / (n - 1)
    return two_sided((1 + (above[1:] != above[:-1]).sum() - mean) / math.sqrt(variance))


def gaps(u: np.ndarray, share: float = 0.1, longest: int = 60) -> float:
    gap = np.minimum(np.diff(np.flatnonzero(u < share)) - 1, longest)
    seen = np.bincount(gap, minlength=longest + 1)
    p = share * (1 - share) ** np.arange(longest + 1)
    p[-1] = (1 - share) ** longest
    return middle(((seen - len(gap) * p) ** 2 / (len(gap) * p)).sum(), longest)


def birthday_spacings(words: np.ndarray, births: int = 4096) -> float:
    """Marsaglia's test in a year of 2**32 days; repeated spacings are Poisson with mean births**3 / 2**34."""
    days = (words >> np.uint64(32)).reshape(-1, births)
    spacings = np.sort(np.diff(np.sort(days, axis=1), axis=1), axis=1)
    repeated = int((np.diff(spacings, axis=1) == 0).sum())
    mean = len(days) * births**3 / 2**34
    return float(min(1.0, 2 * min(stats.poisson.cdf(repeated, mean), stats.poisson.sf(repeated - 1, mean))))


def signs(words: np.ndarray) -> np.ndarray:
    """Bits as -1 and 1, shape (n, 64)."""
    return np.unpackbits(words.view(np.uint8).reshape(-1, 8), axis=1).astype(np.float32) * 2 - 1


def correlations(x: np.ndarray, y: np.ndarray, chosen: np.ndarray) -> float:
    r = (x.T @ y)[chosen] / math.sqrt(len(x))
    return middle(float((r.astype(np.float64) ** 2).sum()), int(chosen.sum()))


def sequence_battery(words: np.ndarray) -> PValues:
    """Uniformity and serial independence of a sequence of words, as numbers and bit by bit."""
    u = unit(words)
    cells = (u * 64).astype(np.int64)
    b = signs(words)
    balance = b.sum(axis=0, dtype=np.float64) / math.sqrt(len(b))
    pairs = np.triu(np.ones((64, 64), dtype=bool), 1)
    return {
        "kolmogorov": float(stats.kstest(u, "uniform").pvalue),
        "high bits": flat(np.bincount((u * 4096).astype(np.int64), minlength=4096)),
        "low bits": flat(np.bincount((words & np.uint64(4095)).astype(np.int64), minlength=4096)),
        "pairs": flat(np.bincount(cells[::2] * 64 + cells[1::2], minlength=4096)),
        "triples": flat(
            np.bincount(
                (cells[: len(u) // 3 * 3].reshape(-1, 3) // 4) @ np.array([256, 16, 1]), minlength=4096
            )
        ),
        "lags": lags(u),
        "runs": runs(u),
        "gaps": gaps(u),
        "birthdays": birthday_spacings(words),
        "monobit": two_sided(float(b.sum(dtype=np.float64)) / math.sqrt(b.size)),
        "balance": middle(float((balance**2).sum()), 64),
        "bit pairs": correlations(b, b, pairs),
        "bit succession": correlations(b[:-1], b[1:], np.ones((64, 64), dtype=bool)),
    }


def cross_battery(words: Words) -> PValues:
    """Independence of 64 streams that differ in one part of the address, and no word twice."""
    n = 2**12
    pairs = np.triu(np.ones((64, 64), dtype=bool), 1)
    base = patient_keys(2015, 1, n)
    threes = np.full(n, 3, dtype=np.int64)
    families = {
        "purposes": [words(base, threes + j, threes) for j in range(64)],
        "counts": [words(base, threes, threes + j) for j in range(64)],
        "patients": [words(np.full(n, key), threes, np.arange(n)) for key in patient_keys(2015, 1, 64)],
        "kinds": [words(patient_keys(2015, j, n), threes, threes) for j in range(64)],
        "seeds": [words(patient_keys(j, 1, n), threes, threes) for j in range(64)],
    }
    result: PValues = {}
    for name, members in families.items():
        x = (np.stack([unit(m) for m in members], axis=1) - 0.5) * math.sqrt(12)
        result[f"{name}: correlation"] = correlations(x, x, pairs)
        result[f"{name}: lagged"] = correlations(x[:-1], x[1:], np.ones((64, 64), dtype=bool))
        alike = len(np.unique(np.concatenate(members))) < 64 * n
        result[f"{name}: no word twice"] = 0.0 if alike else 1.0
    grid = np.arange(64, dtype=np.int64)
    met = words(
        np.repeat(base[:64], 64 * 64), np.tile(np.repeat(grid, 64), 64), np.tile(np.tile(grid, 64), 64)
    )
    result["grid: no word twice"] = 1.0 if len(np.unique(met)) == len(met) else 0.0
    return result


def battery(words: Words) -> PValues:
    result = {
        f"{order}: {name}": p
        for order, *address in orders(N)
        for name, p in sequence_battery(words(*address)).items()
    }
    return result | cross_battery(words)


def failures(p_values: PValues) -> list[str]:
    bound = SIGNIFICANCE / len(p_values)
    return [f"{name}: p = {p:.2g} < {bound:.2g}" for name, p in p_values.items() if not p >= bound]


def test_streams_pass_the_battery():
    assert failures(battery(icsim_words)) == []


@pytest.mark.parametrize("words", [weyl_words, shift_words], ids=["no mixing", "no multiplication"])
def test_poor_generators_fail_the_battery(words: Words):
    with np.errstate(all="ignore"):
        failed = failures(battery(words))
    for order in ("patients", "purposes", "counts"):
        assert any(failure.startswith(order) for failure in failed), order


def test_overlapping_streams_fail_the_battery():
    assert [failure.split(":")[0] for failure in failures(battery(shared_words))] == ["grid"]


# avalanche: every input bit turns over every output bit half the time


def flipped(make: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray, bits: int) -> float:
    """p-value of 64 x ``bits`` counts of output bits turned over by one input bit."""
    before = make(inputs)
    z = [
        signs(before ^ make(inputs ^ np.uint64(1 << bit))).sum(axis=0, dtype=np.float64)
        / math.sqrt(len(inputs))
        for bit in range(bits)
    ]
    return middle(float((np.array(z) ** 2).sum()), 64 * bits)


@njit
def key_of_part(part, values):
    out = np.empty(len(values), np.uint64)
    for i in range(len(values)):
        at = np.array([2015, 1, 1005701, 40, 3])
        at[part] = np.int64(values[i])
        out[i] = streams.entity_key(at[0], at[1], at[2], at[3], at[4])
    return out


def test_avalanche():
    rng = np.random.default_rng(1)
    inputs = rng.integers(0, 2**62, 2**12, dtype=np.uint64)
    small = np.arange(2**12, dtype=np.uint64)
    threes = np.full(len(inputs), 3, dtype=np.int64)
    keys = patient_keys(2015, 1, len(inputs))
    wide = rng.integers(0, 2**48, 2**12, dtype=np.uint64)
    p = {
        "key": flipped(lambda x: icsim_words(x, threes, threes), inputs, 62),
        "purpose": flipped(lambda x: icsim_words(keys, x.astype(np.int64), threes), small, 16),
        "index": flipped(lambda x: icsim_words(keys, threes, x.astype(np.int64)), small, 48),
    }
    for part, name in enumerate(("seed", "kind", "a", "b", "c")):
        p[f"entity {name}"] = flipped(lambda x, part=part: key_of_part(part, x), wide, 48)
    assert failures(p) == []


def test_avalanche_can_fail():
    inputs = np.arange(2**12, dtype=np.uint64)
    threes = np.full(len(inputs), 3, dtype=np.int64)
    keys = patient_keys(2015, 1, len(inputs))
    for words in (weyl_words, shift_words):
        assert failures(
            {"index": flipped(lambda x, w=words: w(keys, threes, x.astype(np.int64)), inputs, 48)}
        )


# numbers made from words


def unmix(x: int) -> int:
    """The inverse of ``streams.mix``."""
    mask = 2**64 - 1
    for shift, multiplier in ((31, 0x94D049BB133111EB), (27, 0xBF58476D1CE4E5B9), (30, 1)):
        y = x
        for _ in range(64 // shift + 1):
            y = x ^ (y >> shift)
        x = y * pow(multiplier, -1, 2**64) & mask
    return x


@pytest.mark.parametrize("word", [0, 2**64 - 1, 2**63, 2**63 - 1, 2**11, 2**64 - 2**11])
def test_uniform_is_strictly_between_0_and_1(word: int):
    key = int(patient_keys(2015, 1, 1)[0])
    count = (unmix((unmix(word) - key) % 2**64) - key) * pow(GOLDEN, -1, 2**64) % 2**64
    purpose, index = count >> 48, count % 2**48
    assert int(streams.bits(np.uint64(key), purpose, index)) == word
    u = streams.uniform(np.uint64(key), purpose, index)
    assert 0 < u < 1
    assert u == pytest.approx(word / 2**64, abs=2**-52)


def test_log_and_exp_agree_with_the_library():
    rng = np.random.default_rng(2)
    x = np.exp(rng.uniform(-700, 700, 20_000))
    near_one = 1 + rng.uniform(-1e-3, 1e-3, 5_000)
    for values in (x, near_one, 2.0 ** np.arange(-1000, 1000)):
        ours = np.array([streams.log(v) for v in values])
        np.testing.assert_allclose(ours, np.log(values), rtol=1e-14, atol=1e-18)
    y = rng.uniform(-700, 700, 20_000)
    np.testing.assert_allclose([streams.exp(v) for v in y], np.exp(y), rtol=2e-14)
    assert streams.exp(0.0) == 1.0
    assert streams.log(1.0) == 0.0
    assert streams.exp(-1000.0) == 0.0
    assert streams.exp(1000.0) == streams.exp(700.0)


def test_normal_quantile_and_normal():
    p = np.concatenate(
        [np.linspace(1e-6, 1 - 1e-6, 20_001), 10.0 ** -np.arange(2, 16), 1 - 10.0 ** -np.arange(2, 16)]
    )
    ours = np.array([streams.normal_quantile(v) for v in p])
    np.testing.assert_allclose(ours, special.ndtri(p), rtol=2e-9, atol=2e-9)
    keys = patient_keys(5, 1, 20_000)
    z = np.array([streams.normal(key, 9, 2) for key in keys])
    assert stats.kstest(z, "norm").pvalue > SIGNIFICANCE


@pytest.mark.parametrize("mean", [0.05, 0.7, 3.0, 40.0, 499.0])
def test_poisson_is_the_quantile(mean: float):
    rng = np.random.default_rng(3)
    u = rng.uniform(size=5_000)
    ours = np.array([streams.poisson(mean, v) for v in u])
    np.testing.assert_array_equal(ours, stats.poisson.ppf(u, mean).astype(int))


def test_poisson_at_the_edges():
    u = (np.arange(20_000) + 0.5) / 20_000
    large = np.array([streams.poisson(2_000.0, v) for v in u])
    assert large.mean() == pytest.approx(2_000, rel=1e-3)
    assert large.std() == pytest.approx(math.sqrt(2_000), rel=1e-2)
    assert streams.poisson(0.0, 0.99) == 0
    assert streams.poisson(-1.0, 0.99) == 0
    assert streams.poisson(1.0, 1 - 2**-53) < 40
