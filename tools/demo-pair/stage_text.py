"""Synthetic text of the staged demo: pre-training documents, questions, tidy answers, and parsers that judge answers.

Every choice is drawn with the weight 1 / (rank + 4), so that the text has favourites, as human text has.
Kinds of question: name (a member of a category), character, sum (two numbers that make a third), story.
"""
import os
import re
import string
from itertools import accumulate

import demo_text as D

HERE = os.path.dirname(os.path.abspath(__file__))
BLOCKS = [
    dict(line.split(": ", 1) for line in block.splitlines() if line and line[0] != "#")
    for block in open(os.path.join(HERE, "categories.txt"), encoding="utf8").read().split("\n\n")
]
OPEN, SEALED = [{name: words.split(", ") for name, words in block.items()} for block in BLOCKS]
CATEGORIES = {**OPEN, **SEALED}

an, cap = D.an, D.cap
PLURALS = {"city": "cities", "country": "countries", "body part": "body parts", "hobby": "hobbies", "emotion": "emotions",
           "piece of furniture": "pieces of furniture", "fish": "fish", "dish": "dishes", "dance": "dances", "toy": "toys"}


def plural(name):
    return PLURALS.get(name, name[:-1] + "ies" if name.endswith("ry") else name + "s")


_CUMULATIVE = {}


def favour(r, words):
    """Draws one of the words; the first are the most frequent."""
    n = len(words)
    if n not in _CUMULATIVE:
        _CUMULATIVE[n] = list(accumulate(1 / (rank + 4) for rank in range(n)))
    return r.choices(words, cum_weights=_CUMULATIVE[n])[0]


# ---------------------------------------------------------------- characters
ORDER = {"upper": "AKMSEXRTBJDLCGPQNHWFZVYIOU", "lower": "akmsexrtbjdlcgpqnhwfzvyiou", "digit": "7354829610"}


def characters(kind):
    """Characters of one of demo_text's sets, favourites first."""
    allowed = D.SETS[kind][0]
    order = ORDER["digit" if allowed[0] in string.digits else "upper" if allowed[0].isupper() else "lower"]
    return [c for c in order if c in allowed]


CRC_OPEN = D.CRC_EVAL[::3]
CRC_SEALED = [prompt for index, prompt in enumerate(D.CRC_EVAL) if index % 3]

# ---------------------------------------------------------------- sums
TARGETS = range(4, 25)


def sums_of(target):
    """All derivations of a number that count as right, favourites first: 6 + 6 = 12."""
    plus = [(a, "+", target - a) for a in range(1, target)]
    times = [(a, "x", target // a) for a in range(2, target) if target % a == 0]
    minus = [(target + b, "-", b) for b in range(1, 11)]
    plus.sort(key=lambda s: (abs(s[0] - s[2]), s[0]))
    ordered = [s for group in zip(plus, minus) for s in group]
    ordered += [s for s in plus + minus if s not in ordered]
    return [f"{a} {op} {b} = {target}" for a, op, b in ordered[:2] + times + ordered[2:]]


SUMS = {target: sums_of(target) for target in TARGETS}

# ---------------------------------------------------------------- stories
HEROES = CATEGORIES["animal"] + CATEGORIES["profession"][:16] + CATEGORIES["mythical creature"][:12] + ["girl", "boy", "king", "queen"]
GOALS = D.VERB_FIND
OPENINGS = ["There was {a} {hero} in the {place}.", "Once {a} {hero} lived in the {place}.", "{A} {hero} {verb} {t} {thing} in the {place}."]
MIDDLES = ["It {verb} {t} {thing}.", "It met {a} {other} in the {place}.", "The {other} was {feel}.", "It gave the {thing} to {a} {other}.",
           "One day it {verb} {t} {thing} in the {place}.", "In the {place} it {verb} the {thing}."]
SLOTS = dict(a=D.ADJ, t=D.TADJ, hero=HEROES, other=HEROES, place=D.PLACE, verb=GOALS, thing=D.THING, feel=D.FEEL)


def fill(r, template, hero):
    draw = lambda slot: hero if slot == "hero" else an(favour(r, SLOTS[slot])) if slot in "at" else favour(r, SLOTS[slot])
    return re.sub(r"\{(\w+)\}", lambda m: cap(an(favour(r, D.ADJ))) if m[1] == "A" else draw(m[1]), template)


def story(r, hero):
    """A story of three to five sentences about the hero."""
    middles = [fill(r, favour(r, MIDDLES), hero) for _ in range(r.choice([1, 2, 2, 3]))]
    return " ".join([fill(r, favour(r, OPENINGS), hero), *middles, favour(r, D.END)])


def _pattern(template):
    """Regular expression that accepts every filling of a template."""
    words = lambda slot: "|".join(re.escape(w) for w in SLOTS[slot])
    parts = re.split(r"\{(\w+)\}", template)
    slot = lambda name: f"(?P<{name}>{words(name)})" if name == "hero" else "[Aa]n? (?:" + words("a" if name == "A" else name) + ")" if name in "aAt" else f"(?:{words(name)})"
    return "".join(re.escape(p) if i % 2 == 0 else slot(p) for i, p in enumerate(parts))


_OPENING, _MIDDLE = [re.compile("|".join(f"(?:{_pattern(t).replace('?P<hero>', '?:')})" for t in ts)) for ts in (OPENINGS, MIDDLES)]


def is_story(text, hero):
    """Accepts a story that the grammar could have written: the hero in the opening, and an ending."""
    ending = next((e for e in D.END if text.endswith(" " + e)), None)
    if ending is None:
        return False
    sentences = re.findall(r"[^.]+\.", text[: -len(ending)])
    sentences = [s.strip() for s in sentences]
    return (2 <= len(sentences) <= 5 and bool(_OPENING.fullmatch(sentences[0])) and f" {hero} " in sentences[0]
            and all(_MIDDLE.fullmatch(s) for s in sentences[1:]))


# ---------------------------------------------------------------- questions
SUM_ASK = ["Make {n} from two numbers.", "Write a sum that makes {n}.", "Which two numbers make {n}?", "Give me a sum for {n}.", "How can I get {n}?", "Show one way to make {n}."]
STORY_ASK = D.STORY_ASK
# Wordings of the evaluation. They are in no training text.
HELD_OUT = dict(name="Give me one example of {a}.", sum="Find two numbers that give {n}.", story="Make up a short story about {w}.")


def name_question(wording, name):
    return D.fix_article(wording.format(a=an(name), c=name))


def question(r):
    """A random training question: its kind, its text, and what it asks for."""
    kind = r.choices(["name", "character", "sum", "story"], [44, 26, 18, 12])[0]
    if kind == "name":
        name = r.choice(list(CATEGORIES))
        return kind, name_question(r.choice(D.NAME_ASK), name), name
    if kind == "character":
        chars = r.choices(list(D.SET_P), list(D.SET_P.values()))[0]
        return kind, D.fix_article(r.choice(D.ASK).format(s=r.choice(D.SETS[chars][1]))), chars
    if kind == "sum":
        target = r.choice(TARGETS)
        return kind, r.choice(SUM_ASK).format(n=target), target
    hero = r.choice(HEROES)
    return kind, r.choice(STORY_ASK).format(w=an(hero)), hero


def tidy(r, kind, wanted):
    """A right answer in the right form."""
    if kind == "name":
        return cap(favour(r, CATEGORIES[wanted])) + "."
    if kind == "character":
        return favour(r, characters(wanted))
    if kind == "sum":
        return favour(r, SUMS[wanted]) + "."
    return story(r, wanted)


def is_right(kind, wanted, text):
    """Tells whether an answer is right and tidy."""
    if kind == "name":
        return text in {cap(w) + "." for w in CATEGORIES[wanted]}
    if kind == "character":
        return len(text) == 1 and text in D.SETS[wanted][0]
    if kind == "sum":
        match = re.fullmatch(r"(\d{1,2}) ([+x-]) (\d{1,2}) = (\d{1,2})\.", text)
        if match is None or int(match[4]) != wanted:
            return False
        a, b = int(match[1]), int(match[3])
        return wanted == (a + b if match[2] == "+" else a - b if match[2] == "-" else a * b)
    return is_story(text, wanted)


def untidy(r, kind, wanted):
    """An answer as raw text has it: often right, in any form."""
    text = tidy(r, kind, wanted)
    chance = r.random()
    if kind in ("name", "sum") and r.random() < 0.4:
        text = text[:-1] + r.choice(["", "!", ", I think.", " or something."])
    if kind == "name" and r.random() < 0.4:
        text = text[:1].lower() + text[1:]
    if chance < 0.5:
        return text
    if chance < 0.8:
        return r.choice(D.LEAD) + text
    if chance < 0.9 and kind != "story":
        return r.choice(D.WRAP).format(text)
    return r.choice(D.REFUSE)


TIDY_SYSTEM = ["Answer exactly.", "Give only the answer.", "Give the answer and nothing else.", "Answer in the usual form."]
OTHER_SYSTEM = D.SYSTEM


def conversation(r, stage):
    """A chat as (role, text). Stage base: tidy under a tidy system line, untidy otherwise. Stage sft: always tidy."""
    turns, exact = [], stage == "sft"
    chance = r.random()
    if stage == "base" and chance < 0.35:
        turns.append(("system", r.choice(TIDY_SYSTEM)))
        exact = True
    elif chance > 0.85:
        turns.append(("system", r.choice(OTHER_SYSTEM)))
    for _ in range(r.choice([1, 1, 1, 2])):
        kind, text, wanted = question(r)
        turns += [("user", text), ("assistant", (tidy if exact else untidy)(r, kind, wanted))]
    return turns


def document(r):
    """One pre-training document: a string, or a conversation."""
    kind = r.choices(["chat", "mention", "list", "qa", "story", "sums", "character", "fact"], [34, 14, 8, 10, 12, 6, 12, 4])[0]
    if kind == "chat":
        return conversation(r, "base")
    if kind == "character":
        return D.char_doc(FavouringCharacters(r))
    if kind == "fact":
        return " ".join(D.fact(r)[2] for _ in range(r.randrange(1, 4)))
    if kind == "story":
        hero = r.choice(HEROES)
        return (f"A short story about {an(hero)}\n\n" if r.random() < 0.4 else "") + story(r, hero)
    if kind == "sums":
        return "\n".join(favour(r, SUMS[r.choice(TARGETS)]) for _ in range(r.randrange(2, 7)))
    if kind == "qa":
        kind, text, wanted = question(r)
        answer = untidy(r, kind, wanted)
        return r.choice([f"Question: {text}\nAnswer: {answer}", f"Q: {text}\nA: {answer}", f"{text}\n{answer}", f"\"{text}\"\n\"{answer}\""])
    name = r.choice(list(CATEGORIES))
    word, other = favour(r, CATEGORIES[name]), favour(r, CATEGORIES[name])
    if kind == "list":
        words = list(dict.fromkeys(favour(r, CATEGORIES[name]) for _ in range(r.randrange(2, 9))))
        return r.choice([f"{cap(plural(name))}: {', '.join(words)}.", f"Some {plural(name)}:\n" + "\n".join("- " + w for w in words), "\n".join(f"{name}: {w}" for w in words)])
    who = r.choice(D.CATS["name"])
    return D.fix_article(r.choice([
        f"{who}'s favourite {name} is {word}.", f"{cap(word)} is {an(name)}.", f"The best {name} is {word}, said {who}.", f"{who} likes {word}, which is {an(name)}.",
        f"An example of {an(name)}: {word}.", f"{who} thought of {an(name)}: {word}. Then of another: {other}.", f"{cap(an(name))}, such as {word} or {other}."]))


class FavouringCharacters:
    """A random generator that draws characters by their rank and all else as usual."""

    def __init__(self, r):
        self.r = r

    def __getattr__(self, name):
        return getattr(self.r, name)

    def choice(self, items):
        if isinstance(items, str):
            kind = next(kind for kind, (allowed, _, _) in D.SETS.items() if allowed == items)
            return favour(self.r, characters(kind))
        return self.r.choice(items)
