"""Trains the staged demo: three bases, a supervised stage (SFT) and five preference stages (DPO), and measures them.

    python3 train_stages.py OUT             # everything; goes on where an interrupted run stopped
    python3 train_stages.py OUT base1 sft1 rate1 post1.1 score1.1
    python3 train_stages.py OUT results     # the registered criteria, from the stored scores

Stages: tokenizer; baseB, sftB, rateB for the bases 1 to 3; choose (the weight of the winner's likelihood); postB.S and
scoreB.S for base B and seed S. Needs PyTorch, safetensors and regex. With Debian's OpenBLAS set OPENBLAS_NUM_THREADS=1.
SMOKE=1 runs everything with a few steps, to see that the script works.
"""
import hashlib
import json
import math
import os
import random
import sys
import time

import torch
import torch.nn.functional as F

import demo_model as M
import demo_text as D
import demo_tokenizer as T
import stage_text as S

SMOKE = 400 if os.environ.get("SMOKE") else 1
shorter = lambda count: max(2, count // SMOKE)
CONFIG = {**M.CONFIG, "num_hidden_layers": 16}
LAYERS = CONFIG["num_hidden_layers"]
ROW, BATCH = 256, 16
BASE = dict(steps=shorter(2900), lr=3e-3, warmup=shorter(100), decay=0.05)
SFT = dict(steps=shorter(260), lr=8e-4, warmup=shorter(20), decay=0.1)
RATED = dict(prompts=shorter(800), answers=12, pairs=6, alpha=0.6)
DPO = dict(steps=shorter(300), lr=2e-4, beta=0.1, batch=48, warmup=shorter(20))
NLL_WEIGHTS = [0.0, 0.01, 0.02, 0.05]
POSTS = ["1.1", "2.1", "3.1", "1.2", "1.3"]
FROZEN = ("model.embed_tokens.weight", "model.norm.weight")
CHECKPOINT_SECONDS = 600
DRAWS = 20
BLENDS = [k / 20 for k in range(1, 20)]

torch.set_num_threads(1 if SMOKE > 1 else 2)
torch.use_deterministic_algorithms(True)
STARTED = time.time()


def log(*words):
    print(f"{time.time() - STARTED:7.0f} s", *words, flush=True)


def write_json(path, value):
    with open(path + ".part", "w", encoding="utf8") as file:
        json.dump(value, file, indent=1, ensure_ascii=False)
    os.replace(path + ".part", path)


# ---------------------------------------------------------------- text to rows
def train_tokenizer(out):
    r = random.Random(7)
    flat = lambda document: document if isinstance(document, str) else "\n".join(text for _, text in document)
    texts = [flat(S.document(r)) for _ in range(24000 // min(SMOKE, 8))] + [flat(S.conversation(r, "sft")) for _ in range(6000 // min(SMOKE, 8))]
    texts += [lead.format("") for lead in D.LEAD + D.WRAP + D.REFUSE] * 300
    tokenizer = T.Tokenizer(*T.train(texts, CONFIG["vocab_size"]))
    tokenizer.save(os.path.join(out, "tokenizer"))


def encode_document(tokenizer, document, answers_only):
    """Returns the ids of a document, and for each whether it is a target of the loss."""
    if isinstance(document, str):
        ids = [T.BOS] + tokenizer.encode(document) + [T.END]
        return ids, [True] * len(ids)
    ids, targets, newline = [T.BOS], [not answers_only], tokenizer.encode("\n")
    for role, text in document:
        head, body = tokenizer.encode(f"<|{role}|>\n"), tokenizer.encode(text) + [T.END]
        ids += head + body + newline
        targets += [not answers_only] * len(head) + [not answers_only or role == "assistant"] * len(body) + [not answers_only] * len(newline)
    return ids, targets


def batch_of(tokenizer, make, seed, step, answers_only):
    """Packs new documents into the rows of one step. The text depends only on seed and step, so a run can resume."""
    r, rows = random.Random(f"{seed} {step}"), []
    while len(rows) < BATCH:
        ids, targets, documents = [], [], []
        while True:
            new, counted = encode_document(tokenizer, make(r), answers_only)
            if len(ids) + len(new) > ROW:
                break
            documents += [len(targets)] * len(new)
            targets += [t if k else -100 for t, k in zip(new[1:], counted[1:])] + [-100]
            ids += new
        if not ids:
            continue
        padding = ROW - len(ids)
        rows.append((ids + [T.PAD] * padding, targets + [-100] * padding, documents + [-1] * padding))
    return [torch.tensor(column) for column in zip(*rows)]


# ---------------------------------------------------------------- training
def resumable(path, model, optimizer):
    """Reads the last checkpoint of a stage into model and optimizer. Returns the next step."""
    if not os.path.exists(path):
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]


def store_checkpoint(path, model, optimizer, step):
    torch.save(dict(model=model.state_dict(), optimizer=optimizer.state_dict(), step=step), path + ".part")
    os.replace(path + ".part", path)


def run_steps(model, stage, path, loss_of, betas, weight_decay):
    """Trains until `stage["steps"]`, with a linear warm-up and a cosine decay, and a checkpoint every ten minutes."""
    trained = [p for name, p in model.named_parameters() if p.requires_grad]
    groups = [dict(params=[p for p in trained if p.dim() > 1], weight_decay=weight_decay), dict(params=[p for p in trained if p.dim() < 2], weight_decay=0.0)]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=stage["lr"], betas=betas)
    checkpoint = path + ".checkpoint"
    first, saved, mean = resumable(checkpoint, model, optimizer), time.time(), None
    for step in range(first, stage["steps"]):
        after = max(0, step - stage["warmup"]) / max(1, stage["steps"] - stage["warmup"])
        decay = stage.get("decay", 0.1)
        share = (step + 1) / stage["warmup"] if step < stage["warmup"] else decay + (1 - decay) * (1 + math.cos(math.pi * after)) / 2
        for group in optimizer.param_groups:
            group["lr"] = stage["lr"] * share
        loss = loss_of(step)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        mean = loss.item() if mean is None else 0.95 * mean + 0.05 * loss.item()
        if step % max(1, stage["steps"] // 30) == 0 or step == stage["steps"] - 1:
            log(os.path.basename(path), "step", step, "loss", round(mean, 4))
        if time.time() - saved > CHECKPOINT_SECONDS:
            store_checkpoint(checkpoint, model, optimizer, step + 1)
            saved = time.time()
    M.save(model, path)
    if os.path.exists(checkpoint):
        os.remove(checkpoint)


def freeze(model):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in FROZEN)
    return model


def language_loss(model, tokenizer, make, seed, answers_only):
    def loss_of(step):
        ids, targets, documents = batch_of(tokenizer, make, seed, step, answers_only)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(ids, documents)
        return F.cross_entropy(logits.float().view(-1, logits.shape[-1]), targets.view(-1))

    return loss_of


def train_base(out, tokenizer, base):
    torch.manual_seed(100 + base)
    model = M.Llama(CONFIG)
    run_steps(model, BASE, os.path.join(out, f"base{base}"), language_loss(model, tokenizer, S.document, f"base {base}", False), (0.9, 0.95), 0.1)


def train_sft(out, tokenizer, base):
    model = freeze(M.load(os.path.join(out, f"base{base}")))
    make = lambda r: S.conversation(r, "sft")
    run_steps(model, SFT, os.path.join(out, f"sft{base}"), language_loss(model, tokenizer, make, f"sft {base}", True), (0.9, 0.95), 0.0)


# ---------------------------------------------------------------- preferences
def prompt_ids(tokenizer, text, system=None):
    turns = ([("system", system)] if system else []) + [("user", text)]
    return tokenizer.encode(T.render_chat(turns, True))


def log_probabilities(model, sequences):
    """Sums of the log-probabilities of answers, shape (N,). Each sequence is (ids of the prompt, ids of the answer)."""
    length = max(len(prompt) + len(answer) for prompt, answer in sequences)
    ids, counted = torch.full((len(sequences), length), T.PAD), torch.zeros(len(sequences), length)
    for row, (prompt, answer) in enumerate(sequences):
        ids[row, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
        counted[row, len(prompt) : len(prompt) + len(answer)] = 1
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(ids)
    chosen = torch.log_softmax(logits[:, :-1].float(), -1).gather(-1, ids[:, 1:, None])[..., 0]
    return (chosen * counted[:, 1:]).sum(1)


@torch.no_grad()
def draw_answers(model, prompts, count, generator, limit=90 // min(SMOKE, 10)):
    """Draws `count` answers at temperature 1 for each of several prompts of one length.

    Unfinished answers are left out, except in a smoke run, whose model never finishes.
    """
    rows = [prompt for prompt in prompts for _ in range(count)]
    caches = [{} for _ in model.model.layers]
    logits, position = model(torch.tensor(rows), caches=caches)[:, -1], len(rows[0])
    answers, is_done = [[] for _ in rows], [False] * len(rows)
    for _ in range(limit):
        drawn = torch.multinomial(torch.softmax(logits.float(), -1), 1, generator=generator)
        for row, token in enumerate(drawn[:, 0].tolist()):
            if not is_done[row]:
                answers[row].append(token)
                is_done[row] = token == T.END
        if all(is_done):
            break
        logits, position = model(drawn, caches=caches, pos=position)[:, -1], position + 1
    return [[answers[row] for row in range(start, start + count) if is_done[row] or SMOKE > 1] for start in range(0, len(rows), count)]


def rate(out, tokenizer, base):
    """Draws answers of SFT and rates pairs: right and tidy wins; between equals the likelier one under base, by odds."""
    model, reference = M.load(os.path.join(out, f"sft{base}")), M.load(os.path.join(out, f"base{base}"))
    r, generator = random.Random(f"rate {base}"), torch.Generator().manual_seed(900 + base)
    questions = {}
    while len(questions) < RATED["prompts"]:
        kind, text, wanted = S.question(r)
        questions.setdefault(text, (kind, wanted, prompt_ids(tokenizer, text)))
    by_length = {}
    for kind, wanted, ids in questions.values():
        by_length.setdefault(len(ids), []).append((kind, wanted, ids))
    pairs = []
    for asked in by_length.values():
        for start in range(0, len(asked), 8):
            some = asked[start : start + 8]
            drawn = draw_answers(model, [ids for _, _, ids in some], RATED["answers"], generator)
            for (kind, wanted, ids), answers in zip(some, drawn):
                if len(answers) < 4:
                    continue
                with torch.no_grad():
                    likelihood = log_probabilities(reference, [(ids, answer) for answer in answers]).tolist()
                right = [S.is_right(kind, wanted, tokenizer.decode(answer[:-1])) for answer in answers]
                for _ in range(RATED["pairs"]):
                    a, b = r.sample(range(len(answers)), 2)
                    if answers[a] == answers[b]:
                        continue
                    odds = RATED["alpha"] * (likelihood[a] - likelihood[b])
                    wins = right[a] if right[a] != right[b] else r.random() < 1 / (1 + math.exp(-max(-50, min(50, odds))))
                    won, lost = (a, b) if wins else (b, a)
                    pairs.append(dict(kind=kind, prompt=ids, won=answers[won], lost=answers[lost]))
    log(f"rate{base}:", len(pairs), "pairs")
    write_json(os.path.join(out, f"pairs{base}.json"), pairs)


def train_post(out, base, seed, weight, name):
    """Direct preference optimisation of SFT (arXiv 2305.18290), with `weight` times the winner's negative log-likelihood."""
    model, reference = freeze(M.load(os.path.join(out, f"sft{base}"))), M.load(os.path.join(out, f"sft{base}"))
    pairs = json.load(open(os.path.join(out, f"pairs{base}.json"), encoding="utf8"))

    def loss_of(step):
        batch = random.Random(f"post {base} {seed} {step}").sample(pairs, min(DPO["batch"], len(pairs)))
        sequences = [(pair["prompt"], pair[side]) for side in ("won", "lost") for pair in batch]
        with torch.no_grad():
            before = log_probabilities(reference, sequences)
        now = log_probabilities(model, sequences)
        gain, won = now - before, now[: len(batch)]
        margin = DPO["beta"] * (gain[: len(batch)] - gain[len(batch) :])
        return -F.logsigmoid(margin).mean() - weight * won.mean()

    run_steps(model, DPO, os.path.join(out, name), loss_of, (0.9, 0.999), 0.0)


# ---------------------------------------------------------------- exact scores
def named_questions(tokenizer, categories, system=None):
    """One held-out question for each category, with the ids of every listed answer."""
    return [
        dict(name=name, prompt=prompt_ids(tokenizer, S.name_question(S.HELD_OUT["name"], name), system), answers=[tokenizer.encode(D.cap(word) + ".") + [T.END] for word in words])
        for name, words in categories.items()
    ]


def character_prompts(tokenizer, prompts):
    """Prompts for a random character, with the ids of the single-character tokens that count as valid."""
    token_of = {}
    for token, index in tokenizer.vocab.items():
        if token not in T.SPECIAL and len(token) == 1:
            token_of.setdefault(tokenizer.decode([index]), index)
    return [dict(text=text, prompt=prompt_ids(tokenizer, text), valid=[token_of[c] for c in valid]) for text, _, valid in prompts]


class Batch:
    """Token trees: each row is a prompt and its answers, which see the prompt and themselves alone.

    ids and positions have the shape (rows, width), mask (rows, 1, 1, width, width).
    """

    def __init__(self, trees):
        width = max(len(prompt) + sum(map(len, answers)) for prompt, answers in trees)
        self.ids = torch.full((len(trees), width), T.PAD)
        self.positions = torch.zeros(len(trees), width, dtype=torch.long)
        owner = torch.full((len(trees), width), -1)
        for row, (prompt, answers) in enumerate(trees):
            column = 0
            for number, tokens in enumerate([prompt, *answers]):
                first = 0 if number == 0 else len(prompt)
                self.ids[row, column : column + len(tokens)] = torch.tensor(tokens)
                self.positions[row, column : column + len(tokens)] = torch.arange(first, first + len(tokens))
                owner[row, column : column + len(tokens)] = number
                column += len(tokens)
        sees = (owner[:, :, None] == owner[:, None, :]) | (owner[:, None, :] == 0)
        sees &= torch.ones(width, width, dtype=torch.bool).tril()
        self.mask = torch.zeros(sees.shape).masked_fill(~sees, float("-inf"))[:, None, None]


class Questions:
    """Listed answers and characters in two batches, so that a model is scored by one pass over its layers."""

    def __init__(self, named, characters):
        self.named, self.characters = named, characters
        self.batches = [Batch([(q["prompt"], q["answers"]) for q in named]), Batch([(c["prompt"], []) for c in characters])]

    def scores(self, model, hidden):
        """Precision and coverage of each category, and validity and diversity of each character prompt, from last states."""
        logits_of = lambda states: torch.log_softmax(F.linear(model.model.norm(states), model.model.embed_tokens.weight).double(), -1)
        named, characters = [], []
        for row, question in enumerate(self.named):
            last, column, columns, targets, counts = len(question["prompt"]) - 1, len(question["prompt"]), [], [], []
            for answer in question["answers"]:
                # The first token of an answer follows the prompt, each other one follows the token before it.
                columns += [last, *range(column, column + len(answer) - 1)]
                targets += answer
                counts.append(len(answer))
                column += len(answer)
            of_token = logits_of(hidden[0][row, columns]).gather(-1, torch.tensor(targets)[:, None])[:, 0]
            p = torch.stack([part.sum() for part in of_token.split(counts)]).exp()
            named.append(dict(precision=p.sum().item(), coverage=(1 - (1 - p).pow(DRAWS)).sum().item(), log_probabilities=p.log().tolist()))
        for row, prompt in enumerate(self.characters):
            p = logits_of(hidden[1][row, len(prompt["prompt"]) - 1])[prompt["valid"]].exp()
            share = p / p.sum()
            characters.append(dict(validity=p.sum().item(), diversity=-(share * share.clamp_min(1e-300).log()).sum().item() / math.log(len(share))))
        return dict(named=named, characters=characters)


def first_states(model, questions):
    return [model.model.embed_tokens(batch.ids) for batch in questions.batches]


def states_through(model, layers, hidden, questions):
    """Runs both batches through decoder layers. Returns new states."""
    result = []
    for states, batch in zip(hidden, questions.batches):
        cos, sin = model.cos[batch.positions][:, None], model.sin[batch.positions][:, None]
        for layer in layers:
            states = model.model.layers[layer](states, cos, sin, batch.mask, None)
        result.append(states)
    return result


@torch.no_grad()
def score_model(model, questions):
    return questions.scores(model, states_through(model, range(LAYERS), first_states(model, questions), questions))


@torch.no_grad()
def score_ranges(source, post, questions):
    """Scores every restoration range: states of post before it, of the source's layers in it, of post's layers after it."""
    scores, before = {}, first_states(post, questions)
    for start in range(LAYERS):
        inside = before
        for end in range(start, LAYERS):
            inside = states_through(source, [end], inside, questions)
            scores[f"{start}-{end}"] = questions.scores(post, states_through(post, range(end + 1, LAYERS), inside, questions))
        before = states_through(post, [start], before, questions)
    return scores


def blend(base, post, weight):
    """Layers of post moved towards base by `weight`; all else is post's."""
    mixed = M.Llama(CONFIG)
    states = base.state_dict()
    mixed.load_state_dict({name: value + weight * (states[name] - value) if ".layers." in name else value for name, value in post.state_dict().items()})
    return mixed


def mean_of(scores, measure):
    rows = scores["characters" if measure in ("validity", "diversity") else "named"]
    return sum(row[measure] for row in rows) / len(rows)


def brief(scores):
    return " ".join(f"{measure} {mean_of(scores, measure):.3f}" for measure in ("validity", "diversity", "precision", "coverage"))


def choose_weight(out, tokenizer):
    """Chooses the weight of the winner's likelihood on the open questions of base 1.

    The weight with the least coverage wins among those whose precision is within 0.03 of SFT's; if there is none, the
    one whose precision is nearest.
    """
    questions = Questions(named_questions(tokenizer, S.OPEN), character_prompts(tokenizer, S.CRC_OPEN))
    sft = score_model(M.load(os.path.join(out, "sft1")), questions)
    log("base open", brief(score_model(M.load(os.path.join(out, "base1")), questions)))
    log("sft open", brief(sft))
    rows = []
    for weight in NLL_WEIGHTS:
        name = f"trial-{weight}"
        if not os.path.exists(os.path.join(out, name, "model.safetensors")):
            train_post(out, 1, 1, weight, name)
        scores = score_model(M.load(os.path.join(out, name)), questions)
        log("weight", weight, "open", brief(scores))
        rows.append(dict(weight=weight, precision=mean_of(scores, "precision"), coverage=mean_of(scores, "coverage")))
    near = [row for row in rows if abs(row["precision"] - mean_of(sft, "precision")) <= 0.03]
    chosen = min(near, key=lambda row: row["coverage"]) if near else min(rows, key=lambda row: abs(row["precision"] - mean_of(sft, "precision")))
    write_json(os.path.join(out, "chosen.json"), dict(chosen=chosen["weight"], sft=dict(precision=mean_of(sft, "precision"), coverage=mean_of(sft, "coverage")), trials=rows))


def sha256(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def score_post(out, tokenizer, post):
    """Scores everything the criteria need, on the sealed questions."""
    base_name, sft_name, post_name = f"base{post.split('.')[0]}", f"sft{post.split('.')[0]}", f"post{post}"
    base, sft, last = (M.load(os.path.join(out, name)) for name in (base_name, sft_name, post_name))
    questions = Questions(named_questions(tokenizer, S.SEALED), character_prompts(tokenizer, S.CRC_SEALED))
    exact = Questions(named_questions(tokenizer, S.SEALED, S.TIDY_SYSTEM[0]), character_prompts(tokenizer, S.CRC_SEALED))
    models = dict(base=score_model(base, questions), base_tidy=score_model(base, exact), sft=score_model(sft, questions), post=score_model(last, questions))
    for name, scores in models.items():
        log(f"score{post}", name, brief(scores))
    result = dict(
        post=post, models=models, to_base=score_ranges(base, last, questions), to_sft=score_ranges(sft, last, questions),
        blends={str(weight): score_model(blend(base, last, weight), questions) for weight in BLENDS},
        hashes={name: sha256(os.path.join(out, name, "model.safetensors")) for name in (base_name, sft_name, post_name)})
    for group in [result["to_base"], result["to_sft"], result["blends"]]:
        for scores in group.values():
            for row in scores["named"]:
                del row["log_probabilities"]
    write_json(os.path.join(out, f"scores{post}.json"), result)


# ---------------------------------------------------------------- stages
def stages_of(out):
    """Stages in their order, with the file that each writes last."""
    weights = lambda name: os.path.join(out, name, "model.safetensors")
    listed = [("tokenizer", os.path.join(out, "tokenizer", "special_tokens_map.json"))]
    for base in (1, 2, 3):
        listed += [(f"base{base}", weights(f"base{base}")), (f"sft{base}", weights(f"sft{base}")), (f"rate{base}", os.path.join(out, f"pairs{base}.json"))]
        if base == 1:
            listed.append(("choose", os.path.join(out, "chosen.json")))
        for post in POSTS:
            if post.startswith(f"{base}."):
                listed += [(f"post{post}", weights(f"post{post}")), (f"score{post}", os.path.join(out, f"scores{post}.json"))]
    return listed


def run_stage(out, name):
    if name == "tokenizer":
        return train_tokenizer(out)
    tokenizer = T.Tokenizer.load(os.path.join(out, "tokenizer"))
    if name == "choose":
        return choose_weight(out, tokenizer)
    number = name.lstrip("abcdefghijklmnopqrstuvwxyz")
    if name.startswith("post"):
        weight = json.load(open(os.path.join(out, "chosen.json"), encoding="utf8"))["chosen"]
        base, seed = number.split(".")
        return train_post(out, int(base), int(seed), weight, name)
    if name.startswith("score"):
        return score_post(out, tokenizer, number)
    return {"base": train_base, "sft": train_sft, "rate": rate}[name[: -len(number)]](out, tokenizer, int(number))


def main():
    out, wanted = sys.argv[1], sys.argv[2:]
    os.makedirs(out, exist_ok=True)
    if wanted == ["results"]:
        import stage_results

        return stage_results.report(out, POSTS)
    for name, last_file in stages_of(out):
        if wanted and name not in wanted:
            continue
        if os.path.exists(last_file):
            continue
        log(name, "begins")
        run_stage(out, name)


if __name__ == "__main__":
    main()
