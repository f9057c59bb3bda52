"""Addressed randomness: a draw is a hash of (seed, entity, purpose, index), never a generator's next number.

No draw depends on the order of execution, on how many draws came before, or on the number of cores. Two runs
with the same seed share every draw that a difference between them does not touch: each patient has a twin.

An *entity* (a person, an organisation, a small area) has a 64-bit ``key`` made from the seed and its address
by :func:`entity_key`. A draw is ``uniform(key, purpose, index)``: the *index* counts candidates, episodes or
days. The mixer is Stafford's variant 13 of the 64-bit finaliser, as in SplitMix64 (Steele, Lea and Flood
2014).

``log`` and ``exp`` are written out in IEEE additions and multiplications, because those of the C library
differ in the last bit between machines and a run must be the same everywhere. Their polynomials are added up
in pairs (Estrin's scheme), which a processor does at once, not term by term.
"""

import numpy as np

from icsim.compiling import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10


@compiled
def mix(x: np.uint64) -> np.uint64:
    """A bijection of 64-bit integers whose every output bit depends on every input bit."""
    x = np.uint64(x)
    x = (x ^ (x >> np.uint64(30))) * _M1
    x = (x ^ (x >> np.uint64(27))) * _M2
    return x ^ (x >> np.uint64(31))


@compiled
def entity_key(seed: int, kind: int, a: int, b: int = 0, c: int = 0) -> np.uint64:
    """The key of the entity of this ``kind`` at address (a, b, c) under this seed."""
    k = mix(np.uint64(seed) + _GOLDEN)
    k = mix(k ^ (np.uint64(kind) + _GOLDEN))
    k = mix(k + np.uint64(a) * _GOLDEN)
    k = mix(k + np.uint64(b) * _GOLDEN)
    return mix(k + np.uint64(c) * _GOLDEN)


@compiled
def bits(key: np.uint64, purpose: int, index: int) -> np.uint64:
    """64 random bits for one purpose (below 2**16) and index (below 2**48) of an entity."""
    count = (np.uint64(purpose) << np.uint64(48)) + np.uint64(index)
    return mix(mix(np.uint64(key) + count * _GOLDEN) + np.uint64(key))


@compiled
def uniform(key: np.uint64, purpose: int, index: int) -> float:
    """A float64 in (0, 1), never 0 and never 1, with 52 random bits (53 and a half bit round up to 1)."""
    return (np.float64(bits(key, purpose, index) >> np.uint64(12)) + 0.5) * 2.220446049250313e-16


@compiled
def log(x: float) -> float:
    """Natural logarithm of a positive normal float64, the same bits on every machine."""
    pattern = np.float64(x).view(np.int64)
    exponent = (pattern >> 52) - 1023
    m = np.int64((pattern & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000).view(np.float64)
    if m > 1.4142135623730951:
        m *= 0.5
        exponent += 1
    f = (m - 1.0) / (m + 1.0)
    s = f * f
    s2 = s * s
    s4 = s2 * s2
    p = (1 / 3 + s * (1 / 5)) + s2 * (1 / 7 + s * (1 / 9))
    p += s4 * ((1 / 11 + s * (1 / 13)) + s2 * (1 / 15 + s * (1 / 17)) + s4 * (1 / 19))
    p = 1.0 + s * p
    return exponent * _LN2_HIGH + (2.0 * f * p + exponent * _LN2_LOW)


@compiled
def exp(x: float) -> float:
    """Exponential of a float64 (0 below -700, the value at 700 above 700), the same bits on every machine."""
    if x < -700.0:
        return 0.0
    if x > 700.0:
        x = 700.0
    k = np.floor(x * 1.4426950408889634 + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    p = (0.5 + r * (1 / 6)) + r2 * (1 / 24 + r * (1 / 120))
    p += r4 * ((1 / 720 + r * (1 / 5040)) + r2 * (1 / 40320 + r * (1 / 362880)))
    p += (r4 * r4) * (1 / 3628800 + r * (1 / 39916800))
    p = 1.0 + (r + r2 * p)
    return p * np.int64((np.int64(k) + 1023) << 52).view(np.float64)


@compiled
def normal(key: np.uint64, purpose: int, index: int) -> float:
    """A standard normal deviate (Acklam's inverse of the normal distribution, error below 1.2e-9)."""
    return normal_quantile(uniform(key, purpose, index))


@compiled
def normal_quantile(p: float) -> float:
    """The standard normal quantile of p in (0, 1) (P. J. Acklam's rational approximation)."""
    tail = min(p, 1.0 - p)
    if tail < 0.02425:
        q = np.sqrt(-2.0 * log(tail))
        x = (
            (
                (
                    ((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q
                    - 2.549732539343734
                )
                * q
                + 4.374664141464968
            )
            * q
            + 2.938163982698783
        ) / (
            (
                ((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q
                + 3.754408661907416
            )
            * q
            + 1.0
        )
        return x if p < 0.5 else -x
    q = p - 0.5
    r = q * q
    return (
        (
            (
                (
                    ((-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02) * r
                    + 1.383577518672690e02
                )
                * r
                - 3.066479806614716e01
            )
            * r
            + 2.506628277459239
        )
        * q
    ) / (
        (
            (
                ((-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02) * r
                + 6.680131188771972e01
            )
            * r
            - 1.328068155288572e01
        )
        * r
        + 1.0
    )


@compiled
def poisson(mean: float, u: float) -> int:
    """The Poisson quantile of u: one uniform makes one count, which a small change of mean rarely changes."""
    if mean <= 0.0:
        return 0
    if mean > 500.0:
        return max(0, int(np.floor(mean + np.sqrt(mean) * normal_quantile(u) + 0.5)))
    p = exp(-mean)
    total = p
    k = 0
    while u > total and (k < mean or p > 1e-17):  # rounding may keep the total below u for ever
        k += 1
        p *= mean / k
        total += p
    return k
