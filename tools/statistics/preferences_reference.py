"""Writes test/fixtures/preferences-reference.json: comparisons with the chances that SciPy finds for them.

    python3 tools/statistics/preferences_reference.py > test/fixtures/preferences-reference.json

Needs numpy and scipy; run once, the tests only read what it wrote. Nothing here is shared with the program: the likelihood is
written out choice by choice, maximised by BFGS, its second derivatives are taken numerically, and the ends of intervals are
found by Brent's method.
"""

import json
import random
from itertools import combinations

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit, logsumexp
from scipy.stats import chi2

draw = random.Random(11)


def weighted(choices):
    """[(prompt, among, wins, weight)]: choices among the same candidates on one prompt weigh one together."""
    same = {}
    for prompt, among, _ in choices:
        key = (prompt, frozenset(among))
        same[key] = same.get(key, 0) + 1
    rows = []
    for prompt, among, preferred in choices:
        wins = [1 / len(among)] * len(among) if preferred is None else [float(c == preferred) for c in among]
        rows.append((prompt, list(among), np.array(wins), 1 / same[(prompt, frozenset(among))]))
    return rows


def part(strengths, among, wins):
    own = strengths[among]
    return float(np.sum(wins * (own - logsumexp(own))))


def fit(choices, count, reference):
    rows = weighted(choices)
    others = [c for c in range(count) if c != reference]

    def strengths_of(free):
        strengths = np.zeros(count)
        strengths[others] = free
        return strengths

    def loss(free):
        strengths = strengths_of(free)
        added = part(strengths, list(range(count)), np.full(count, 0.5))
        return -added - sum(weight * part(strengths, among, wins) for _, among, wins, weight in rows)

    def slope_of(function, point, width=1e-5):
        return np.array(
            [(function(point + width * unit) - function(point - width * unit)) / (2 * width) for unit in np.eye(len(point))]
        )

    options = {"gtol": 1e-9, "maxiter": 10_000}
    best = minimize(loss, np.zeros(len(others)), method="BFGS", options=options)
    best = minimize(loss, best.x, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 50_000})

    information = np.array([slope_of(lambda x: slope_of(loss, x, 1e-4)[i], best.x, 1e-4) for i in range(len(others))])
    plain = np.linalg.inv(information)
    prompts = sorted({prompt for prompt, *_ in rows})
    spread = np.zeros_like(plain)
    for prompt in prompts:
        own = lambda x: sum(
            weight * part(strengths_of(x), among, wins) for p, among, wins, weight in rows if p == prompt
        )
        gradient = slope_of(own, best.x)
        spread += np.outer(gradient, gradient)
    clustered = plain @ spread @ plain * len(prompts) / (len(prompts) - 1)

    found = [None] * count
    for index, candidate in enumerate(others):
        inflation = max(1, clustered[index, index] / plain[index, index])
        allowed = chi2.ppf(0.95, 1) * inflation

        def beyond(strength):
            if len(others) == 1:
                return 2 * (loss(np.array([strength])) - best.fun) - allowed
            rest = np.delete(np.arange(len(others)), index)

            def held(x):
                free = np.empty(len(others))
                free[index] = strength
                free[rest] = x
                return loss(free)

            profile = minimize(held, best.x[rest], method="BFGS", options=options)
            return 2 * (profile.fun - best.fun) - allowed

        middle = best.x[index]
        interval = [brentq(beyond, middle - 12, middle), brentq(beyond, middle, middle + 12)]
        found[candidate] = {"chance": float(expit(middle)), "interval": [float(expit(end)) for end in interval]}
    return found


def drawn(worths, prompts, sets, together, ties=0.15):
    choices = []
    for prompt in range(prompts):
        mood = [worth + draw.gauss(0, 0.8) for worth in worths]
        for among in sets:
            for _ in range(together):
                among = draw.sample(among, len(among))
                weights = np.exp([mood[c] for c in among])
                preferred = None if draw.random() < ties else draw.choices(among, weights)[0]
                choices.append((prompt, among, preferred))
    return choices


def entry(name, choices, count, reference):
    return {
        "name": name,
        "count": count,
        "reference": reference,
        "choices": [{"prompt": p, "among": list(a), "preferred": w} for p, a, w in choices],
        "over": fit(choices, count, reference),
    }


def main():
    pairs = [list(pair) for pair in combinations(range(4), 2)]
    print(
        json.dumps(
            [
                entry("two, a comparison on each prompt", drawn([0, 0.8], 12, [[0, 1]], 1), 2, 0),
                entry("two, one of which always won", [(p, [1, 0], 1) for p in range(8)], 2, 0),
                entry("four at once, two sets on each prompt", drawn([0, 0.5, 1, -1], 10, [[0, 1, 2, 3]], 2), 4, 1),
                entry("all pairs of four on each prompt", drawn([0.2, 0, 1, -0.6], 9, pairs, 1), 4, 1),
                entry("each of three with the first, and one never with another", drawn([0, 1, 0.3, 0], 14, [[0, 1], [0, 2], [0, 3]], 1), 4, 0),
            ],
            indent=1,
        )
    )


main()
