/** Parts of unsupported model families that this program cannot compute yet, by `model_type`. Errors name them. */
export const UNSUPPORTED_PARTS: Readonly<Record<string, string>> = {
  deepseek_v2: 'latent attention and shared experts',
  deepseek_v3: 'latent attention, shared experts and groups of experts',
  dots1: 'shared experts and groups of experts',
  ernie4_5_moe: 'shared experts and routers with a bias',
  flex_olmo: 'norms after experts',
  glm4_moe: 'shared experts and groups of experts',
  gpt_oss: 'attention sinks and experts stored in MXFP4',
  granitemoe: 'experts stored as one tensor',
  hunyuan_v1_moe: 'shared experts',
  jamba: 'state space layers',
  llama4: 'shared experts and attention in chunks',
  llama4_text: 'shared experts and attention in chunks',
  phimoe: 'experts routed by sparsemixer',
  qwen2_moe: 'shared experts',
  qwen3_next: 'linear attention and shared experts'
}
