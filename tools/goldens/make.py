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
LAYERS = 4


def config(model_type, **keys):
    return dict(model_type=model_type, vocab_size=128, hidden_size=32, intermediate_size=48, num_hidden_layers=LAYERS,
                num_attention_heads=4, num_key_value_heads=2, hidden_act="silu", rms_norm_eps=1e-6, rope_theta=10000.0,
                max_position_embeddings=256, bos_token_id=1, eos_token_id=2, tie_word_embeddings=False,
                torch_dtype="bfloat16", transformers_version="4.57.1", **keys)


def changed(base, **keys):
    return {**base, **keys}


def small(model_type, architecture, drop=(), **keys):
    """As above, with fewer weights."""
    made = changed(config(model_type, architectures=[architecture]), vocab_size=64, intermediate_size=32, **keys)
    return {key: value for key, value in made.items() if key not in drop}


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
    "granite4": dict(
        config=small("granitemoehybrid", "GraniteMoeHybridForCausalLM", attention_bias=False, layer_types=["attention"] * 4,
                     num_local_experts=0, num_experts_per_tok=0, shared_intermediate_size=32, position_embedding_type="rope",
                     embedding_multiplier=6.0, residual_multiplier=0.4, attention_multiplier=0.25, logits_scaling=4.0,
                     rope_scaling=None),
        head_dim=8, output_gain=2.0, embedding_scale=6.0, residual_scale=0.4, score_scale=0.25, logits_divisor=4.0,
        fused_mlp=True, gate_up="shared_mlp.input_linear", modules=dict(down="shared_mlp.output_linear")),
    "internlm3": dict(
        config=small("internlm3", "InternLM3ForCausalLM", head_dim=16, bias=True, qkv_bias=True,
                     rope_scaling=dict(rope_type="dynamic", factor=6.0)),
        head_dim=16, qkv_bias=True, o_bias=True, mlp_bias=True),
    "mimo": dict(
        config=small("mimo", "MiMoForCausalLM", head_dim=16, attention_bias=True, num_nextn_predict_layers=1,
                     use_sliding_window=False, sliding_window=None, max_window_layers=4),
        head_dim=16, qkv_bias=True),
    "qwen2_5_vl": dict(
        config=changed(small("qwen2", "Qwen2_5_VLForConditionalGeneration", use_sliding_window=False, sliding_window=None,
                             max_window_layers=4, rope_scaling=dict(type="mrope", mrope_section=[1, 1, 2]),
                             image_token_id=60, vision_config=dict(depth=1)), model_type="qwen2_5_vl"),
        head_dim=8, qkv_bias=True),
    "qwen3_vl": dict(
        config=dict(architectures=["Qwen3VLForConditionalGeneration"], model_type="qwen3_vl", image_token_id=60,
                    vision_config=dict(depth=1), tie_word_embeddings=False,
                    text_config=small("qwen3_vl_text", "Qwen3VLTextModel", head_dim=16, attention_bias=False,
                                      rope_scaling=dict(mrope_interleaved=True, mrope_section=[4, 2, 2], rope_type="default"))),
        head_dim=16, head_norms=True, names=("model.language_model.", "lm_head.weight")),
    "llava": dict(
        config=dict(architectures=["LlavaForConditionalGeneration"], model_type="llava", image_token_index=10,
                    text_config=small("mistral", "MistralForCausalLM", head_dim=16, sliding_window=None),
                    vision_config=dict(model_type="pixtral", hidden_size=8, num_hidden_layers=1)),
        head_dim=16, names=("language_model.model.", "language_model.lm_head.weight")),
    # Layer 2 attends only to images. Its other tensors are left out.
    "mllama": dict(
        config=dict(architectures=["MllamaForConditionalGeneration"], model_type="mllama", image_token_index=64, vision_config=dict(model_type="mllama_vision_model"),
                    text_config=small("mllama_text_model", "MllamaTextModel", cross_attention_layers=[2], dropout=0, pad_token_id=0,
                                      rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64))),
        head_dim=8, ropes=["llama3", "llama3", "none", "llama3"], image_layers=[2], spare_tokens=8, names=("language_model.model.", "language_model.lm_head.weight")),
    "smolvlm": dict(
        config=dict(architectures=["SmolVLMForConditionalGeneration"], model_type="smolvlm", image_token_id=10, scale_factor=4, vocab_size=64,
                    tie_word_embeddings=False, use_reentrant_checkpointing=False,
                    vision_config=dict(model_type="smolvlm_vision", hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                                       num_attention_heads=2, image_size=16, patch_size=4),
                    text_config=small("llama", "VLlama3ForCausalLM", head_dim=16, is_llama_config=True, perceiver_config=dict(resampler_depth=6),
                                      pixel_shuffle_factor=4, qk_layer_norms=False, use_resampler=False)),
        head_dim=16, names=("model.text_model.", "lm_head.weight")),
    "helium": dict(
        config=changed(small("helium", "HeliumForCausalLM", head_dim=16, attention_bias=False, mlp_bias=False),
                       rms_norm_eps=1e-8, tie_word_embeddings=True),
        head_dim=16, neighbours=True),
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
    "arcee": dict(
        config=small("arcee", "ArceeForCausalLM", attention_bias=False, mlp_bias=False, rope_scaling=YARN, hidden_act="relu2"),
        head_dim=8, mlp="plain", act="relu2", output_gain=2.0, ropes=["yarn"] * 4, longest=75),
    "ernie4_5": dict(
        config=small("ernie4_5", "Ernie4_5ForCausalLM", head_dim=16, use_bias=True, tie_word_embeddings=True),
        head_dim=16, qkv_bias=True, o_bias=True, mlp_bias=True, neighbours=True),
    "ministral3": dict(
        config=dict(architectures=["Mistral3ForConditionalGeneration"], model_type="mistral3", dtype="bfloat16",
                    text_config=small("ministral3", "Ministral3ForCausalLM", drop=["rope_theta"], head_dim=16, sliding_window=None,
                                      rope_parameters=dict(YARN, original_max_position_embeddings=32, rope_theta=10000.0,
                                                           type="yarn", mscale=1.0, mscale_all_dim=1.0,
                                                           max_position_embeddings=256, llama_4_scaling_beta=0.5)),
                    vision_config=dict(model_type="pixtral", hidden_size=8, num_hidden_layers=1)),
        head_dim=16, ropes=["yarn"] * 4, growth=(0.5, 32), longest=75,
        names=("language_model.model.", "language_model.lm_head.weight")),
    "hunyuan": dict(
        config=small("hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM", head_dim=16, attention_bias=False, use_qk_norm=True,
                     tie_word_embeddings=True,
                     rope_scaling=dict(type="dynamic", alpha=50.0, factor=1.0, beta_fast=32, beta_slow=1, mscale=1.0,
                                       mscale_all_dim=1.0)),
        head_dim=16, head_norms=True, norms_after_rope=True, ropes=["alpha"] * 4,
        modules=dict(q_norm="self_attn.query_layernorm", k_norm="self_attn.key_layernorm")),
    "glm": dict(
        config=small("glm", "GlmForCausalLM", head_dim=16, attention_bias=True, partial_rotary_factor=0.5),
        head_dim=16, rotary_dim=8, neighbours=True, qkv_bias=True, fused_mlp=True),
    "glm4": dict(
        config=small("glm4", "Glm4ForCausalLM", head_dim=16, attention_bias=True, partial_rotary_factor=0.5),
        head_dim=16, rotary_dim=8, neighbours=True, qkv_bias=True, fused_mlp=True, output_gain=2.0,
        layer_norms=dict(before_attention="input_layernorm", after_attention="post_self_attn_layernorm",
                         before_mlp="post_attention_layernorm", after_mlp="post_mlp_layernorm")),
    "exaone4": dict(
        config=small("exaone4", "Exaone4ForCausalLM", head_dim=16, sliding_window=8, sliding_window_pattern="LLLG",
                     layer_types=SLIDING),
        head_dim=16, head_norms=True, windows=[8, 8, 8, None], ropes=["plain"] * 3 + ["none"],
        layer_norms=dict(after_attention="post_attention_layernorm", after_mlp="post_feedforward_layernorm")),
    "stablelm": dict(
        config=small("stablelm", "StableLmForCausalLM", drop=["rms_norm_eps"], layer_norm_eps=1e-5, use_qkv_bias=True,
                     qk_layernorm=False, partial_rotary_factor=0.5, use_parallel_residual=False, hidden_dropout=0.0),
        head_dim=8, rotary_dim=4, qkv_bias=True, norm="layer", norm_bias=True, eps=1e-5),
    "stablelm_parallel": dict(
        config=small("stablelm", "StableLmForCausalLM", drop=["rms_norm_eps"], layer_norm_eps=1e-5, use_qkv_bias=False,
                     qk_layernorm=False, partial_rotary_factor=0.5, use_parallel_residual=True),
        head_dim=8, rotary_dim=4, norm="layer", norm_bias=True, eps=1e-5, parallel=True,
        layer_norms=dict(before_attention="input_layernorm", before_mlp=None)),
    "starcoder2": dict(
        config=small("starcoder2", "Starcoder2ForCausalLM", drop=["rms_norm_eps"], norm_epsilon=1e-5, use_bias=True,
                     hidden_act="gelu_pytorch_tanh", sliding_window=8, tie_word_embeddings=True, residual_dropout=0.1,
                     embedding_dropout=0.1),
        head_dim=8, qkv_bias=True, o_bias=True, mlp_bias=True, norm="layer", norm_bias=True, eps=1e-5, mlp="plain",
        act="gelu_tanh", windows=[8] * 4, modules=dict(up="mlp.c_fc", down="mlp.c_proj")),
    "gpt_neox": dict(
        config=small("gpt_neox", "GPTNeoXForCausalLM", drop=["rms_norm_eps", "rope_theta", "num_key_value_heads"],
                     layer_norm_eps=1e-5, use_parallel_residual=True, rotary_pct=0.5, rotary_emb_base=10000, hidden_act="gelu"),
        head_dim=8, rotary_dim=4, qkv_bias=True, o_bias=True, mlp_bias=True, norm="layer", norm_bias=True, eps=1e-5,
        mlp="plain", act="gelu", parallel=True, heads_together="attention.query_key_value",
        modules=dict(o="attention.dense", up="mlp.dense_h_to_4h", down="mlp.dense_4h_to_h"),
        names=("gpt_neox.", "embed_out.weight"), around=("embed_in", "final_layer_norm")),
    "cohere": dict(
        config=small("cohere", "CohereForCausalLM", drop=["rms_norm_eps"], layer_norm_eps=1e-5, logit_scale=0.25,
                     use_qk_norm=False, attention_bias=False, tie_word_embeddings=True),
        head_dim=8, neighbours=True, norm="layer", eps=1e-5, parallel=True, logits_divisor=4.0,
        layer_norms=dict(before_attention="input_layernorm", before_mlp=None)),
    "cohere_qk_norm": dict(
        config=small("cohere", "CohereForCausalLM", drop=["rms_norm_eps"], layer_norm_eps=1e-5, logit_scale=0.25,
                     use_qk_norm=True, attention_bias=False, tie_word_embeddings=True),
        head_dim=8, neighbours=True, norm="layer", eps=1e-5, parallel=True, logits_divisor=4.0, norms_of_each_head=True,
        layer_norms=dict(before_attention="input_layernorm", before_mlp=None)),
    "cohere2": dict(
        config=small("cohere2", "Cohere2ForCausalLM", drop=["rms_norm_eps"], layer_norm_eps=1e-5, logit_scale=0.25,
                     attention_bias=False, tie_word_embeddings=True, sliding_window=8, sliding_window_pattern=4),
        head_dim=8, neighbours=True, norm="layer", eps=1e-5, parallel=True, logits_divisor=4.0,
        windows=[8, 8, 8, None], ropes=["plain"] * 3 + ["none"],
        layer_norms=dict(before_attention="input_layernorm", before_mlp=None)),
    "nemotron": dict(
        config=small("nemotron", "NemotronForCausalLM", drop=["rms_norm_eps"], norm_eps=1e-5, hidden_act="relu2",
                     partial_rotary_factor=0.5, attention_bias=False, mlp_bias=False),
        head_dim=8, rotary_dim=4, norm="layer", norm_bias=True, norm_offset=1, eps=1e-5, mlp="plain", act="relu2",
        output_gain=2.0),
    "olmo": dict(
        config=small("olmo", "OlmoForCausalLM", drop=["rms_norm_eps"], clip_qkv=1.5, attention_bias=False),
        head_dim=8, norm="layer", norm_weights=False, eps=1e-5, clip=1.5),
    "apertus": dict(
        config=small("apertus", "ApertusForCausalLM", hidden_act="xielu", attention_bias=False, mlp_bias=False, post_norm=False,
                     qk_norm=True, hidden_dropout=0.0,
                     rope_scaling=dict(rope_type="llama3", factor=8.0, original_max_position_embeddings=32, low_freq_factor=1.0,
                                       high_freq_factor=4.0)),
        head_dim=8, head_norms=True, mlp="plain", act="xielu", ropes=["llama3"] * 4, longest=75,
        layer_norms=dict(before_attention="attention_layernorm", before_mlp="feedforward_layernorm")),
}

# Experts: how many, how many of them a token goes through, their inner size, whether the weights of the chosen sum to one, and in which
# layers they take the place of the MLP.
GOLDENS_MADE |= {
    "qwen3_moe": dict(
        config=small("qwen3_moe", "Qwen3MoeForCausalLM", head_dim=16, attention_bias=False, decoder_sparse_step=1,
                     moe_intermediate_size=12, num_experts=8, num_experts_per_tok=3, norm_topk_prob=True, mlp_only_layers=[1],
                     use_sliding_window=False, sliding_window=None, max_window_layers=4, output_router_logits=False,
                     router_aux_loss_coef=0.001),
        head_dim=16, head_norms=True, output_gain=2.0,
        experts=dict(count=8, chosen=3, size=12, sum_to_one=True, layers=[0, 2, 3], router="mlp.gate",
                     named=lambda expert, name: f"mlp.experts.{expert}.{name}_proj")),
    "mixtral": dict(
        config=changed(small("mixtral", "MixtralForCausalLM", num_local_experts=6, num_experts_per_tok=2, output_router_logits=False,
                             router_aux_loss_coef=0.02, sliding_window=None, attention_dropout=0.0),
                       intermediate_size=12, rms_norm_eps=1e-5),
        head_dim=8, output_gain=2.0,
        experts=dict(count=6, chosen=2, size=12, sum_to_one=True, layers=[0, 1, 2, 3], router="block_sparse_moe.gate",
                     named=lambda expert, name: f"block_sparse_moe.experts.{expert}.{dict(gate='w1', up='w3', down='w2')[name]}")),
    "olmoe": dict(
        config=changed(small("olmoe", "OlmoeForCausalLM", num_experts=8, num_experts_per_tok=3, norm_topk_prob=False, clip_qkv=1.5,
                             output_router_logits=False, router_aux_loss_coef=0.01, attention_bias=False),
                       intermediate_size=12, rms_norm_eps=1e-5, num_key_value_heads=4),
        head_dim=8, projection_norms=True, clip_after_norm=1.5, output_gain=4.0,
        experts=dict(count=8, chosen=3, size=12, sum_to_one=False, layers=[0, 1, 2, 3], router="mlp.gate",
                     named=lambda expert, name: f"mlp.experts.{expert}.{name}_proj")),
}

# Layers with a gated delta rule in place of attention: which, their heads, their sizes, and the tokens that the convolution sees.
DELTA = dict(kind="delta", layers=[0, 1, 2], key_heads=2, value_heads=4, key_size=8, value_size=6, kernel=4)
DELTA_KEYS = dict(linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=8, linear_value_head_dim=6,
                  linear_conv_kernel_dim=4)
GOLDENS_MADE |= {
    "qwen3_5": dict(
        config=dict(architectures=["Qwen3_5ForConditionalGeneration"], model_type="qwen3_5", image_token_id=60,
                    tie_word_embeddings=True, vision_config=dict(depth=1),
                    text_config=changed(small("qwen3_5_text", "Qwen3_5TextModel", drop=["rope_theta"], head_dim=16,
                                              attention_bias=False, attn_output_gate=True, **DELTA_KEYS,
                                              layer_types=["linear_attention"] * 3 + ["full_attention"],
                                              rope_parameters=dict(mrope_interleaved=True, mrope_section=[1, 1, 0],
                                                                   rope_type="default", rope_theta=10000.0,
                                                                   partial_rotary_factor=0.25)),
                                    tie_word_embeddings=True, rms_norm_eps=1e-3)),
        head_dim=16, rotary_dim=4, head_norms=True, norm_offset=1, gates=True, recurrent=DELTA, longest=100, ropes=["none"] * 3 + ["plain"],
        names=("model.language_model.", "lm_head.weight")),
    "qwen3_next": dict(
        config=changed(small("qwen3_next", "Qwen3NextForCausalLM", head_dim=16, attention_bias=False, partial_rotary_factor=0.25,
                             full_attention_interval=4, decoder_sparse_step=1, moe_intermediate_size=12, num_experts=8,
                             shared_expert_intermediate_size=20, num_experts_per_tok=3, norm_topk_prob=True, mlp_only_layers=[],
                             output_router_logits=False, router_aux_loss_coef=0.001, **DELTA_KEYS), rms_norm_eps=1e-3),
        head_dim=16, rotary_dim=4, head_norms=True, norm_offset=1, gates=True, recurrent=dict(DELTA, by_key_head=True), longest=100,
        ropes=["none"] * 3 + ["plain"], output_gain=2.0,
        experts=dict(count=8, chosen=3, size=12, sum_to_one=True, layers=[0, 1, 2, 3], router="mlp.gate", shared=20,
                     named=lambda expert, name: f"mlp.experts.{expert}.{name}_proj")),
}

# Layers with a convolution over few tokens between two gates.
SHORT = dict(kind="short", layers=[0, 2], kernel=3)
GOLDENS_MADE["lfm2"] = dict(
    config=changed(small("lfm2", "Lfm2ForCausalLM", drop=["rms_norm_eps", "hidden_act", "intermediate_size", "rope_theta"], block_ff_dim=48,
                         block_auto_adjust_ff_dim=True, block_ffn_dim_multiplier=1.1, block_multiple_of=8, norm_eps=1e-5,
                         conv_L_cache=3, conv_bias=False, conv_dim=32, full_attn_idxs=[1, 3], theta=10000.0, use_pos_enc=True),
                   tie_word_embeddings=True),
    head_dim=8, head_norms=True, eps=1e-5, inner=40, recurrent=SHORT, longest=100, ropes=["none", "plain"] * 2,
    around=("embed_tokens", "embedding_norm"), layer_norms=dict(before_attention="operator_norm", before_mlp="ffn_norm"),
    modules=dict(q_norm="self_attn.q_layernorm", k_norm="self_attn.k_layernorm", o="self_attn.out_proj", gate="feed_forward.w1",
                 up="feed_forward.w3", down="feed_forward.w2"))

GOLDENS_MADE["lfm2_moe"] = dict(
    GOLDENS_MADE["lfm2"], inner=32,
    config=small("lfm2_moe", "Lfm2MoeForCausalLM", drop=["rms_norm_eps", "hidden_act"], moe_intermediate_size=12, norm_eps=1e-5,
                 conv_L_cache=3, conv_bias=False, layer_types=["conv", "full_attention"] * 2, num_dense_layers=1, num_experts=8,
                 num_experts_per_tok=3, norm_topk_prob=True, routed_scaling_factor=1.5, use_expert_bias=True,
                 tie_word_embeddings=True),
    experts=dict(count=8, chosen=3, size=12, sum_to_one=True, layers=[1, 2, 3], router="feed_forward.gate", scores="sigmoid",
                 bias="feed_forward.expert_bias", scale=1.5,
                 named=lambda expert, name: f"feed_forward.experts.{expert}.{dict(gate='w1', up='w3', down='w2')[name]}"))

# Layers with a state space: their heads, their sizes, groups of heads that share keys and queries, and limits of a token's step.
SPACE = dict(kind="space", folder="mamba", layers=[0, 2], heads=8, size=8, groups=2, state_size=6, kernel=4, step_limits=(0.0, math.inf),
             norm_groups=1)
GOLDENS_MADE["granite4_hybrid"] = dict(
    config=small("granitemoehybrid", "GraniteMoeHybridForCausalLM", attention_bias=False, layer_types=["mamba", "attention"] * 2,
                 mamba_n_heads=8, mamba_d_head=8, mamba_n_groups=2, mamba_d_state=6, mamba_d_conv=4, mamba_expand=2,
                 mamba_chunk_size=256, mamba_conv_bias=True, mamba_proj_bias=False, num_local_experts=0, num_experts_per_tok=0,
                 shared_intermediate_size=32, position_embedding_type="nope", embedding_multiplier=6.0, residual_multiplier=0.4,
                 attention_multiplier=0.25, logits_scaling=4.0, rope_scaling=None),
    head_dim=8, output_gain=2.0, embedding_scale=6.0, residual_scale=0.4, score_scale=0.25, logits_divisor=4.0, fused_mlp=True,
    gate_up="shared_mlp.input_linear", modules=dict(down="shared_mlp.output_linear"), recurrent=SPACE, longest=100, ropes=["none"] * 4)

# Attention and a state space beside each other in every layer, and a factor of each part.
GOLDENS_MADE["falcon_h1"] = dict(
    config=small("falcon_h1", "FalconH1ForCausalLM", head_dim=8, attention_bias=False, attention_in_multiplier=0.8,
                 attention_out_multiplier=0.9, attn_layer_indices=None, embedding_multiplier=5.5, key_multiplier=0.6,
                 lm_head_multiplier=0.7, mamba_chunk_size=128, mamba_conv_bias=True, mamba_d_conv=4, mamba_d_head=8, mamba_d_ssm=48,
                 mamba_d_state=6, mamba_expand=2, mamba_n_groups=2, mamba_n_heads=6, mamba_norm_before_gate=False,
                 mamba_proj_bias=False, mamba_rms_norm=True, mamba_use_mlp=True, mlp_bias=False, mlp_expansion_factor=8,
                 mlp_multipliers=[0.9, 0.6], num_logits_to_keep=1, projectors_bias=False, rope_scaling=None, ssm_in_multiplier=1.2,
                 ssm_multipliers=[0.4, 0.5, 0.6, 0.7, 0.8], ssm_out_multiplier=0.3),
    head_dim=8, output_gain=2.0, embedding_scale=5.5, residual_scale=0.6, score_scale=0.6 * 0.8 ** 2 / math.sqrt(8),
    logits_divisor=1 / 0.7, gate_scale=0.9, beside=dict(attention=0.8 * 0.9, state=0.3), longest=100,
    recurrent=dict(SPACE, layers=[0, 1, 2, 3], heads=6, norm_groups=2, input_scales=[1.2 * factor for factor in [0.4, 0.5, 0.6, 0.7, 0.8]]),
    around=("embed_tokens", "final_layernorm"), layer_norms=dict(before_attention="input_layernorm", before_mlp="pre_ff_layernorm"),
    modules=dict(gate="feed_forward.gate_proj", up="feed_forward.up_proj", down="feed_forward.down_proj"))

# Layers with one half each: M and * have an attention half, and - an MLP.
GOLDENS_MADE["nemotron_h"] = dict(
    config=small("nemotron_h", "NemotronHForCausalLM", drop=["rms_norm_eps", "hidden_act", "rope_theta"], hybrid_override_pattern="M*-M",
                 head_dim=8, layer_norm_epsilon=1e-5, mlp_hidden_act="relu2", mamba_num_heads=8, mamba_head_dim=8, n_groups=2,
                 ssm_state_size=6, conv_kernel=4, expand=2, chunk_size=128, use_conv_bias=True, use_bias=False, mlp_bias=False,
                 mamba_hidden_act="silu", mamba_proj_bias=False, attention_bias=False, time_step_limit=[0.05, 0.5],
                 residual_in_fp32=False),
    head_dim=8, eps=1e-5, mlp="plain", act="relu2", output_gain=2.0, halves="M*-M", longest=100, ropes=["none"] * 4,
    recurrent=dict(SPACE, folder="mixer", layers=[0, 3], step_limits=(0.05, 0.5), norm_groups=2),
    names=("backbone.", "lm_head.weight"), around=("embeddings", "norm_f"),
    layer_norms=dict(before_attention="norm", before_mlp="norm"),
    modules=dict(q="mixer.q_proj", k="mixer.k_proj", v="mixer.v_proj", o="mixer.o_proj", up="mixer.up_proj", down="mixer.down_proj"))

GOLDENS_MADE["vaultgemma"] = dict(
    config=changed(small("vaultgemma", "VaultGemmaForCausalLM", head_dim=16, attention_bias=False, sliding_window=8,
                         layer_types=["sliding_attention", "full_attention"] * 2, query_pre_attn_scalar=9,
                         hidden_activation="gelu_pytorch_tanh", attn_logit_softcapping=3.0, final_logit_softcapping=5.0),
                   hidden_act="gelu_pytorch_tanh", tie_word_embeddings=True),
    head_dim=16, norm_offset=1, output_gain=2.0, embedding_scale=math.sqrt(32), act="gelu_tanh", score_scale=1 / 3, score_cap=3.0,
    final_cap=5.0, windows=[8, None] * 2, layer_norms=dict(before_attention="input_layernorm", before_mlp="pre_feedforward_layernorm"))

GOLDENS_MADE["qwen2_moe"] = dict(
    config=small("qwen2_moe", "Qwen2MoeForCausalLM", decoder_sparse_step=1, moe_intermediate_size=12, num_experts=8,
                 shared_expert_intermediate_size=20, num_experts_per_tok=2, norm_topk_prob=False, mlp_only_layers=[2],
                 use_sliding_window=False, sliding_window=None, max_window_layers=4, output_router_logits=False,
                 router_aux_loss_coef=0.001),
    head_dim=8, qkv_bias=True, output_gain=2.0,
    experts=dict(count=8, chosen=2, size=12, sum_to_one=False, layers=[0, 1, 3], router="mlp.gate", shared=20,
                 named=lambda expert, name: f"mlp.experts.{expert}.{name}_proj"))


def deepseek_experts(layers, **more):
    """Experts by the names of DeepSeek's models, beside a shared one of twice their size without a router."""
    return dict(dict(count=8, chosen=3, size=12, sum_to_one=True, layers=layers, router="mlp.gate", shared=24,
                     shared_at="mlp.shared_experts", shared_router=False,
                     named=lambda expert, name: f"mlp.experts.{expert}.{name}_proj"), **more)


DEEPSEEK_KEYS = dict(moe_intermediate_size=12, n_routed_experts=8, n_shared_experts=2, num_experts_per_tok=3,
                     first_k_dense_replace=1, norm_topk_prob=True)
CORRECTION = "mlp.gate.e_score_correction_bias"
GOLDENS_MADE |= {
    "deepseek": dict(
        config=changed(small("deepseek", "DeepseekForCausalLM", attention_bias=False, aux_loss_alpha=0.001, moe_layer_freq=1,
                             scoring_func="softmax", seq_aux=True, rope_scaling=None, **DEEPSEEK_KEYS),
                       norm_topk_prob=False, num_key_value_heads=4),
        head_dim=8, output_gain=2.0, experts=deepseek_experts([1, 2, 3], sum_to_one=False)),
    "glm4_moe": dict(
        config=small("glm4_moe", "Glm4MoeForCausalLM", head_dim=16, attention_bias=True, partial_rotary_factor=0.5,
                     use_qk_norm=True, n_group=4, topk_group=2, routed_scaling_factor=1.5, num_nextn_predict_layers=1,
                     rope_scaling=None, **DEEPSEEK_KEYS),
        head_dim=16, rotary_dim=8, qkv_bias=True, head_norms=True, output_gain=2.0,
        experts=deepseek_experts([1, 2, 3], scores="sigmoid", bias=CORRECTION, groups=(4, 2, 2), scale=1.5)),
    "dots1": dict(
        config=small("dots1", "Dots1ForCausalLM", attention_bias=False, n_group=1, topk_group=1, routed_scaling_factor=2.5,
                     scoring_func="noaux_tc", topk_method="noaux_tc", moe_layer_freq=1, sliding_window=8, max_window_layers=2,
                     use_sliding_window=False, rope_scaling=None, **DEEPSEEK_KEYS),
        head_dim=8, head_norms=True, windows=[None, None, 8, 8],
        experts=deepseek_experts([1, 2, 3], scores="sigmoid", bias=CORRECTION, scale=2.5)),
    "ernie4_5_moe": dict(
        config=small("ernie4_5_moe", "Ernie4_5_MoeForCausalLM", use_bias=False, use_rmsnorm=True, moe_num_experts=8, moe_k=3,
                     moe_num_shared_experts=2, moe_intermediate_size=12, moe_layer_start_index=1, moe_layer_end_index=2,
                     moe_layer_interval=1, moe_capacity=[8, 8, 8], moe_gate="topk", moe_use_aux_free=True,
                     tie_word_embeddings=True),
        head_dim=8, neighbours=True, output_gain=2.0,
        experts=deepseek_experts([1, 2], bias="mlp.moe_statics.e_score_correction_bias", bias_row=True)),
    "hunyuan_v1_moe": dict(
        config=changed(small("hunyuan_v1_moe", "HunYuanMoEV1ForCausalLM", head_dim=16, attention_bias=False, use_qk_norm=True,
                             num_experts=8, moe_topk=[3] * 4, num_shared_expert=[1] * 4, moe_intermediate_size=[12] * 4,
                             moe_layer_num_skipped=0, moe_drop_tokens=False, use_mla=False, use_cla=False,
                             use_mixed_mlp_moe=True, group_limited_greedy=False, tie_word_embeddings=True,
                             rope_scaling=dict(type="dynamic", alpha=50.0, factor=1.0)), intermediate_size=12),
        head_dim=16, head_norms=True, norms_after_rope=True, ropes=["alpha"] * 4, output_gain=2.0,
        modules=dict(q_norm="self_attn.query_layernorm", k_norm="self_attn.key_layernorm"),
        experts=deepseek_experts([0, 1, 2, 3], shared=12, shared_at="mlp.shared_mlp", router="mlp.gate.wg")),
}

# Latent attention: the sizes of the vectors that q, and k and v, come from, and of the parts of a head.
LATENT = dict(q_rank=12, kv_rank=10, plain=8, turning=4, value=6)
LATENT_KEYS = dict(q_lora_rank=12, kv_lora_rank=10, qk_nope_head_dim=8, qk_rope_head_dim=4, v_head_dim=6, attention_bias=False,
                   num_key_value_heads=4, moe_layer_freq=1, aux_loss_alpha=0.001, seq_aux=True, ep_size=1, pretraining_tp=1)
DEEPSEEK_YARN = dict(type="yarn", factor=8.0, original_max_position_embeddings=32, beta_fast=4, beta_slow=1, mscale=0.707,
                     mscale_all_dim=0.707)
SHARPER = (0.1 * 0.707 * math.log(8.0) + 1) ** 2 / math.sqrt(12)


def latent(model_type, layers_of_experts, without_q_rank=False, more_experts={}, more={}, **keys):
    """A model with DeepSeek's latent attention and experts."""
    drop_rank = dict(q_lora_rank=None) if without_q_rank else {}
    made = small(model_type, model_type, **{**LATENT_KEYS, **DEEPSEEK_KEYS, **drop_rank, **keys})
    return dict(config=made, head_dim=12, rotary_dim=4, neighbours=True, output_gain=2.0,
                latent={**LATENT, **(dict(q_rank=None) if without_q_rank else {})},
                experts=deepseek_experts(layers_of_experts, **more_experts), **more)


YARN_TRAITS = dict(ropes=["yarn"] * 4, score_scale=SHARPER, longest=75)
GOLDENS_MADE |= {
    "deepseek_v2": latent("deepseek_v2", [1, 2, 3], norm_topk_prob=False, scoring_func="softmax", topk_method="group_limited_greedy",
                          n_group=4, topk_group=2, routed_scaling_factor=3.0, rope_scaling=DEEPSEEK_YARN, more=YARN_TRAITS,
                          more_experts=dict(sum_to_one=False, groups=(4, 2, 1), scale=3.0)),
    "deepseek_v2_lite": latent("deepseek_v2", [1, 2, 3], without_q_rank=True, norm_topk_prob=False, scoring_func="softmax",
                               topk_method="greedy", n_group=1, topk_group=1, routed_scaling_factor=1.0,
                               rope_scaling=DEEPSEEK_YARN, more=YARN_TRAITS, more_experts=dict(sum_to_one=False)),
    "deepseek_v3": latent("deepseek_v3", [2, 3], first_k_dense_replace=2, scoring_func="sigmoid", topk_method="noaux_tc", n_group=4,
                          topk_group=2, routed_scaling_factor=2.5, num_nextn_predict_layers=1, rope_scaling=DEEPSEEK_YARN,
                          more=YARN_TRAITS,
                          more_experts=dict(scores="sigmoid", bias=CORRECTION, groups=(4, 2, 2), scale=2.5)),
    "kimi_k2": latent("kimi_k2", [1, 2, 3], without_q_rank=True, scoring_func="sigmoid", topk_method="noaux_tc", n_group=1,
                      topk_group=1, routed_scaling_factor=2.0, rms_norm_eps=1e-3, rope_scaling=None,
                      more_experts=dict(scores="sigmoid", bias=CORRECTION, scale=2.0)),
}

# Models that came with code of their own, with names of their own.
DEPTH = dict(scale_emb=6, scale_depth=1.4, dim_model_base=8)
DEPTH_TRAITS = dict(output_gain=2.0, embedding_scale=6.0, residual_scale=1.4 / math.sqrt(LAYERS), logits_divisor=4.0)
GOLDENS_MADE |= {
    "mobilellm": dict(
        config=small("mobilellm", "MobileLLMForCausalLM", attention_bias=False, share_embedding=True, layer_sharing=False), head_dim=8),
    "minicpm": dict(
        config=small("minicpm", "MiniCPMForCausalLM", attention_bias=False, **DEPTH,
                     rope_scaling=dict(rope_type="longrope", short_factor=[1.0, 1.5, 2.0, 3.0], long_factor=[1.0, 4.0, 9.0, 20.0],
                                       original_max_position_embeddings=256)),
        head_dim=8, ropes=["longrope"] * 4, length_of_rotation=1.0, **DEPTH_TRAITS),
    "minicpm3": dict(
        config=small("minicpm3", "MiniCPM3ForCausalLM", attention_bias=False, q_lora_rank=12, kv_lora_rank=10, qk_nope_head_dim=8,
                     qk_rope_head_dim=4, v_head_dim=6, num_key_value_heads=4, rms_norm_eps=1e-3, **DEPTH,
                     rope_scaling=dict(type="longrope", short_factor=[1.5, 3.0], long_factor=[4.0, 20.0],
                                       original_max_position_embeddings=256)),
        head_dim=12, rotary_dim=4, latent=LATENT, ropes=["longrope"] * 4, length_of_rotation=1.0, **DEPTH_TRAITS),
    "exaone": dict(
        config=small("exaone", "ExaoneForCausalLM", drop=["rms_norm_eps", "hidden_act", "num_hidden_layers"], num_layers=LAYERS, head_dim=16,
                     layer_norm_epsilon=1e-5, activation_function="silu", embed_dropout=0.0,
                     rope_scaling=dict(rope_type="llama3", factor=8.0, original_max_position_embeddings=32, low_freq_factor=1.0,
                                       high_freq_factor=4.0)),
        head_dim=16, eps=1e-5, ropes=["llama3"] * 4, longest=75, names=("transformer.", "lm_head.weight"), around=("wte", "ln_f"),
        folder="h", layer_norms=dict(before_attention="ln_1", before_mlp="ln_2"),
        modules=dict(q="attn.attention.q_proj", k="attn.attention.k_proj", v="attn.attention.v_proj", o="attn.attention.out_proj",
                     gate="mlp.c_fc_0", up="mlp.c_fc_1", down="mlp.c_proj")),
    "internlm2": dict(
        config=small("internlm2", "InternLM2ForCausalLM", bias=True, rope_scaling=dict(type="dynamic", factor=2.0)),
        head_dim=8, qkv_bias=True, o_bias=True, heads_together="attention.wqkv", names=("model.", "output.weight"),
        around=("tok_embeddings", "norm"), layer_norms=dict(before_attention="attention_norm", before_mlp="ffn_norm"),
        modules=dict(q="attention.q", k="attention.k", v="attention.v", o="attention.wo", gate="feed_forward.w1", up="feed_forward.w3",
                     down="feed_forward.w2")),
    "falcon": dict(
        config=small("falcon", "FalconForCausalLM", drop=["rms_norm_eps", "hidden_act", "intermediate_size", "num_key_value_heads"],
                     multi_query=True, parallel_attn=True, alibi=False, bias=False, new_decoder_architecture=False,
                     layer_norm_epsilon=1e-5, tie_word_embeddings=True),
        head_dim=8, inner=128, norm="layer", norm_bias=True, eps=1e-5, mlp="plain", act="gelu", parallel=True, output_gain=2.0,
        fused_qkv="self_attention.query_key_value", names=("transformer.", "lm_head.weight"), around=("word_embeddings", "ln_f"),
        folder="h", layer_norms=dict(before_attention="input_layernorm", before_mlp=None),
        modules=dict(o="self_attention.dense", up="mlp.dense_h_to_4h", down="mlp.dense_4h_to_h")),
    "ling2": dict(
        config=small("bailing_moe", "BailingMoeV2ForCausalLM", head_dim=16, use_qkv_bias=True, use_bias=False, use_qk_norm=True,
                     partial_rotary_factor=0.5, moe_intermediate_size=12, num_experts=8, num_shared_experts=2, num_experts_per_tok=3,
                     first_k_dense_replace=1, norm_topk_prob=True, n_group=4, topk_group=2, routed_scaling_factor=2.5,
                     score_function="sigmoid", moe_router_enable_expert_bias=True, num_nextn_predict_layers=0),
        head_dim=16, rotary_dim=8, qkv_bias=True, head_norms=True, output_gain=2.0, fused_qkv="attention.query_key_value",
        around=("word_embeddings", "norm"),
        modules=dict(q_norm="attention.query_layernorm", k_norm="attention.key_layernorm", o="attention.dense"),
        experts=deepseek_experts([1, 2, 3], scores="sigmoid", bias="mlp.gate.expert_bias", groups=(4, 2, 2), scale=2.5)),
    "minimax_m2": dict(
        config=changed(small("minimax_m2", "MiniMaxM2ForCausalLM", head_dim=16, rotary_dim=8, num_local_experts=8, num_experts_per_tok=3,
                             use_qk_norm=True, qk_norm_type="per_layer", scoring_func="sigmoid", use_routing_bias=True,
                             shared_intermediate_size=0, attn_type_list=[1] * LAYERS), intermediate_size=12),
        head_dim=16, rotary_dim=8, projection_norms=True, output_gain=2.0,
        experts=dict(count=8, chosen=3, size=12, sum_to_one=True, layers=[0, 1, 2, 3], router="block_sparse_moe.gate", scores="sigmoid",
                     bias="block_sparse_moe.e_score_correction_bias",
                     named=lambda expert, name: f"block_sparse_moe.experts.{expert}.{dict(gate='w1', up='w3', down='w2')[name]}")),
}

# What a family's modules are called, and its norms, where its row says nothing else.
MODULES = dict(q="self_attn.q_proj", k="self_attn.k_proj", v="self_attn.v_proj", o="self_attn.o_proj", gate="mlp.gate_proj",
               up="mlp.up_proj", down="mlp.down_proj", q_norm="self_attn.q_norm", k_norm="self_attn.k_norm")
BEFORE = dict(before_attention="input_layernorm", before_mlp="post_attention_layernorm")
AFTER = dict(after_attention="post_attention_layernorm", after_mlp="post_feedforward_layernorm")


GEMMA4_TYPES = ["sliding_attention", "full_attention"] * 2


def gemma4(**keys):
    """Gemma 4: full layers with larger heads, of which only the first dims turn, at the frequencies of all."""
    text = small("gemma4_text", "Gemma4ForCausalLM", drop=("hidden_act", "rope_theta"), head_dim=8, global_head_dim=16, num_global_key_value_heads=1,
                 attention_bias=False, layer_types=GEMMA4_TYPES, sliding_window=8, hidden_activation="gelu_pytorch_tanh",
                 final_logit_softcapping=30.0, vocab_size_per_layer_input=64, use_bidirectional_attention="vision",
                 rope_parameters=dict(full_attention=dict(rope_type="proportional", partial_rotary_factor=0.25, rope_theta=1000000.0),
                                      sliding_attention=dict(rope_type="default", rope_theta=10000.0)), **keys)
    experts = dict(enable_moe_block=False, num_experts=None, top_k_experts=None, moe_intermediate_size=None)
    return {**changed(text, tie_word_embeddings=True), **{key: value for key, value in experts.items() if key not in keys}}


def gemma3n():
    text = small("gemma3n_text", "Gemma3nForCausalLM", drop=("hidden_act",), head_dim=8, attention_bias=False, layer_types=GEMMA4_TYPES,
                 sliding_window=8, hidden_activation="gelu_pytorch_tanh", final_logit_softcapping=30.0, rope_scaling=None,
                 rope_local_base_freq=100.0, vocab_size_per_layer_input=64, hidden_size_per_layer_input=6, num_kv_shared_layers=2,
                 altup_active_idx=0, altup_coef_clip=120.0, altup_correct_scale=True, altup_num_inputs=4, laurel_rank=5,
                 activation_sparsity_pattern=[0.95, 0.6, 0.0, 0.3])
    return changed(text, intermediate_size=[32, 48, 40, 32], tie_word_embeddings=True)


def granite_experts(layers, **more):
    """Experts in one tensor of gates and ups, and one of downs."""
    return dict(count=6, chosen=2, size=12, sum_to_one=True, layers=layers, router="block_sparse_moe.router.layer", joined=True,
                named=lambda expert, name: f"block_sparse_moe.{expert}.{name}", **more)


GRANITE = dict(attention_bias=False, num_local_experts=6, num_experts_per_tok=2, embedding_multiplier=6.0, residual_multiplier=0.4,
               attention_multiplier=0.25, logits_scaling=4.0, rope_scaling=None)
GRANITE_MADE = dict(head_dim=8, output_gain=2.0, embedding_scale=6.0, residual_scale=0.4, score_scale=0.25, logits_divisor=4.0)

GOLDENS_MADE |= {
    "granitemoe": dict(config=changed(small("granitemoe", "GraniteMoeForCausalLM", **GRANITE), intermediate_size=12),
                       experts=granite_experts([0, 1, 2, 3]), **GRANITE_MADE),
    "granite4_moe": dict(
        config=changed(small("granitemoehybrid", "GraniteMoeHybridForCausalLM", layer_types=["mamba", "attention"] * 2, mamba_n_heads=8,
                             mamba_d_head=8, mamba_n_groups=2, mamba_d_state=6, mamba_d_conv=4, mamba_expand=2, mamba_conv_bias=True,
                             mamba_proj_bias=False, shared_intermediate_size=16, position_embedding_type="nope", **GRANITE),
                       intermediate_size=12),
        ropes=["none"] * 4, recurrent=GOLDENS_MADE["granite4_hybrid"]["recurrent"],
        experts=granite_experts([0, 1, 2, 3], shared=16, shared_router=False, shared_at="shared_mlp"), **GRANITE_MADE),
    # The last two layers read the keys and values of the first two, and have MLPs twice as wide.
    "gemma4": dict(gemma4=True, head_dim=8, windows=[8, None] * 2, names=("model.language_model.", None), config=dict(
        architectures=["Gemma4ForConditionalGeneration"], model_type="gemma4", tie_word_embeddings=True, image_token_id=258880,
        vision_config=None, audio_config=None,
        text_config=gemma4(hidden_size_per_layer_input=6, num_kv_shared_layers=2, use_double_wide_mlp=True, attention_k_eq_v=False))),
    # Four hidden states in a row, layers with sparse gates and inner sizes of their own; the last two layers read earlier keys and values.
    "gemma3n": dict(gemma4=True, head_dim=8, windows=[8, None] * 2, names=("model.language_model.", None), config=dict(
        architectures=["Gemma3nForConditionalGeneration"], model_type="gemma3n", tie_word_embeddings=True, image_token_id=262145,
        vision_config=None, audio_config=None, text_config=gemma3n())),
    # Full layers use their keys as values.
    "gemma4_dense": dict(gemma4=True, head_dim=8, windows=[8, None] * 2, config=gemma4(
        hidden_size_per_layer_input=0, num_kv_shared_layers=0, use_double_wide_mlp=False, attention_k_eq_v=True)),
    # Experts beside the MLP, behind norms of both.
    "gemma4_moe": dict(gemma4=True, head_dim=8, windows=[8, None] * 2, names=("model.language_model.", None), config=dict(
        architectures=["Gemma4ForConditionalGeneration"], model_type="gemma4", tie_word_embeddings=True, image_token_id=258880,
        vision_config=None, audio_config=None,
        text_config=gemma4(hidden_size_per_layer_input=0, num_kv_shared_layers=0, use_double_wide_mlp=False, attention_k_eq_v=True,
                           enable_moe_block=True, num_experts=6, top_k_experts=2, moe_intermediate_size=12))),
}


def norms_of(made):
    return made.get("layer_norms", AFTER if made.get("post_norms") else BEFORE)


def modules_of(made):
    return {**MODULES, **made.get("modules", {})}


def text_of(config):
    return config.get("text_config", config)


def rope_of(text):
    """What the config says of RoPE, and the base frequency."""
    section = text.get("rope_parameters") or text.get("rope_scaling")
    return section, (section or {}).get("rope_theta") or text.get("rope_theta") or text.get("theta") or text.get("rotary_emb_base", 10000.0)


def qkv_of(made):
    """The name of the weight whose rows are those of q, then k, then v; nothing if they are apart."""
    return made.get("fused_qkv") or ("self_attn.qkv_proj" if made.get("fused") else None)


def inner_of(made):
    return made.get("inner") or text_of(made["config"])["intermediate_size"]


def recurrent_in(made, layer):
    """How a layer computes that has a state in place of attention; nothing for one with attention."""
    recurrent = made.get("recurrent")
    return recurrent if recurrent and layer in recurrent["layers"] else None


def half_of(made, layer):
    """The letter of a layer with one half; nothing for a layer with both."""
    return made["halves"][layer] if "halves" in made else None


def tied_in(text):
    return text["tie_word_embeddings"] or text.get("share_embedding", False)


def heads_of(text):
    shared = 1 if text.get("multi_query") else None
    return text["num_attention_heads"], text.get("num_key_value_heads") or shared or text["num_attention_heads"]


# ---- weights ----

def make_weights(made, seed):
    """Random weights that give logits of a standard deviation of about 2 and attention that is neither flat nor saturated."""
    if "gemma4" in made:
        return gemma4_weights(made, seed)
    text, rng = text_of(made["config"]), torch.Generator().manual_seed(seed)
    hidden, inter, head_dim = text["hidden_size"], inner_of(made), made["head_dim"]
    heads, kv_heads = heads_of(text)
    offset, vocabulary, modules = made.get("norm_offset", 0), text["vocab_size"], modules_of(made)

    def normal(*shape, std):
        return torch.randn(*shape, generator=rng) * std

    def norm(size):
        return 1 - offset + normal(size, std=0.2)

    def linear(out, into, gain=1.0):
        return normal(out, into, std=gain / math.sqrt(into))

    body, lm_head = made.get("names", ("model.", "lm_head.weight"))
    embedding, final_norm = made.get("around", ("embed_tokens", "norm"))
    tied, scale = tied_in(text), made.get("embedding_scale", 1.0)
    spread = 2 * made.get("logits_divisor", 1.0) / math.sqrt(hidden)
    weights = {f"{body}{embedding}.weight": normal(vocabulary, hidden, std=spread if tied else 1.0 / scale)}
    if "spare_tokens" in made:
        weights[f"{body}{embedding}.weight"] = torch.cat([weights[f"{body}{embedding}.weight"], normal(made["spare_tokens"], hidden, std=1.0)])
    if not tied:
        weights[lm_head] = normal(vocabulary, hidden, std=spread)

    def add_norm(name):
        if made.get("norm_weights", True):
            weights[name + ".weight"] = norm(hidden)
        if made.get("norm_bias"):
            weights[name + ".bias"] = normal(hidden, std=0.2)

    add_norm(body + final_norm)
    for layer in range(LAYERS):
        at = f"{body}{made.get('folder', 'layers')}.{layer}."
        if layer in made.get("image_layers", []):
            # Text passes such a layer unchanged.
            weights[f"{at}cross_attn.q_proj.weight"] = linear(heads * head_dim, hidden)
            weights[f"{at}cross_attn_attn_gate"] = normal(1, std=1.0)
            continue
        # In the order of the first of these fixtures.
        for name in sorted(filter(None, norms_of(made).values()), key=lambda name: name != "post_attention_layernorm"):
            add_norm(at + name)
        recurrent = recurrent_in(made, layer)
        if recurrent:
            RECURRENT[recurrent["kind"]]["add"](recurrent, weights, at, normal, linear, hidden)
        half = half_of(made, layer)
        without_attention = (recurrent and "beside" not in made) or half == "-"
        if "latent" in made:
            add_latent(made["latent"], weights, f"{at}self_attn.", linear, norm, hidden, heads)
        for name, size, gain in [("q", heads, 1.5), ("k", kv_heads, 1.5), ("v", kv_heads, 1.0)]:
            if without_attention or "latent" in made:
                break
            size = 2 * size if name == "q" and made.get("gates") else size
            weights[f"{at}{modules[name]}.weight"] = linear(size * head_dim, hidden, gain)
            if made.get("qkv_bias"):
                weights[f"{at}{modules[name]}.bias"] = normal(size * head_dim, std=0.3)
        if not without_attention:
            value_dim = made["latent"]["value"] if "latent" in made else head_dim
            weights[f"{at}{modules['o']}.weight"] = linear(hidden, heads * value_dim, made.get("output_gain", 1.0))
        if made.get("o_bias"):
            weights[f"{at}{modules['o']}.bias"] = normal(hidden, std=0.3)
        for name, size in [("q_norm", heads), ("k_norm", kv_heads)]:
            if made.get("projection_norms"):
                weights[f"{at}{modules[name]}.weight"] = norm(size * head_dim) * 1.2
            if made.get("head_norms") and not without_attention:
                weights[f"{at}{modules[name]}.weight"] = norm(head_dim) * 1.2
            if made.get("norms_of_each_head"):
                weights[f"{at}{modules[name]}.weight"] = torch.stack([norm(head_dim) * 1.2 for _ in range(size)])
        if half in list("M*"):
            continue

        def join_qkv():
            if qkv_of(made):
                join(weights, at, qkv_of(made), ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"])

        experts = made.get("experts")
        if experts and layer in experts["layers"]:
            join_qkv()
            # Spread so that the chosen differ from token to token.
            weights[f"{at}{experts['router']}.weight"] = linear(experts["count"], hidden, 2.0)
            if "bias" in experts:
                # As wide as the scores are apart, so that it changes the choice. With groups, most sums are negative.
                shape = [1, experts["count"]] if "bias_row" in experts else [experts["count"]]
                weights[f"{at}{experts['bias']}"] = normal(*shape, std=0.3).abs() + (-1.0 if "groups" in experts else 0.2)
            if "shared" in experts:
                if experts.get("shared_router", True):
                    weights[f"{at}mlp.shared_expert_gate.weight"] = linear(1, hidden, 2.0)
                for name, out, into in [("gate", experts["shared"], hidden), ("up", experts["shared"], hidden),
                                        ("down", hidden, experts["shared"])]:
                    weights[f"{at}{experts.get('shared_at', 'mlp.shared_expert')}.{name}_proj.weight"] = linear(out, into)
            for expert in range(experts["count"]):
                for name, out, into in [("gate", experts["size"], hidden), ("up", experts["size"], hidden),
                                        ("down", hidden, experts["size"])]:
                    weights[f"{at}{experts['named'](expert, name)}.weight"] = linear(
                        out, into, made.get("output_gain", 1.0) if name == "down" else 1.0)
            if "joined" in experts:
                join_experts(experts, weights, at)
            continue
        for name, out, into in [("gate", inter, hidden), ("up", inter, hidden), ("down", hidden, inter)]:
            if name == "gate" and made.get("mlp") == "plain":
                continue
            weights[f"{at}{modules[name]}.weight"] = linear(out, into, made.get("output_gain", 1.0) if name == "down" else 1.0)
            if made.get("mlp_bias"):
                weights[f"{at}{modules[name]}.bias"] = normal(out, std=0.3)
        if made.get("act") == "xielu":
            for name in ["alpha_p", "alpha_n"]:
                weights[f"{at}mlp.act_fn.{name}"] = normal(1, std=0.5)
        join_qkv()
        if made.get("fused") or made.get("fused_mlp"):
            join(weights, at, made.get("gate_up", "mlp.gate_up_proj"), ["mlp.gate_proj", "mlp.up_proj"])
        if "heads_together" in made:
            for kind in ["weight", "bias"] if made.get("qkv_bias") else ["weight"]:
                parts = [weights.pop(f"{at}{modules[name]}.{kind}") for name in "qkv"]
                by_head = [torch.chunk(part, kv_heads) for part in parts]
                weights[f"{at}{made['heads_together']}.{kind}"] = torch.cat([rows for head in zip(*by_head) for rows in head])
    return weights


def join_experts(experts, weights, at):
    take = lambda name: weights.pop(f"{at}{name}.weight")
    each = [[take(experts["named"](expert, name)) for name in ("gate", "up", "down")] for expert in range(experts["count"])]
    weights[f"{at}block_sparse_moe.input_linear.weight"] = torch.stack([torch.cat([gate, up]) for gate, up, _ in each])
    weights[f"{at}block_sparse_moe.output_linear.weight"] = torch.stack([down for _, _, down in each])
    if "shared" in experts:
        weights[f"{at}shared_mlp.input_linear.weight"] = torch.cat([take("shared_mlp.gate_proj"), take("shared_mlp.up_proj")])
        weights[f"{at}shared_mlp.output_linear.weight"] = take("shared_mlp.down_proj")


def experts_apart(experts, w, at):
    both, down = w[f"{at}block_sparse_moe.input_linear.weight"], w[f"{at}block_sparse_moe.output_linear.weight"]
    parts = {experts["named"](expert, name): value for expert in range(experts["count"])
             for name, value in zip(("gate", "up", "down"), [*both[expert].chunk(2), down[expert]])}
    if "shared" in experts:
        gate, up = w[f"{at}shared_mlp.input_linear.weight"].chunk(2)
        parts |= {"shared_mlp.gate_proj": gate, "shared_mlp.up_proj": up, "shared_mlp.down_proj": w[f"{at}shared_mlp.output_linear.weight"]}
    return {f"{name}.weight": value for name, value in parts.items()}


def add_latent(latent, weights, at, linear, norm, hidden, heads):
    """Weights of latent attention without its output."""
    q_size, up = heads * (latent["plain"] + latent["turning"]), heads * (latent["plain"] + latent["value"])
    if latent["q_rank"] is None:
        weights[f"{at}q_proj.weight"] = linear(q_size, hidden, 1.5)
    else:
        weights[f"{at}q_a_proj.weight"] = linear(latent["q_rank"], hidden)
        weights[f"{at}q_a_layernorm.weight"] = norm(latent["q_rank"])
        weights[f"{at}q_b_proj.weight"] = linear(q_size, latent["q_rank"], 1.5)
    weights[f"{at}kv_a_proj_with_mqa.weight"] = linear(latent["kv_rank"] + latent["turning"], hidden)
    weights[f"{at}kv_a_layernorm.weight"] = norm(latent["kv_rank"])
    weights[f"{at}kv_b_proj.weight"] = linear(up, latent["kv_rank"], 1.3)


def latent_parts(latent, linear, w, at, inner, heads):
    """q, k and v of latent attention, arXiv 2405.04434, heads in a row; the dims of a head that turn come last."""
    normed = lambda x, name: rms_norm(x, w[f"{at}{name}.weight"], 1e-6)
    q = linear(inner, f"{at}q_proj") if latent["q_rank"] is None else linear(
        normed(linear(inner, f"{at}q_a_proj"), "q_a_layernorm"), f"{at}q_b_proj")
    down = linear(inner, f"{at}kv_a_proj_with_mqa")
    up = linear(normed(down[:, :latent["kv_rank"]], "kv_a_layernorm"), f"{at}kv_b_proj")
    k, v = [], []
    for head in torch.chunk(up, heads, dim=1):
        k += [head[:, :latent["plain"]], down[:, latent["kv_rank"]:]]
        v.append(head[:, latent["plain"]:])
    return q, torch.cat(k, dim=1), torch.cat(v, dim=1)


def add_short(short, weights, at, normal, linear, hidden):
    """Weights of a layer with a short convolution."""
    weights[f"{at}conv.in_proj.weight"] = linear(3 * hidden, hidden, 1.5)
    weights[f"{at}conv.conv.weight"] = normal(hidden, 1, short["kernel"], std=0.7)
    weights[f"{at}conv.out_proj.weight"] = linear(hidden, hidden)


def add_space(space, weights, at, normal, linear, hidden):
    """Weights of a layer with a state space."""
    at, heads = f"{at}{space['folder']}.", space["heads"]
    inner = heads * space["size"]
    channels = inner + 2 * space["groups"] * space["state_size"]
    weights[f"{at}in_proj.weight"] = linear(inner + channels + heads, hidden, 1.5)
    weights[f"{at}conv1d.weight"] = normal(channels, 1, space["kernel"], std=0.7)
    weights[f"{at}conv1d.bias"] = normal(channels, std=0.3)
    weights[f"{at}A_log"] = normal(heads, std=0.5) - 1
    weights[f"{at}dt_bias"] = normal(heads, std=0.5) - 1
    weights[f"{at}D"] = 1 + normal(heads, std=0.5)
    weights[f"{at}norm.weight"] = 1 + normal(inner, std=0.2)
    weights[f"{at}out_proj.weight"] = linear(hidden, inner, 2.0)


def add_delta(delta, weights, at, normal, linear, hidden):
    """Weights of a layer with a gated delta rule."""
    at = f"{at}linear_attn."
    values = delta["value_heads"] * delta["value_size"]
    channels = 2 * delta["key_heads"] * delta["key_size"] + values
    weights[f"{at}in_proj_qkv.weight"] = linear(channels, hidden, 1.5)
    weights[f"{at}in_proj_z.weight"] = linear(values, hidden)
    weights[f"{at}in_proj_b.weight"] = linear(delta["value_heads"], hidden)
    weights[f"{at}in_proj_a.weight"] = linear(delta["value_heads"], hidden)
    weights[f"{at}conv1d.weight"] = normal(channels, 1, delta["kernel"], std=0.7)
    weights[f"{at}A_log"] = normal(delta["value_heads"], std=0.5) - 1
    weights[f"{at}dt_bias"] = normal(delta["value_heads"], std=0.5) - 1
    weights[f"{at}norm.weight"] = 1 + normal(delta["value_size"], std=0.2)
    weights[f"{at}out_proj.weight"] = linear(hidden, values)
    if delta.get("by_key_head"):
        q, k, v = torch.split(weights.pop(f"{at}in_proj_qkv.weight"),
                              [delta["key_heads"] * delta["key_size"]] * 2 + [values])
        rows = [q, k, v, weights.pop(f"{at}in_proj_z.weight")]
        weights[f"{at}in_proj_qkvz.weight"] = by_key_head(delta, rows)
        weights[f"{at}in_proj_ba.weight"] = by_key_head(delta, [weights.pop(f"{at}in_proj_{name}.weight") for name in "ba"])


def by_key_head(delta, parts):
    """Rows of several weights, those of one key head together."""
    return torch.cat([rows for head in zip(*(torch.chunk(part, delta["key_heads"]) for part in parts)) for rows in head])


def out_of_key_heads(delta, joined, sizes):
    """The weights again, whose rows per key head are so many."""
    heads = [torch.split(rows, sizes) for rows in torch.chunk(joined, delta["key_heads"])]
    return [torch.cat(parts) for parts in zip(*heads)]


def join(weights, at, joined, parts):
    for kind in ["weight", "bias"]:
        if f"{at}{parts[0]}.{kind}" in weights:
            weights[f"{at}{joined}.{kind}"] = torch.cat([weights.pop(f"{at}{part}.{kind}") for part in parts])


def split(joined, sizes):
    """The parts of a fused weight by their own names, rows in order."""
    return dict(zip(sizes, torch.split(joined, list(sizes.values()))))


# ---- Gemma 4 ----

def gemma4_sizes(made, layer):
    """Dims of a head, heads of keys and inner size of a layer, and the earlier layer whose keys and values it reads, if it does."""
    text = text_of(made["config"])
    if "altup_num_inputs" in text:
        source = layer - 2 if layer >= LAYERS - text["num_kv_shared_layers"] else None
        return text["head_dim"], text["num_key_value_heads"], text["intermediate_size"][layer], source
    own = LAYERS - text["num_kv_shared_layers"]
    full, reads = layer % 2 == 1, layer >= own
    kv_heads = text["num_global_key_value_heads"] if full and text["attention_k_eq_v"] else text["num_key_value_heads"]
    inner = text["intermediate_size"] * (2 if reads and text["use_double_wide_mlp"] else 1)
    source = max(earlier for earlier in range(own) if earlier % 2 == layer % 2) if reads else None
    return text["global_head_dim"] if full else text["head_dim"], kv_heads, inner, source


def gemma4_weights(made, seed):
    text, rng = text_of(made["config"]), torch.Generator().manual_seed(seed)
    hidden, heads, inputs, body = text["hidden_size"], text["num_attention_heads"], text["hidden_size_per_layer_input"], made.get("names", ("model.",))[0]
    normal = lambda *shape, std=1.0: torch.randn(*shape, generator=rng) * std
    linear = lambda out, into, gain=1.0: normal(out, into, std=gain / math.sqrt(into))
    norm = lambda size: 1 + normal(size, std=0.2)
    weights = {f"{body}embed_tokens.weight": normal(text["vocab_size"], hidden, std=2 / math.sqrt(hidden)), f"{body}norm.weight": norm(hidden)}
    if inputs:
        weights[f"{body}embed_tokens_per_layer.weight"] = normal(text["vocab_size"], LAYERS * inputs, std=1 / math.sqrt(inputs))
        weights[f"{body}per_layer_model_projection.weight"] = normal(LAYERS * inputs, hidden)
        weights[f"{body}per_layer_projection_norm.weight"] = norm(inputs)
    streams, rank = text.get("altup_num_inputs"), text.get("laurel_rank")
    for stream in range(1, streams or 1):
        for name in ["altup_projections", "altup_unembed_projections"]:
            weights[f"{body}{name}.{stream - 1}.weight"] = linear(hidden, hidden)
    for layer in range(LAYERS):
        at = f"{body}layers.{layer}."
        head_dim, kv_heads, inner, source = gemma4_sizes(made, layer)
        shapes = {"self_attn.q_proj": (heads * head_dim, hidden), "self_attn.o_proj": (hidden, heads * head_dim),
                  "mlp.gate_proj": (inner, hidden), "mlp.up_proj": (inner, hidden), "mlp.down_proj": (hidden, inner)}
        norms = ["input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"]
        if source is None:
            shapes["self_attn.k_proj"] = (kv_heads * head_dim, hidden)
            if not (text.get("attention_k_eq_v") and layer % 2):
                shapes["self_attn.v_proj"] = (kv_heads * head_dim, hidden)
        if streams:
            shapes |= {"altup.modality_router": (streams, hidden), "altup.prediction_coefs": (streams ** 2, streams),
                       "altup.correction_coefs": (streams, streams), "laurel.linear_left": (rank, hidden), "laurel.linear_right": (hidden, rank)}
            norms += ["altup.router_norm", "laurel.post_laurel_norm"]
            weights[f"{at}altup.correct_output_scale"] = 1 + normal(hidden, std=0.2)
        if inputs:
            shapes |= {"per_layer_input_gate": (inputs, hidden), "per_layer_projection": (hidden, inputs)}
            norms.append("post_per_layer_input_norm")
        count, size = text.get("num_experts"), text.get("moe_intermediate_size")
        if count:
            shapes["router.proj"] = (count, hidden)
            norms += ["post_feedforward_layernorm_1", "pre_feedforward_layernorm_2", "post_feedforward_layernorm_2"]
            weights[f"{at}router.scale"], weights[f"{at}router.per_expert_scale"] = norm(hidden), norm(count)
            weights[f"{at}experts.gate_up_proj"] = normal(count, 2 * size, hidden, std=1 / math.sqrt(hidden))
            weights[f"{at}experts.down_proj"] = normal(count, hidden, size, std=1 / math.sqrt(size))
        # GELU of strongly negative numbers is almost nothing, which the norm behind it would blow up.
        gain = {"router.proj": math.sqrt(hidden), "per_layer_input_gate": 0.3, "altup.modality_router": hidden, "altup.prediction_coefs": 0.4, "altup.correction_coefs": 0.4}
        weights |= {f"{at}{name}.weight": linear(*shape, gain.get(name, 1.0)) for name, shape in shapes.items()}
        weights |= {f"{at}{name}.weight": norm(hidden) for name in norms}
        # Scores have no factor, so that the norms of heads are small.
        for name in ["q", "k"] if source is None else ["q"]:
            weights[f"{at}self_attn.{name}_norm.weight"] = norm(head_dim) * 1.2 / head_dim ** 0.25
        if not streams:
            weights[f"{at}layer_scalar"] = 0.8 + normal(1, std=0.1)
    return weights


def gemma4_inverse(made, layer, dtype=torch.float32):
    """Inverse frequencies of a layer; those of dims that do not turn are zero."""
    text, size = text_of(made["config"]), gemma4_sizes(made, layer)[0]
    section = text["rope_parameters"][GEMMA4_TYPES[layer]] if "rope_parameters" in text else dict(
        rope_theta=text["rope_theta"] if layer % 2 else text["rope_local_base_freq"])
    index = torch.arange(0, size, 2, dtype=torch.float64)
    turning = int(section.get("partial_rotary_factor", 1.0) * size // 2)
    return (section["rope_theta"] ** (-index / size) * (torch.arange(size // 2) < turning)).to(torch.float32).to(dtype)


def gemma4_experts(text, w, at, x, norm):
    """What a layer's experts give for rows after attention: each row's best, by shares that sum to one, times a number of each."""
    directed = rms_norm(x, w[at + "router.scale"], text["rms_norm_eps"]) / math.sqrt(text["hidden_size"])
    shares, rows = torch.softmax(directed @ w[at + "router.proj.weight"].T, dim=1), norm(x, at + "pre_feedforward_layernorm_2")
    given = torch.zeros_like(x)
    for position, share in enumerate(shares):
        best, chosen = share.topk(text["top_k_experts"])
        for part, expert in zip(best / best.sum(), chosen):
            gate, up = (w[at + "experts.gate_up_proj"][expert] @ rows[position]).chunk(2)
            result = w[at + "experts.down_proj"][expert] @ (ACTIVATIONS["gelu_tanh"](gate) * up)
            given[position] += part * w[at + "router.per_expert_scale"][expert] * result
    return given


def gemma4_forward(made, stored, tokens, dtype):
    """Logits at every position of one sequence, [positions, vocabulary]."""
    text, body, length = text_of(made["config"]), made.get("names", ("model.",))[0], len(tokens)
    hidden, heads, inputs = text["hidden_size"], text["num_attention_heads"], text["hidden_size_per_layer_input"]
    w = {name.removeprefix(body): value.to(dtype) for name, value in stored.items()}
    eps, position, act = text["rms_norm_eps"], torch.arange(length), ACTIVATIONS["gelu_tanh"]
    linear = lambda x, name: x @ w[f"{name}.weight"].T
    norm = lambda x, name: rms_norm(x, w[f"{name}.weight"], eps)
    x = w["embed_tokens.weight"][torch.tensor(tokens)] * math.sqrt(hidden)
    if inputs:
        looked_up = w["embed_tokens_per_layer.weight"][torch.tensor(tokens)].view(length, LAYERS, inputs) * math.sqrt(inputs)
        projected = linear(x, "per_layer_model_projection").view(length, LAYERS, inputs) / math.sqrt(hidden)
        of_layers = (norm(projected, "per_layer_projection_norm") + looked_up) / math.sqrt(2)
    streams, states = text.get("altup_num_inputs"), [x]
    size_of = lambda y: y.square().mean(dim=1, keepdim=True)
    alike = lambda y, first: y * torch.sqrt(size_of(first) / size_of(y).clamp(min=1e-5))
    for stream in range(1, streams or 1):
        states.append(alike(linear(x, f"altup_projections.{stream - 1}"), x))

    def routed(y, at):
        return torch.tanh(linear(norm(y, at + "altup.router_norm") / hidden, at + "altup.modality_router"))

    kept = {}
    for layer in range(LAYERS):
        at = f"layers.{layer}."
        if streams:
            coefficients = linear(routed(states[0], at), at + "altup.prediction_coefs")
            states = [state + sum(coefficients[:, i * streams + j, None] * states[j] for j in range(streams))
                      for i, state in enumerate(states)]
            x = states[0]
        head_dim, kv_heads, _, source = gemma4_sizes(made, layer)
        angles = position[:, None].to(dtype) * gemma4_inverse(made, layer, dtype)
        cos, sin = torch.cos(angles), torch.sin(angles)

        def turned(y):
            first, second = y[:, :head_dim // 2], y[:, head_dim // 2:]
            return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=1)

        inner = norm(x, at + "input_layernorm")
        split_heads = lambda y: list(y.split(head_dim, dim=1))
        if source is None:
            keys = split_heads(linear(inner, at + "self_attn.k_proj"))
            values = split_heads(linear(inner, at + "self_attn.v_proj")) if f"{at}self_attn.v_proj.weight" in w else keys
            kept[layer] = [turned(norm(k, at + "self_attn.k_norm")) for k in keys], [rms_norm(v, 1, eps) for v in values]
        keys, values = kept[layer if source is None else source]
        unseen = position[None, :] > position[:, None]
        if made["windows"][layer] is not None:
            unseen |= position[None, :] <= position[:, None] - made["windows"][layer]
        mixed = []
        for head, query in enumerate(split_heads(linear(inner, at + "self_attn.q_proj"))):
            kv = head // (heads // kv_heads)
            scores = turned(norm(query, at + "self_attn.q_norm")) @ keys[kv].T
            mixed.append(torch.softmax(scores.masked_fill(unseen, -math.inf), dim=-1) @ values[kv])
        x = x + norm(linear(torch.cat(mixed, dim=1), at + "self_attn.o_proj"), at + "post_attention_layernorm")
        if streams:
            low = linear(linear(inner, at + "laurel.linear_left"), at + "laurel.linear_right")
            x = (x + inner + norm(low, at + "laurel.post_laurel_norm")) / math.sqrt(2)
        inner = norm(x, at + "pre_feedforward_layernorm")
        gate = linear(inner, at + "mlp.gate_proj")
        share = text.get("activation_sparsity_pattern", [0] * LAYERS)[layer]
        if share:
            deviation = (gate - gate.mean(dim=1, keepdim=True)).square().mean(dim=1, keepdim=True).sqrt()
            above = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(share, dtype=torch.float64)).to(dtype)
            gate = (gate - gate.mean(dim=1, keepdim=True) - above * deviation).clamp(min=0)
        inner = linear(act(gate) * linear(inner, at + "mlp.up_proj"), at + "mlp.down_proj")
        if text.get("num_experts"):
            inner = norm(inner, at + "post_feedforward_layernorm_1") + norm(gemma4_experts(text, w, at, x, norm), at + "post_feedforward_layernorm_2")
        x = x + norm(inner, at + "post_feedforward_layernorm")
        if streams:
            change, shares = x - states[0], linear(routed(x, at), at + "altup.correction_coefs") + 1
            states = [state + shares[:, i, None] * change for i, state in enumerate(states)]
            gated = act(linear(states[0] * w[at + "altup.correct_output_scale"], at + "per_layer_input_gate")) * of_layers[:, layer]
            added = norm(linear(gated, at + "per_layer_projection"), at + "post_per_layer_input_norm")
            states = [states[0], *(state + added for state in states[1:])]
            continue
        if inputs:
            gated = act(linear(x, at + "per_layer_input_gate")) * of_layers[:, layer]
            x = x + norm(linear(gated, at + "per_layer_projection"), at + "post_per_layer_input_norm")
        x = x * w[at + "layer_scalar"]
    if streams:
        first, *others = states
        x = (first + sum(alike(linear(y, f"altup_unembed_projections.{i}"), first) for i, y in enumerate(others))) / streams
    logits = norm(x, "norm") @ w["embed_tokens.weight"].T
    return torch.tanh(logits / text["final_logit_softcapping"]) * text["final_logit_softcapping"]


def trained(weights, seed):
    """The same model after training: every tensor moved by a third of its spread."""
    rng = torch.Generator().manual_seed(seed)
    spread = lambda value: value.std() if value.numel() > 1 else 0.5
    return {name: value + torch.randn(value.shape, generator=rng) * spread(value) / 3 for name, value in weights.items()}


# ---- forward pass ----

def frequencies(kind, scaling, theta, dim, dtype):
    """Inverse frequencies of a head's pairs of dims, and what cos and sin are multiplied by."""
    exponents = torch.arange(0, dim, 2, dtype=dtype) / dim
    plain = 1.0 / theta**exponents
    if kind == "none":
        return torch.zeros_like(plain), 1.0
    if kind == "plain":
        return plain, 1.0
    if kind == "alpha":
        # A larger base, for texts of any length within the context.
        return 1.0 / (theta * scaling["alpha"] ** (dim / (dim - 2)))**exponents, 1.0
    if kind == "llama3":
        waves = 2 * math.pi / plain * 1.0
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        smooth = ((scaling["original_max_position_embeddings"] / waves - low) / (high - low)).clamp(0, 1)
        return plain * smooth + plain / scaling["factor"] * (1 - smooth), 1.0
    if kind == "longrope":
        # LongRoPE, arXiv 2402.13753, for a text within the original context: each pair of dims has a divisor of its own.
        return plain / torch.tensor(scaling["short_factor"], dtype=dtype), None
    # YaRN, arXiv 2309.00071, section 3.2: gamma ramps with the number of rotations within the original context.
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


def layer_norm(x, weight, bias, eps, offset):
    centred = x - x.mean(-1, keepdim=True)
    y = centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + eps)
    return (y if weight is None else y * (weight + offset)) + (0 if bias is None else bias)


def xielu(x, alpha_p, alpha_n):
    """arXiv 2411.13010, with beta one half."""
    softplus = torch.nn.functional.softplus
    below = torch.expm1(x.clamp(max=-1e-6)) - x
    return torch.where(x > 0, softplus(alpha_p) * x * x, (0.5 + softplus(alpha_n)) * below) + 0.5 * x


ACTIVATIONS = {
    "silu": lambda x: x * torch.sigmoid(x),
    "gelu": lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))),
    "relu2": lambda x: x.clamp(min=0) ** 2,
    "gelu_tanh": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


def convolved(inputs, weight):
    """A causal convolution with weights for each channel, [channels, 1, kernel], token by token."""
    kernel = weight.shape[2]
    seen = torch.cat([inputs.new_zeros(kernel - 1, inputs.shape[1]), inputs])
    return torch.stack([(seen[t:t + kernel].T * weight[:, 0, :]).sum(1) for t in range(len(inputs))])


def short_convolution(short, w, at, inner, eps):
    """A convolution between two gates."""
    before, after, x = torch.chunk(inner @ w[f"{at}conv.in_proj.weight"].T, 3, dim=1)
    return (after * convolved(before * x, w[f"{at}conv.conv.weight"])) @ w[f"{at}conv.out_proj.weight"].T


def state_space(space, w, at, inner, eps):
    """Mamba-2, arXiv 2405.21060, as a scan token by token and head by head, after a causal convolution."""
    at, silu, size, n = f"{at}{space['folder']}.", ACTIVATIONS["silu"], space["size"], space["state_size"]
    heads, groups = space["heads"], space["groups"]
    width = heads * size
    projected = inner @ w[f"{at}in_proj.weight"].T
    if "input_scales" in space:
        parts = torch.split(projected, [width, width, groups * n, groups * n, heads], dim=1)
        projected = torch.cat([part * factor for part, factor in zip(parts, space["input_scales"])], dim=1)
    gate, inputs, steps = torch.split(projected, [width, width + 2 * groups * n, heads], dim=1)
    x, b, c = torch.split(silu(convolved(inputs, w[f"{at}conv1d.weight"]) + w[f"{at}conv1d.bias"]), [width, groups * n, groups * n], dim=1)
    steps = torch.nn.functional.softplus(steps + w[f"{at}dt_bias"]).clamp(*space["step_limits"])
    outputs = []
    for head in range(heads):
        own, of_group = slice(head * size, (head + 1) * size), head // (heads // groups) * n
        state, ofhead = inner.new_zeros(size, n), []
        for t in range(len(inner)):
            key, query = b[t, of_group:of_group + n], c[t, of_group:of_group + n]
            state = state * torch.exp(-torch.exp(w[f"{at}A_log"][head]) * steps[t, head]) + steps[t, head] * torch.outer(x[t, own], key)
            ofhead.append(state @ query + w[f"{at}D"][head] * x[t, own])
        outputs.append(torch.stack(ofhead))
    gated = torch.cat(outputs, dim=1) * silu(gate)
    normed = rms_norm(gated.unflatten(1, (space["norm_groups"], -1)), 1, eps).flatten(1) * w[f"{at}norm.weight"]
    return normed @ w[f"{at}out_proj.weight"].T


def delta_rule(delta, w, at, inner, eps):
    """The gated delta rule, arXiv 2412.06464, token by token and head by head, after a causal convolution."""
    at = f"{at}linear_attn."
    silu, length = ACTIVATIONS["silu"], len(inner)
    if delta.get("by_key_head"):
        group = delta["value_heads"] // delta["key_heads"]
        sizes = [delta["key_size"], delta["key_size"], group * delta["value_size"], group * delta["value_size"]]
        *qkv, z = out_of_key_heads(delta, w[f"{at}in_proj_qkvz.weight"], sizes)
        b, a = out_of_key_heads(delta, w[f"{at}in_proj_ba.weight"], [group, group])
        w = {**w, **{f"{at}in_proj_{name}.weight": part for name, part in dict(qkv=torch.cat(qkv), z=z, b=b, a=a).items()}}
    keys, size = delta["key_heads"] * delta["key_size"], delta["value_size"]
    q, k, v = torch.split(silu(convolved(inner @ w[f"{at}in_proj_qkv.weight"].T, w[f"{at}conv1d.weight"])),
                          [keys, keys, delta["value_heads"] * size], dim=1)
    strength = torch.sigmoid(inner @ w[f"{at}in_proj_b.weight"].T)
    steps = torch.nn.functional.softplus(inner @ w[f"{at}in_proj_a.weight"].T + w[f"{at}dt_bias"])
    kept = torch.exp(-torch.exp(w[f"{at}A_log"]) * steps)
    unit = lambda x: x / torch.sqrt((x * x).sum() + 1e-6)
    heads = []
    for head in range(delta["value_heads"]):
        of_key = head // (delta["value_heads"] // delta["key_heads"]) * delta["key_size"]
        state, outputs = inner.new_zeros(delta["key_size"], size), []
        for t in range(length):
            key, query = (unit(x[t, of_key:of_key + delta["key_size"]]) for x in (k, q))
            state = state * kept[t, head]
            state = state + torch.outer(key, strength[t, head] * (v[t, head * size:(head + 1) * size] - key @ state))
            outputs.append(query @ state / math.sqrt(delta["key_size"]))
        heads.append(rms_norm(torch.stack(outputs), w[f"{at}norm.weight"], eps))
    return (torch.cat(heads, dim=1) * silu(inner @ w[f"{at}in_proj_z.weight"].T)) @ w[f"{at}out_proj.weight"].T


RECURRENT = {"delta": dict(add=add_delta, run=delta_rule), "short": dict(add=add_short, run=short_convolution),
             "space": dict(add=add_space, run=state_space)}


def forward(made, stored, tokens, dtype=torch.float32):
    """Logits at every position of one sequence, [positions, vocabulary]."""
    if "gemma4" in made:
        return gemma4_forward(made, stored, tokens, dtype)
    text, head_dim, offset = text_of(made["config"]), made["head_dim"], made.get("norm_offset", 0)
    eps, modules, norms = made.get("eps") or text["rms_norm_eps"], modules_of(made), norms_of(made)
    heads, kv_heads = heads_of(text)
    body, lm_head = made.get("names", ("model.", "lm_head.weight"))
    embedding, final_norm = made.get("around", ("embed_tokens", "norm"))
    w = {name: value.to(dtype) for name, value in stored.items()}
    rotary = made.get("rotary_dim", head_dim)
    length = len(tokens)
    windows, ropes = made.get("windows", [None] * LAYERS), made.get("ropes", ["plain"] * LAYERS)
    scaling, theta = rope_of(text)
    taken_apart(made, w, heads, kv_heads)

    def linear(x, name):
        y = x @ w[name + ".weight"].T
        return y + w[name + ".bias"] if name + ".bias" in w else y

    def norm(x, name):
        if made.get("norm") == "layer":
            return layer_norm(x, w.get(name + ".weight"), w.get(name + ".bias"), eps, offset)
        return rms_norm(x, w[name + ".weight"], eps, offset)

    x = w[f"{body}{embedding}.weight"][torch.tensor(tokens)] * made.get("embedding_scale", 1.0)
    for layer in range(LAYERS):
        if layer in made.get("image_layers", []):
            continue
        at = f"{body}{made.get('folder', 'layers')}.{layer}."

        def placed(x, place):
            return norm(x, at + norms[place]) if norms.get(place) else x

        def first_half(inner):
            if "beside" not in made:
                return placed(attention(inner, recurrent_in(made, layer)), "after_attention") * made.get("residual_scale", 1.0)
            parts = dict(attention=attention(inner, None), state=attention(inner, recurrent_in(made, layer)))
            return sum(part * made["beside"][name] for name, part in parts.items())

        def attention(inner, recurrent):
            if recurrent:
                return RECURRENT[recurrent["kind"]]["run"](recurrent, w, at, inner, eps)
            if "latent" in made:
                q, k, v = latent_parts(made["latent"], linear, w, f"{at}self_attn.", inner, heads)
            else:
                q, k, v = (linear(inner, at + modules[name]) for name in "qkv")
            value_dim = v.shape[1] // kv_heads
            if made.get("gates"):
                q, gates = (part.flatten(1) for part in q.view(length, heads, 2, head_dim).unbind(2))
            if "clip" in made:
                q, k, v = (y.clamp(-made["clip"], made["clip"]) for y in (q, k, v))
            if made.get("projection_norms"):
                q, k = (rms_norm(y, w[f"{at}{modules[name]}.weight"], eps, offset) for name, y in [("q_norm", q), ("k_norm", k)])
            if "clip_after_norm" in made:
                q, k, v = (y.clamp(-made["clip_after_norm"], made["clip_after_norm"]) for y in (q, k, v))
            inverse, sharper = frequencies(ropes[layer], scaling, theta, rotary, dtype)
            sharper = sharper or made["length_of_rotation"]
            angles = torch.arange(length, dtype=dtype)[:, None] * inverse[None, :]
            cos, sin = torch.cos(angles) * sharper, torch.sin(angles) * sharper

            def rotated(y):
                if "latent" in made:
                    plain = made["latent"]["plain"]
                    return torch.cat([y[:, :plain], turned(y[:, plain:])], dim=1)
                return turned(y)

            def turned(y):
                turning, rest = y[:, :rotary], y[:, rotary:]
                if made.get("neighbours"):
                    first, second = turning[:, 0::2], turning[:, 1::2]
                    pairs = torch.stack([first * cos - second * sin, second * cos + first * sin], dim=2)
                    return torch.cat([pairs.flatten(1), rest], dim=1)
                first, second = turning[:, :rotary // 2], turning[:, rotary // 2:]
                return torch.cat([first * cos - second * sin, second * cos + first * sin, rest], dim=1)

            def head_of(y, name, head):
                y = y[:, head * head_dim:(head + 1) * head_dim]
                if made.get("norms_after_rope"):
                    y = rotated(y)
                if made.get("head_norms"):
                    y = rms_norm(y, w[f"{at}{modules[name]}.weight"], eps, offset)
                if made.get("norms_of_each_head"):
                    y = layer_norm(y, w[f"{at}{modules[name]}.weight"][head], None, eps, offset)
                return y if made.get("norms_after_rope") else rotated(y)

            position = torch.arange(length)
            unseen = position[None, :] > position[:, None]
            if windows[layer] is not None:
                unseen |= position[None, :] <= position[:, None] - windows[layer]
            growing = torch.ones(length, 1, dtype=dtype)
            if "growth" in made:
                rate, context = made["growth"]
                growing = 1 + rate * torch.log(1 + torch.div(position, context, rounding_mode="floor").to(dtype))[:, None]
            mixed = []
            for head in range(heads):
                kv = head // (heads // kv_heads)
                query = head_of(q, "q_norm", head) * growing
                scores = query @ head_of(k, "k_norm", kv).T * made.get("score_scale", 1 / math.sqrt(head_dim))
                if "score_cap" in made:
                    scores = torch.tanh(scores / made["score_cap"]) * made["score_cap"]
                chances = torch.softmax(scores.masked_fill(unseen, -math.inf), dim=-1)
                mixed.append(chances @ v[:, kv * value_dim:(kv + 1) * value_dim])
            mixed = torch.cat(mixed, dim=1)
            return linear(mixed * torch.sigmoid(gates) if made.get("gates") else mixed, at + modules["o"])

        def routed(inner, experts):
            """Every expert of every token, weighed by its probability where it is among the likeliest and by nothing elsewhere."""
            products = inner @ w[f"{at}{experts['router']}.weight"].T
            chances = torch.sigmoid(products) if experts.get("scores") == "sigmoid" else torch.softmax(products, dim=1)
            ranked = chances + w[f"{at}{experts['bias']}"].reshape(-1) if "bias" in experts else chances
            if "groups" in experts:
                # Only experts of the best groups are chosen; a group is as good as its best experts together.
                count, best, of_group = experts["groups"]
                groups = ranked.reshape(len(inner), count, -1)
                order = groups.sort(dim=2, descending=True).values[:, :, :of_group].sum(2).argsort(dim=1, descending=True)
                ranked = torch.stack([torch.stack([row[group] if group in chosen[:best] else torch.full_like(row[group], -math.inf)
                                                   for group in range(count)]).flatten() for row, chosen in zip(groups, order)])
            likeliest = torch.sort(ranked, dim=1, descending=True).indices[:, :experts["chosen"]]
            share = torch.zeros_like(chances).scatter(1, likeliest, chances.gather(1, likeliest))
            if experts["sum_to_one"]:
                share = share / share.sum(1, keepdim=True)
            share = share * experts.get("scale", 1.0)
            added = torch.zeros_like(inner)
            if "shared" in experts:
                shared = at + experts.get("shared_at", "mlp.shared_expert")
                gate, up, down = (w[f"{shared}.{name}_proj.weight"] for name in ("gate", "up", "down"))
                added = (ACTIVATIONS["silu"](inner @ gate.T) * (inner @ up.T)) @ down.T
                if experts.get("shared_router", True):
                    added = added * torch.sigmoid(inner @ w[f"{at}mlp.shared_expert_gate.weight"].T)
            for expert in range(experts["count"]):
                gate, up, down = (w[f"{at}{experts['named'](expert, name)}.weight"] for name in ("gate", "up", "down"))
                added = added + share[:, expert, None] * ((ACTIVATIONS["silu"](inner @ gate.T) * (inner @ up.T)) @ down.T)
            return added

        def mlp(inner):
            if layer in made.get("experts", {}).get("layers", []):
                return routed(inner, made["experts"])
            name = made.get("act", "silu")
            if name == "xielu":
                act = lambda x: xielu(x, w[at + "mlp.act_fn.alpha_p"], w[at + "mlp.act_fn.alpha_n"])
            else:
                act = ACTIVATIONS[name]
            up = linear(inner, at + modules["up"])
            return linear(act(up) if made.get("mlp") == "plain" else act(linear(inner, at + modules["gate"]) * made.get("gate_scale", 1.0)) * up,
                          at + modules["down"])

        scale, before = made.get("residual_scale", 1.0), placed(x, "before_attention")
        half = half_of(made, layer)
        attended = x if half == "-" else x + first_half(before)
        if half in list("M*"):
            x = attended
            continue
        if made.get("parallel"):
            inner = placed(x, "before_mlp") if norms["before_mlp"] else before
        else:
            inner = placed(attended, "before_mlp")
        x = attended + placed(mlp(inner), "after_mlp") * scale
    x = norm(x, body + final_norm)
    head = w[f"{body}{embedding}.weight" if tied_in(text) else lm_head]
    logits = x @ head.T / made.get("logits_divisor", 1.0)
    return torch.tanh(logits / made["final_cap"]) * made["final_cap"] if "final_cap" in made else logits


def taken_apart(made, w, heads, kv_heads):
    """Gives the parts of fused weights names of their own."""
    text, head_dim, modules = text_of(made["config"]), made["head_dim"], modules_of(made)
    body, inter = made.get("names", ("model.",))[0], inner_of(made)
    for layer in range(LAYERS):
        at, parts = f"{body}{made.get('folder', 'layers')}.{layer}.", {}
        if qkv_of(made):
            sizes = dict(q=heads * head_dim, k=kv_heads * head_dim, v=kv_heads * head_dim)
            parts |= {f"self_attn.{name}_proj.{kind}": part for kind in ["weight", "bias"] if f"{at}{qkv_of(made)}.{kind}" in w
                      for name, part in split(w[f"{at}{qkv_of(made)}.{kind}"], sizes).items()}
        if layer in made.get("experts", {}).get("layers", []) and "joined" in made["experts"]:
            parts |= experts_apart(made["experts"], w, at)
        if made.get("fused") or made.get("fused_mlp"):
            joined = w[f"{at}{made.get('gate_up', 'mlp.gate_up_proj')}.weight"]
            parts |= {f"mlp.{name}_proj.weight": part for name, part in split(joined, dict(gate=inter, up=inter)).items()}
        w |= {f"{at}{name}": part for name, part in parts.items()}
        if "heads_together" in made:
            for kind in ["weight", "bias"] if made.get("qkv_bias") else ["weight"]:
                groups = torch.chunk(w[f"{at}{made['heads_together']}.{kind}"], kv_heads)
                by_head = [torch.split(group, [heads // kv_heads * head_dim, head_dim, head_dim]) for group in groups]
                for name, rows in zip("qkv", zip(*by_head)):
                    w[f"{at}{modules[name]}.{kind}"] = torch.cat(rows)


# ---- files ----

HYBRIDS = {"hybrid_a": [0], "hybrid_b": [1, 2], "hybrid_c": [2, 3]}


def hybrid(base, post, layers):
    return {name: base[name] if any(f"{folder}.{layer}." in name for folder in ["layers", ".h"] for layer in layers) else post[name] for name in post}


CLEAR = 0.02


def greedy(made, weights, prompt):
    """Twelve tokens and the smallest distance between the best two logits; stops where a step is close."""
    tokens, margin = [], math.inf
    while len(tokens) < 12 and margin > CLEAR and 2 not in tokens:
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
    longest = made.get("longest", 3 * window + 11 if "yarn" not in name else 75)
    bf16 = lambda weights: {key: value.to(torch.bfloat16) for key, value in weights.items()}
    weights = make_weights(made, 1)
    base, post = bf16(weights), bf16(trained(weights, 2))
    models = {"base": base, "post": post, **{key: hybrid(base, post, layers) for key, layers in HYBRIDS.items()}}
    rng = torch.Generator().manual_seed(3)
    draw = lambda length: torch.randint(3, text["vocab_size"], (length,), generator=rng).tolist()
    prompts = dict(one=draw(1), short=draw(6), at_window=draw(window), past_window=draw(window + 1), long=draw(longest))
    # Greedy tokens are only worth comparing where no step is close.
    for _ in range(200):
        prompts["pre_window"] = draw(window - 3 if window > 6 else 3)
        chosen = {}
        for key, stored in models.items():
            chosen[key] = greedy(made, stored, prompts["pre_window"])
            if chosen[key][1] <= CLEAR or 2 in chosen[key][0]:
                break
        else:
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
        inverse, sharper = (gemma4_inverse(made, layer), 1.0) if "gemma4" in made else frequencies(
            made.get("ropes", ["plain"] * LAYERS)[layer], *rope_of(text), made.get("rotary_dim", made["head_dim"]), torch.float32)
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
