"""Writes test/fixtures/measures-reference.json: answers with what NLTK, NumPy, SciPy and zlib measure of them.

    python3 tools/statistics/measures_reference.py > test/fixtures/measures-reference.json

Needs nltk 3.9, numpy and scipy; run once, the tests only read what it wrote.
"""

import gzip
import itertools
import json
import math
import random

import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from scipy import stats

draw = random.Random(7)
SMOOTHING = SmoothingFunction(epsilon=0.1).method1
REPEATED_WORDS = 4
VOCABULARY = 50


def answer_set(index):
    """Answers of different lengths, some alike, some without any word."""
    answers = []
    words = [f"w{i}" for i in range(draw.choice([3, 8, 40]))]
    for _ in range(draw.choice([2, 3, 5, 8, 16])):
        if answers and draw.random() < 0.3:
            answers.append(draw.choice(answers))
            continue
        length = draw.choice([0, 1, 2, 3, 5, 9] if index % 3 == 0 else [4, 6, 10, 25])
        answers.append([draw.choice(words) for _ in range(length)])
    return answers


def self_bleu(answers):
    scores = []
    for i, answer in enumerate(answers):
        others = answers[:i] + answers[i + 1 :]
        if not answer:
            scores.append(float(any(not other for other in others)))
            continue
        orders = min(4, len(answer))
        scores.append(sentence_bleu(others, answer, weights=[1 / orders] * orders, smoothing_function=SMOOTHING))
    return float(np.mean(scores))


def grams(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def distinct(answers, n):
    found = [gram for answer in answers for gram in grams(answer, n)]
    return len(set(found)) / len(found) if found else None


def jaccard(a, b):
    union = set(a) | set(b)
    return 1 - len(set(a) & set(b)) / len(union) if union else 0


def repetition(words):
    found = grams(words, REPEATED_WORDS)
    return 1 - len(set(found)) / len(found) if found else 0


def compression_ratio(answers):
    text = " ".join(" ".join(answer) for answer in answers).encode()
    if not any(answers):
        return None
    return len(text) / len(gzip.compress(text, 9, mtime=0))


def of_answers(answers):
    pairs = itertools.combinations(answers, 2)
    return {
        "answers": [" ".join(answer) for answer in answers],
        "selfBleu": self_bleu(answers),
        "distinct2": distinct(answers, 2),
        "wordDistance": float(np.mean([jaccard(a, b) for a, b in pairs])),
        "repetition": float(np.mean([repetition(answer) for answer in answers])),
        "compressionRatio": compression_ratio(answers),
    }


def unit(rows):
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)


def of_embeddings(count, width):
    rows = np.round(np.array([[draw.gauss(0.5, 1) for _ in range(width)] for _ in range(count)]), 3)
    rows = rows.astype(np.float32).astype(float)
    kernel = unit(rows) @ unit(rows).T
    eigenvalues = np.linalg.eigvalsh(kernel / count)
    eigenvalues = eigenvalues[eigenvalues > 1e-12]
    return {
        "rows": rows.tolist(),
        "cosineDistance": float(1 - kernel[np.triu_indices(count, 1)].mean()),
        "vendiScore": float(np.exp(-(eigenvalues * np.log(eigenvalues)).sum())),
    }


def adjusted_distinct(tokens):
    flat = [token for answer in tokens for token in answer]
    return len(set(flat)) / (VOCABULARY * (1 - ((VOCABULARY - 1) / VOCABULARY) ** len(flat)))


def of_tokens():
    tokens = [[draw.randrange(VOCABULARY) for _ in range(draw.choice([1, 5, 30]))] for _ in range(8)]
    return {"tokens": tokens, "vocabulary": VOCABULARY, "adjustedDistinct": adjusted_distinct(tokens)}


def of_differences(count, shift):
    values = [round(draw.gauss(shift, 1), 3) for _ in range(count)]
    signs = np.array(list(itertools.product([1, -1], repeat=count)))
    sums = np.abs((signs * np.array(values)).sum(1))
    return {
        "values": values,
        "pValue": float((sums >= abs(sum(values)) - 1e-9).mean()),
        "effectSize": float(np.mean(values) / np.std(values, ddof=1)),
    }


def of_ranks():
    a = [draw.choice([1, 2, 3, 4, 5]) for _ in range(9)]
    b = [round(draw.random(), 2) for _ in a]
    return {"a": a, "b": b, "correlation": float(stats.spearmanr(a, b).statistic)}


def of_passes(answers, right, k):
    value = None if answers < k else 1 - math.comb(answers - right, k) / math.comb(answers, k)
    return {"answers": answers, "right": right, "k": k, "value": value}


json.dump(
    {
        "answerSets": [of_answers(answer_set(i)) for i in range(24)],
        "embeddings": [of_embeddings(count, width) for count, width in [(2, 3), (5, 4), (12, 8)]],
        "tokens": [of_tokens() for _ in range(3)],
        "differences": [of_differences(count, shift) for count, shift in [(5, 0), (8, 0.5), (12, 1)]],
        "ranks": [of_ranks() for _ in range(3)],
        "passes": [of_passes(*given) for given in [(1, 1, 1), (5, 2, 8), (16, 3, 4), (128, 5, 64), (128, 0, 1)]],
    },
    open(1, "w"),
    separators=(",", ":"),
)
