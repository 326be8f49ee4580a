/** Parts of requested families that this program does not compute, by model_type. */
export const UNBUILT: Readonly<Record<string, string>> = {
  deepseek_v2: 'latent attention and shared experts',
  deepseek_v3: 'latent attention, shared experts and groups of experts',
  dots1: 'shared experts and groups of experts',
  ernie4_5_moe: 'shared experts and routers with a bias',
  flex_olmo: 'norms after experts',
  glm4_moe: 'shared experts and groups of experts',
  gpt_oss: 'attention sinks and experts stored in MXFP4',
  granitemoe: 'experts that are stored as one tensor',
  hunyuan_v1_moe: 'shared experts',
  jamba: 'state space layers',
  llama4: 'shared experts and attention in chunks',
  llama4_text: 'shared experts and attention in chunks',
  phimoe: 'routing by sparsemixer',
  qwen2_moe: 'shared experts',
  qwen3_next: 'linear attention and shared experts'
}
