"""The streams in three orders through dieharder (R. G. Brown), which may not be installed: then skipped."""

import shutil
import subprocess
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from numba import njit

from icsim import streams

pytestmark = pytest.mark.integration

PROGRAM = shutil.which("dieharder")
CHUNK = 2**18
SIGNIFICANCE = 0.001  # over all p-values of one order (Bonferroni); the words are fixed, so is the verdict
SAMPLES = "20"  # p-values whose distribution dieharder judges
TESTS = {
    0: "diehard birthdays",
    2: "rank of 32 x 32 bit matrices",
    8: "count of ones in a stream of bytes",
    15: "runs",
    100: "monobit",
    102: "serial, groups of bits",
    202: "permutations",
    203: "lagged sums",
}


@njit
def patients(first, n):
    out = np.empty(n, np.uint64)
    for j in range(n):
        i = first + j
        key = streams.entity_key(2015, 1, 1005701 + i // 1820, i // 20 % 91, i % 20)
        out[j] = streams.bits(key, 3, 0)
    return out


@njit
def purposes(first, n):
    out = np.empty(n, np.uint64)
    for j in range(n):
        i = first + j
        key = streams.entity_key(2015, 1, 1005701, 40, i // 128)
        out[j] = streams.bits(key, i % 128, 0)
    return out


@njit
def counts(first, n):
    out = np.empty(n, np.uint64)
    key = streams.entity_key(2015, 1, 1005701, 40, 7)
    for j in range(n):
        out[j] = streams.bits(key, 3, first + j)
    return out


@njit
def unmixed(first, n):
    """A poor generator, so that the test is seen to fail."""
    out = np.empty(n, np.uint64)
    for j in range(n):
        out[j] = np.uint64(first + j) * np.uint64(0x9E3779B97F4A7C15)
    return out


def p_values(words: Callable[[int, int], np.ndarray], test: int) -> list[float]:
    """Feed words to one of dieharder's tests for as long as it reads."""
    assert PROGRAM
    command = [PROGRAM, "-g", "200", "-d", str(test), "-p", SAMPLES, "-k", "2", "-D", "pvalues"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        first = 0
        try:
            while process.poll() is None:
                process.stdin.write(words(first, CHUNK).tobytes())
                first += CHUNK
        except BrokenPipeError:
            pass
        return [float(line) for line in process.stdout.read().split()]


def suspicious(words: Callable[[int, int], np.ndarray], tests: Iterable[int] = TESTS) -> list[str]:
    found = {f"{TESTS[test]} {i}": p for test in tests for i, p in enumerate(p_values(words, test))}
    assert len(found) >= len(list(tests))
    return [f"{name}: p = {p}" for name, p in found.items() if p < SIGNIFICANCE / len(found)]


@pytest.mark.skipif(PROGRAM is None, reason="dieharder is not installed (Debian package dieharder)")
@pytest.mark.parametrize("words", [patients, purposes, counts], ids=["patients", "purposes", "counts"])
def test_streams_pass_dieharder(words: Callable[[int, int], np.ndarray]):
    assert suspicious(words) == []


@pytest.mark.skipif(PROGRAM is None, reason="dieharder is not installed (Debian package dieharder)")
def test_a_poor_generator_fails_dieharder():
    assert suspicious(unmixed, [15, 102])
