"""Intervals of means written out by themselves, with NumPy and SciPy: python3 tools/statistics/mean_interval_reference.py

Hall's cubic is solved by its roots, and the skewness that it can bear is searched with a slope taken numerically; the program
has both in closed form. The numbers it prints are those of test/unit/main/measures/evaluation-measures.test.ts.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.stats import skew, t as student

LEAST_SLOPE = 0.25
SAMPLES = [
    [0.2, 0.4, 0.5, 0.6, 0.8],
    [1, 2, 2, 3, 3, 4, 4, 5, 7, 9, 12, 14],
    [1, 1, 2, 2, 3, 15],
    [1, 0.375, 0.75, 1, 0.875, 0.75],
]


def cubic(T, g, n):
    """Hall's transformation of a t statistic of n values with skewness g."""
    return T + g * T**2 / (3 * n**0.5) + g**2 * T**3 / (27 * n) + g / (6 * n**0.5)


def solved(x, g, n):
    if abs(g) < 1e-9:
        return x
    roots = np.roots([g**2 / (27 * n), g / (3 * n**0.5), 1, g / (6 * n**0.5) - x])
    return roots[abs(roots.imag) < 1e-5].real[0]


def slope(g, quantile, n):
    """At the longer end of the interval."""
    T = solved(-quantile * np.sign(g), g, n)
    return (cubic(T + 1e-6, g, n) - cubic(T - 1e-6, g, n)) / 2e-6


def interval(values):
    n, quantile, g = len(values), student.ppf(0.975, len(values) - 1), skew(values)
    # Beyond this the end lies where the cubic has turned flat.
    turn = 0.98 * n**0.5 / quantile
    most = brentq(lambda size: slope(size, quantile, n) - LEAST_SLOPE, 1e-6, turn)
    g = np.clip(g, -most, most)
    error = np.std(values, ddof=1) / n**0.5
    return [np.mean(values) - error * solved(end, g, n) for end in (quantile, -quantile)]


for values in SAMPLES:
    print(values, np.round(interval(values), 6))
