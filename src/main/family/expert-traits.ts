import type { ConfigReader } from './config-reader'
import { isLeading } from './experts'
import type { ExpertKeys } from './family'

/* Config keys and traits of experts that several families share. */

/** Experts that are chosen and weighted by a softmax over all experts. */
export const softmaxExperts = {
  countKeys: ['num_experts', 'num_local_experts'],
  perRowKeys: ['num_experts_per_tok'],
  sizeKey: 'intermediate_size',
  scores: 'softmax',
  choiceBias: 'none',
  groups: 'none',
  normed: 'norm_topk_prob'
} satisfies ExpertKeys

/** Experts of DeepSeek's first models: a softmax, and a shared expert that every row goes through. */
export const deepseekExperts = {
  ...softmaxExperts,
  countKeys: ['n_routed_experts', 'num_local_experts'],
  sizeKey: 'moe_intermediate_size',
  isDense: isLeading,
  shared: { sizeKey: 'moe_intermediate_size', countKey: 'n_shared_experts', gated: false }
} satisfies ExpertKeys

/** Experts of DeepSeek-V3 and others: sigmoids, with a bias that only affects the choice, in groups. */
export const sigmoidExperts = {
  ...deepseekExperts,
  scores: 'sigmoid',
  choiceBias: 'vector',
  groups: 'byTopTwo',
  scaleKey: 'routed_scaling_factor'
} satisfies ExpertKeys

/** Experts of Granite, stored in joined tensors. Their outputs have the same factor as other sublayers. */
export const graniteExperts = {
  ...softmaxExperts,
  countKeys: ['num_local_experts', 'num_experts'],
  normed: true,
  scaleKey: 'residual_multiplier',
  joined: true
} satisfies ExpertKeys

/** Experts of Gemma 4 beside the MLP of each layer. */
export const gemmaExperts = {
  ...softmaxExperts,
  countKeys: ['num_experts'],
  perRowKeys: ['top_k_experts'],
  sizeKey: 'moe_intermediate_size',
  normed: true,
  joined: true,
  besideMlp: true,
  isWithout: (config: ConfigReader) => !config.flag('enable_moe_block', false),
  shared: { sizeKey: 'intermediate_size', gated: false }
} satisfies ExpertKeys

/** Name of the router of Granite's experts. */
export const graniteRouter = { router: 'block_sparse_moe.router.layer' }

/** Name of the expert that every row goes through, in DeepSeek's families and families that follow them. */
export const sharedExperts = { sharedExpert: 'mlp.shared_experts' }

export const mixtralNames = {
  router: 'block_sparse_moe.gate',
  experts: 'block_sparse_moe.experts',
  expertGate: 'w1',
  expertUp: 'w3',
  expertDown: 'w2'
}
