"""The registered criteria P0 to P5 of the staged demo, from the scores that train_stages.py stored."""
import json
import math
import os
import random

RESAMPLES = 10000
KEEP = 0.9


def mean(values):
    return sum(values) / len(values)


def named(scores, measure):
    return [row[measure] for row in scores["named"]]


def character(scores, measure):
    return mean([row[measure] for row in scores["characters"]])


def interval(values, seed):
    """95 % percentile interval of a mean, by resampling categories."""
    r = random.Random(seed)
    means = sorted(mean(r.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]


def sign_flip_p(values, seed):
    """One-sided p-value that a mean of paired differences is not above 0, by random changes of sign."""
    r, seen = random.Random(seed), mean(values)
    extreme = sum(mean([v if r.random() < 0.5 else -v for v in values]) >= seen for _ in range(RESAMPLES))
    return (extreme + 1) / (RESAMPLES + 1)


def slope(post, sft):
    """Least-squares slope of log p(post) on log p(SFT) over listed answers, each centred within its category."""
    above = below = 0.0
    for one, other in zip(post["named"], sft["named"]):
        pairs = [(y, x) for y, x in zip(one["log_probabilities"], other["log_probabilities"]) if math.isfinite(y) and math.isfinite(x)]
        middle_y, middle_x = mean([y for y, _ in pairs]), mean([x for _, x in pairs])
        above += sum((y - middle_y) * (x - middle_x) for y, x in pairs)
        below += sum((x - middle_x) ** 2 for _, x in pairs)
    return above / below


def ranks(values):
    order, result = sorted(range(len(values)), key=lambda k: values[k]), [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for k in order[start : end + 1]:
            result[k] = (start + end) / 2
        start = end + 1
    return result


def spearman(a, b):
    x, y = ranks(a), ranks(b)
    mx, my = mean(x), mean(y)
    covariance = sum((p - mx) * (q - my) for p, q in zip(x, y))
    return covariance / math.sqrt(sum((p - mx) ** 2 for p in x) * sum((q - my) ** 2 for q in y))


def pick(ranges, post):
    """The most diverse range on the characters whose validity is at least 0.9 of post's; None if there is none."""
    kept = [name for name in ranges if character(ranges[name], "validity") >= KEEP * character(post, "validity")]
    return max(kept, key=lambda name: character(ranges[name], "diversity"), default=None)


def blend_of_equal_precision(blends, post, precision):
    """Coverage by category of the uniform blend at a precision, interpolated between its two neighbours."""
    points = [post] + [blends[weight] for weight in sorted(blends, key=float)]
    for before, after in zip(points, points[1:]):
        high, low = mean(named(before, "precision")), mean(named(after, "precision"))
        if min(high, low) <= precision <= max(high, low) and high != low:
            share = (high - precision) / (high - low)
            return [x + share * (y - x) for x, y in zip(named(before, "coverage"), named(after, "coverage"))]
    nearest = min(points, key=lambda point: abs(mean(named(point, "precision")) - precision))
    return named(nearest, "coverage")


def measures(run):
    """Everything that the criteria compare for one post."""
    models, post, seed = run["models"], run["models"]["post"], run["post"]
    ranges, layers = run["to_base"], max(int(name.split("-")[1]) for name in run["to_base"]) + 1
    result = dict(post=seed, slope=slope(post, models["sft"]),
                  precision={name: mean(named(scores, "precision")) for name, scores in models.items()},
                  coverage={name: mean(named(scores, "coverage")) for name, scores in models.items()},
                  spearman=spearman([character(s, "diversity") for s in ranges.values()], [mean(named(s, "coverage")) for s in ranges.values()]))
    name = pick(ranges, post)
    if name is None:
        return result
    picked, (start, end) = ranges[name], map(int, name.split("-"))
    length = end - start + 1
    loss = [a - b for a, b in zip(named(post, "precision"), named(picked, "precision"))]
    blended = blend_of_equal_precision(run["blends"], post, mean(named(picked, "precision")))
    controls = [ranges[f"0-{length - 1}"], ranges[f"{layers - length}-{layers - 1}"]]
    to_sft = [(mean(named(s, "precision")), mean(named(s, "coverage"))) for s in run["to_sft"].values()]
    own = mean(named(picked, "precision")), mean(named(picked, "coverage"))
    result.update(range=name, picked=dict(precision=own[0], coverage=own[1]), loss=mean(loss), loss_interval=interval(loss, f"loss {seed}"),
                  over_blend=mean(named(picked, "coverage")) - mean(blended),
                  p_over_blend=sign_flip_p([a - b for a, b in zip(named(picked, "coverage"), blended)], f"blend {seed}"),
                  centre=(start + end + 1) / 2 / layers, over_controls=own[1] > max(mean(named(control, "coverage")) for control in controls),
                  sft_dominates=any(p >= own[0] and c >= own[1] and (p > own[0] or c > own[1]) for p, c in to_sft))
    return result


def holm(p_values):
    """Holm's adjusted p-values, in the given order."""
    order, adjusted, least = sorted(range(len(p_values)), key=lambda k: p_values[k]), [0.0] * len(p_values), 0.0
    for place, k in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - place) * p_values[k]))
        adjusted[k] = least
    return adjusted


def criteria(rows):
    """Each criterion with the number of posts in which it holds, and whether it is held."""
    picked = [row for row in rows if "range" in row]
    adjusted = dict(zip([row["post"] for row in picked], holm([row["p_over_blend"] for row in picked])))
    average = lambda measure, model: mean([row[measure][model] for row in rows])
    p0 = (abs(average("precision", "sft") - average("precision", "post")) <= 0.03 and average("coverage", "sft") >= 1.5 * average("coverage", "post")
          and 4 <= mean([row["slope"] for row in rows]) <= 10)
    count = lambda holds: sum(bool(holds(row)) for row in picked)
    counts = dict(P1=count(lambda row: row["picked"]["coverage"] >= 1.5 * row["coverage"]["post"] and row["loss_interval"][1] < 0.05),
                  P2=count(lambda row: row["over_blend"] > 0 and adjusted[row["post"]] < 0.05),
                  P3=count(lambda row: 0.25 <= row["centre"] <= 0.75 and row["over_controls"]), P4=count(lambda row: row["sft_dominates"]))
    correlation = mean([row["spearman"] for row in rows])
    return [("P0", "means over posts", p0), *[(name, f"{held} of {len(rows)}", held >= 4) for name, held in counts.items()], ("P5", f"mean {correlation:.3f}", correlation >= 0.8)]


def report(out, posts):
    rows = [measures(json.load(open(path, encoding="utf8"))) for post in posts if os.path.exists(path := os.path.join(out, f"scores{post}.json"))]
    for row in rows:
        print(json.dumps(row))
    print(f"{len(rows)} of {len(posts)} posts")
    for name, how, holds in criteria(rows):
        print(name, how, "held" if holds else "failed")
