"""Makes golden fixtures of test/goldens: tiny checkpoints, and their logits by a plain forward pass in torch.

    python3 tools/goldens/make.py [NAME ...]          (Debian: python3-torch, python3-safetensors)

The forward pass is written from the papers and from the models' published descriptions, one sequence at a time, one head at a
time, in float32 and once more in float64. It shares nothing with the program: no code, no table of families, no graph.
"""

import json
import math
import os
import sys

import torch
from safetensors.torch import save_file

GOLDENS = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens")
VOCABULARY, LAYERS = 128, 4


def config(model_type, **keys):
    return dict(model_type=model_type, vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=LAYERS,
                num_attention_heads=4, num_key_value_heads=2, hidden_act="silu", rms_norm_eps=1e-6, rope_theta=10000.0,
                max_position_embeddings=256, bos_token_id=1, eos_token_id=2, tie_word_embeddings=False,
                torch_dtype="bfloat16", transformers_version="4.57.1", **keys)


def changed(base, **keys):
    return {**base, **keys}


YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=64)
SLIDING = ["sliding_attention"] * 3 + ["full_attention"]

# How each family computes, in words of its own: what the config's numbers mean is said here and nowhere else.
GOLDENS_MADE = {
    "olmo3_yarn": dict(
        config=config("olmo3", architectures=["Olmo3ForCausalLM"], sliding_window=8, layer_types=SLIDING, attention_bias=False,
                      rope_scaling=dict(YARN, attention_factor=1.2079441541679836, beta_fast=32.0, beta_slow=1.0)),
        head_dim=8, post_norms=True, projection_norms=True, windows=[8, 8, 8, None], ropes=["plain"] * 3 + ["yarn"]),
    "qwen3_yarn": dict(
        config=changed(config("qwen3", architectures=["Qwen3ForCausalLM"], head_dim=16, attention_bias=False,
                              use_sliding_window=False, sliding_window=None, max_window_layers=4, rope_scaling=YARN),
                       tie_word_embeddings=True),
        head_dim=16, head_norms=True, ropes=["yarn"] * 4),
    "llama_yarn": dict(
        config=changed(config("llama", architectures=["LlamaForCausalLM"], head_dim=16, attention_bias=True, mlp_bias=True,
                              rope_scaling=dict(YARN, beta_fast=4.0, beta_slow=0.5, truncate=False, mscale=1.0,
                                                mscale_all_dim=0.5)), rope_theta=500.0),
        head_dim=16, qkv_bias=True, o_bias=True, mlp_bias=True, ropes=["yarn"] * 4),
    "gemma1": dict(
        config=changed(config("gemma", architectures=["GemmaForCausalLM"], head_dim=16, attention_bias=False,
                              hidden_activation="gelu_pytorch_tanh"),
                       tie_word_embeddings=True, hidden_act="gelu_pytorch_tanh", num_key_value_heads=1),
        head_dim=16, norm_offset=1, output_gain=4.0, embedding_scale=math.sqrt(32), act="gelu_tanh"),
    "seed_oss": dict(
        config=config("seed_oss", architectures=["SeedOssForCausalLM"], head_dim=16, attention_bias=True,
                      attention_out_bias=False, mlp_bias=False, residual_dropout=0.1, attention_dropout=0.1),
        head_dim=16, qkv_bias=True),
    "smollm3": dict(
        config=changed(config("smollm3", architectures=["SmolLM3ForCausalLM"], attention_bias=False, mlp_bias=False,
                              no_rope_layers=[1, 0, 1, 0], no_rope_layer_interval=2, use_sliding_window=False,
                              sliding_window=None, layer_types=["full_attention"] * 4, pretraining_tp=1, rope_scaling=None),
                       rope_theta=2000000.0, tie_word_embeddings=True),
        head_dim=8, ropes=["plain", "none", "plain", "none"]),
    "granite": dict(
        config=config("granite", architectures=["GraniteForCausalLM"], attention_bias=False, mlp_bias=False,
                      embedding_multiplier=6.0, residual_multiplier=0.4, attention_multiplier=0.25, logits_scaling=4.0,
                      rope_scaling=None),
        head_dim=8, output_gain=2.0, embedding_scale=6.0, residual_scale=0.4, score_scale=0.25, logits_divisor=4.0),
    "phi4_longrope": dict(
        config=changed(config("phi3", architectures=["Phi3ForCausalLM"], sliding_window=None, partial_rotary_factor=0.75,
                              original_max_position_embeddings=128, attention_bias=False,
                              rope_scaling=dict(type="longrope", short_factor=[1.0, 1.7, 3.0],
                                                long_factor=[1.0, 5.0, 21.0])), tie_word_embeddings=True),
        head_dim=8, rotary_dim=6, fused=True, ropes=["longrope"] * 4,
        length_of_rotation=math.sqrt(1 + math.log(2) / math.log(128))),
    "mistral3": dict(
        config=dict(architectures=["Mistral3ForConditionalGeneration"], model_type="mistral3", image_token_index=10,
                    multimodal_projector_bias=False, projector_hidden_act="gelu", spatial_merge_size=2,
                    vision_feature_layer=-1, torch_dtype="bfloat16", transformers_version="4.50.0.dev0",
                    text_config=config("mistral", head_dim=16, sliding_window=None, attention_dropout=0.0),
                    vision_config=dict(model_type="pixtral", hidden_size=8, num_hidden_layers=1)),
        head_dim=16, names=("language_model.model.", "language_model.lm_head.weight")),
}


def text_of(config):
    return config.get("text_config", config)


# ---- weights ----

def make_weights(made, seed):
    """Random weights that give logits of a standard deviation of about 2 and attention that is neither flat nor saturated."""
    text, rng = text_of(made["config"]), torch.Generator().manual_seed(seed)
    hidden, inter, head_dim = text["hidden_size"], text["intermediate_size"], made["head_dim"]
    heads, kv_heads, offset = text["num_attention_heads"], text["num_key_value_heads"], made.get("norm_offset", 0)

    def normal(*shape, std):
        return torch.randn(*shape, generator=rng) * std

    def norm(size):
        return 1 - offset + normal(size, std=0.2)

    def linear(out, into, gain=1.0):
        return normal(out, into, std=gain / math.sqrt(into))

    body, lm_head = made.get("names", ("model.", "lm_head.weight"))
    tied, scale = text["tie_word_embeddings"], made.get("embedding_scale", 1.0)
    spread = 2 * made.get("logits_divisor", 1.0) / math.sqrt(hidden)
    weights = {body + "embed_tokens.weight": normal(VOCABULARY, hidden, std=spread if tied else 1.0 / scale)}
    if not tied:
        weights[lm_head] = normal(VOCABULARY, hidden, std=spread)
    weights[body + "norm.weight"] = norm(hidden)
    for layer in range(LAYERS):
        at = f"{body}layers.{layer}."
        names = ["post_attention_layernorm", "post_feedforward_layernorm" if made.get("post_norms") else "input_layernorm"]
        for name in names:
            weights[at + name + ".weight"] = norm(hidden)
        for name, size, gain in [("q", heads, 1.5), ("k", kv_heads, 1.5), ("v", kv_heads, 1.0)]:
            weights[f"{at}self_attn.{name}_proj.weight"] = linear(size * head_dim, hidden, gain)
            if made.get("qkv_bias"):
                weights[f"{at}self_attn.{name}_proj.bias"] = normal(size * head_dim, std=0.3)
        weights[at + "self_attn.o_proj.weight"] = linear(hidden, heads * head_dim, made.get("output_gain", 1.0))
        if made.get("o_bias"):
            weights[at + "self_attn.o_proj.bias"] = normal(hidden, std=0.3)
        for name, size in [("q", heads), ("k", kv_heads)]:
            if made.get("projection_norms"):
                weights[f"{at}self_attn.{name}_norm.weight"] = norm(size * head_dim) * 1.2
            if made.get("head_norms"):
                weights[f"{at}self_attn.{name}_norm.weight"] = norm(head_dim) * 1.2
        for name, out, into in [("gate", inter, hidden), ("up", inter, hidden), ("down", hidden, inter)]:
            weights[f"{at}mlp.{name}_proj.weight"] = linear(out, into, made.get("output_gain", 1.0) if name == "down" else 1.0)
            if made.get("mlp_bias"):
                weights[f"{at}mlp.{name}_proj.bias"] = normal(out, std=0.3)
        if made.get("fused"):
            for joined, parts in [("self_attn.qkv_proj", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]),
                                  ("mlp.gate_up_proj", ["mlp.gate_proj", "mlp.up_proj"])]:
                weights[f"{at}{joined}.weight"] = torch.cat([weights.pop(f"{at}{part}.weight") for part in parts])
    return weights


def split(weights, layer_name, sizes):
    """The parts of a fused weight by their own names, rows in order."""
    return dict(zip(sizes, torch.split(weights[layer_name + ".weight"], list(sizes.values()))))


def trained(weights, seed):
    """The same model after training: every tensor moved by a third of its spread."""
    rng = torch.Generator().manual_seed(seed)
    return {name: value + torch.randn(value.shape, generator=rng) * value.std() / 3 for name, value in weights.items()}


# ---- forward pass ----

def frequencies(kind, scaling, theta, dim, dtype):
    """Inverse frequencies of a head's pairs of dims, and what cos and sin are multiplied by."""
    exponents = torch.arange(0, dim, 2, dtype=dtype) / dim
    plain = 1.0 / theta**exponents
    if kind == "none":
        return torch.zeros_like(plain), 1.0
    if kind == "plain":
        return plain, 1.0
    # YaRN, arXiv 2309.00071, section 3.2: gamma ramps with the number of rotations within the original context.
    if kind == "longrope":
        # LongRoPE, arXiv 2402.13753, for a text within the original context: each pair of dims has a divisor of its own.
        return plain / torch.tensor(scaling["short_factor"], dtype=dtype), None
    length, factor = scaling["original_max_position_embeddings"], scaling["factor"]

    def where(rotations):
        """The pair of dims that rotates so often within the original context, as a fraction."""
        return dim / 2 * math.log(length / (2 * math.pi * rotations)) / math.log(theta)

    low, high = where(scaling.get("beta_fast", 32)), where(scaling.get("beta_slow", 1))
    if scaling.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    ramp = ((torch.arange(dim // 2, dtype=dtype) - low) / ((high - low) or 0.001)).clamp(0, 1)
    stretched = plain / factor * ramp + plain * (1 - ramp)
    if "attention_factor" in scaling:
        return stretched, scaling["attention_factor"]
    sharper = lambda m: 0.1 * m * math.log(factor) + 1
    return stretched, sharper(scaling["mscale"]) / sharper(scaling["mscale_all_dim"]) if "mscale" in scaling else sharper(1)


def rms_norm(x, weight, eps, offset=0):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps) * (weight + offset)


ACTIVATIONS = {
    "silu": lambda x: x * torch.sigmoid(x),
    "gelu_tanh": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


def forward(made, stored, tokens, dtype=torch.float32):
    """Logits at every position of one sequence, [positions, vocabulary]."""
    text, head_dim, offset = text_of(made["config"]), made["head_dim"], made.get("norm_offset", 0)
    eps, heads, kv_heads = text["rms_norm_eps"], text["num_attention_heads"], text["num_key_value_heads"]
    body, lm_head = made.get("names", ("model.", "lm_head.weight"))
    w = {name: value.to(dtype) for name, value in stored.items()}
    rotary = made.get("rotary_dim", head_dim)
    act, length = ACTIVATIONS[made.get("act", "silu")], len(tokens)
    windows, ropes = made.get("windows", [None] * LAYERS), made.get("ropes", ["plain"] * LAYERS)

    if made.get("fused"):
        for layer in range(LAYERS):
            at, inter = f"{body}layers.{layer}.", text["intermediate_size"]
            sizes = dict(q=heads * head_dim, k=kv_heads * head_dim, v=kv_heads * head_dim)
            parts = {f"self_attn.{name}": part for name, part in split(w, at + "self_attn.qkv_proj", sizes).items()}
            parts |= {f"mlp.{name}": part for name, part in split(w, at + "mlp.gate_up_proj", dict(gate=inter, up=inter)).items()}
            w |= {f"{at}{name}_proj.weight": part for name, part in parts.items()}

    def linear(x, name):
        y = x @ w[name + ".weight"].T
        return y + w[name + ".bias"] if name + ".bias" in w else y

    x = w[body + "embed_tokens.weight"][torch.tensor(tokens)] * made.get("embedding_scale", 1.0)
    for layer in range(LAYERS):
        at = f"{body}layers.{layer}."
        attention = at + "self_attn."
        inner = x if made.get("post_norms") else rms_norm(x, w[at + "input_layernorm.weight"], eps, offset)
        q, k, v = (linear(inner, f"{attention}{name}_proj") for name in "qkv")
        if made.get("projection_norms"):
            q, k = (rms_norm(y, w[f"{attention}{name}_norm.weight"], eps, offset) for name, y in [("q", q), ("k", k)])
        inverse, sharper = frequencies(ropes[layer], text.get("rope_scaling"), text["rope_theta"], rotary, dtype)
        sharper = sharper or made["length_of_rotation"]
        angles = torch.arange(length, dtype=dtype)[:, None] * inverse[None, :]
        cos, sin = torch.cos(angles) * sharper, torch.sin(angles) * sharper

        def head_of(y, name, head):
            y = y[:, head * head_dim:(head + 1) * head_dim]
            if made.get("head_norms"):
                y = rms_norm(y, w[f"{attention}{name}_norm.weight"], eps, offset)
            first, second, rest = y[:, :rotary // 2], y[:, rotary // 2:rotary], y[:, rotary:]
            return torch.cat([first * cos - second * sin, second * cos + first * sin, rest], dim=1)

        position = torch.arange(length)
        unseen = position[None, :] > position[:, None]
        if windows[layer] is not None:
            unseen |= position[None, :] <= position[:, None] - windows[layer]
        mixed = []
        for head in range(heads):
            kv = head // (heads // kv_heads)
            scores = head_of(q, "q", head) @ head_of(k, "k", kv).T * made.get("score_scale", 1 / math.sqrt(head_dim))
            chances = torch.softmax(scores.masked_fill(unseen, -math.inf), dim=-1)
            mixed.append(chances @ v[:, kv * head_dim:(kv + 1) * head_dim])
        out = linear(torch.cat(mixed, dim=1), attention + "o_proj")
        if made.get("post_norms"):
            x = x + rms_norm(out, w[at + "post_attention_layernorm.weight"], eps, offset)
            inner = x
        else:
            x = x + out * made.get("residual_scale", 1.0)
            inner = rms_norm(x, w[at + "post_attention_layernorm.weight"], eps, offset)
        gated = act(linear(inner, at + "mlp.gate_proj")) * linear(inner, at + "mlp.up_proj")
        out = linear(gated, at + "mlp.down_proj")
        if made.get("post_norms"):
            out = rms_norm(out, w[at + "post_feedforward_layernorm.weight"], eps, offset)
        x = x + out * made.get("residual_scale", 1.0)
    x = rms_norm(x, w[body + "norm.weight"], eps, offset)
    head = w[body + "embed_tokens.weight" if text["tie_word_embeddings"] else lm_head]
    return x @ head.T / made.get("logits_divisor", 1.0)


# ---- files ----

HYBRIDS = {"hybrid_a": [0], "hybrid_b": [1, 2], "hybrid_c": [2, 3]}


def hybrid(base, post, layers):
    return {name: base[name] if any(f"layers.{layer}." in name for layer in layers) else post[name] for name in post}


def greedy(made, weights, prompt):
    tokens, margin = [], math.inf
    for _ in range(12):
        best = forward(made, weights, prompt + tokens)[-1].topk(2)
        margin = min(margin, float(best.values[0] - best.values[1]))
        tokens.append(int(best.indices[0]))
    return tokens, margin


def short_floats(values):
    """The shortest decimals that read back as the same float32."""
    import numpy
    return [float(numpy.format_float_scientific(numpy.float32(value), unique=True)) for value in values.tolist()]


def make(name):
    made = GOLDENS_MADE[name]
    text = text_of(made["config"])
    window = next((size for size in made.get("windows", []) if size is not None), 10)
    longest = 3 * window + 11 if "yarn" not in name else 75
    bf16 = lambda weights: {key: value.to(torch.bfloat16) for key, value in weights.items()}
    weights = make_weights(made, 1)
    base, post = bf16(weights), bf16(trained(weights, 2))
    models = {"base": base, "post": post, **{key: hybrid(base, post, layers) for key, layers in HYBRIDS.items()}}
    rng = torch.Generator().manual_seed(3)
    draw = lambda length: torch.randint(3, VOCABULARY, (length,), generator=rng).tolist()
    prompts = dict(one=draw(1), short=draw(6), at_window=draw(window), past_window=draw(window + 1), long=draw(longest))
    # Greedy tokens are only worth comparing where no step is close.
    for _ in range(200):
        prompts["pre_window"] = draw(window - 3 if window > 6 else 3)
        chosen = {key: greedy(made, stored, prompts["pre_window"]) for key, stored in models.items()}
        if all(margin > 0.02 and 2 not in tokens for tokens, margin in chosen.values()):
            break
    else:
        raise SystemExit(f"{name}: no prompt with a clear greedy answer")
    results, worst, spread = {}, 0.0, []
    for key, stored in models.items():
        last = {}
        for label, tokens in prompts.items():
            single, double = forward(made, stored, tokens), forward(made, stored, tokens, torch.float64)
            worst = max(worst, float((single - double).abs().max()))
            last[label] = short_floats(single[-1])
            if label == "long":
                spread.append(float(single[-1].std()))
        every = [short_floats(row) for row in forward(made, stored, prompts["short"])]
        results[key] = dict(last_logits=last, all_logits_short=every,
                            greedy=dict(prompt="pre_window", new_tokens=chosen[key][0]))
    ropes = []
    for layer in range(LAYERS):
        inverse, sharper = frequencies(made.get("ropes", ["plain"] * LAYERS)[layer], text.get("rope_scaling"),
                                       text["rope_theta"], made.get("rotary_dim", made["head_dim"]), torch.float32)
        ropes.append(dict(layer=layer, window=made.get("windows", [None] * LAYERS)[layer], cos_sin_factor=sharper,
                          inv_freq=short_floats(inverse)))
    golden = dict(
        format=1, family=name, model_type=made["config"]["model_type"], made_by="tools/goldens/make.py",
        checkpoints=dict(bfloat16=dict(base="base-bf16", post="post-bf16")),
        hybrids={key: dict(layers_from_base=layers, everything_else_from="post") for key, layers in HYBRIDS.items()},
        prompts=prompts, resolved=dict(layers=LAYERS, rope=ropes), results=dict(bfloat16=results),
        verification=dict(max_abs_diff_vs_own_fp64=worst, logit_std_long=spread,
                          smallest_greedy_margin=min(margin for _, margin in chosen.values())))
    folder = os.path.join(GOLDENS, name)
    for member, stored in [("base-bf16", base), ("post-bf16", post)]:
        os.makedirs(os.path.join(folder, member), exist_ok=True)
        save_file({key: value.contiguous() for key, value in stored.items()},
                  os.path.join(folder, member, "model.safetensors"), metadata={"format": "pt"})
        with open(os.path.join(folder, member, "config.json"), "w") as file:
            file.write(json.dumps(made["config"], indent=2, sort_keys=True) + "\n")
    with open(os.path.join(folder, "golden.json"), "w") as file:
        file.write(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{name}: float32 against float64 {worst:.1e}, std of logits {max(spread):.2f}, "
          f"greedy margin {golden['verification']['smallest_greedy_margin']:.3f}")


for chosen_name in sys.argv[1:] or GOLDENS_MADE:
    make(chosen_name)
