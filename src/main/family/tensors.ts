import type { DecoderSpec } from './decoder-spec'

/** Which half of a decoder layer a tensor belongs to: recipes set a strength for each (see the contract's LayerStrength). */
export type Half = 'attention' | 'mlp'

/** A tensor by its canonical name, `model.…` or `lm_head.weight`. */
export interface TensorSpec {
  readonly name: string
  readonly shape: readonly number[]
}

/** What a tensor does inside a layer; also the name of its input in the block graph. */
export type Role =
  | 'normBeforeAttention'
  | 'q'
  | 'k'
  | 'v'
  | 'qkv'
  | 'qBias'
  | 'kBias'
  | 'vBias'
  | 'qNorm'
  | 'kNorm'
  | 'o'
  | 'oBias'
  | 'normAfterAttention'
  | 'normBeforeMlp'
  | 'gate'
  | 'up'
  | 'gateUp'
  | 'gateBias'
  | 'upBias'
  | 'down'
  | 'downBias'
  | 'normAfterMlp'

export interface LayerTensorSpec extends TensorSpec {
  readonly role: Role
  readonly half: Half
}

/** All tensors of one decoder layer. Projections are stored [out, in]. */
export function layerTensors(spec: DecoderSpec, layer: number): LayerTensorSpec[] {
  const { family, hiddenSize, intermediateSize, headSize } = spec
  const qSize = spec.headCount * headSize
  const kvSize = spec.kvHeadCount * headSize
  const tensors: LayerTensorSpec[] = []
  const add = (half: Half, role: Role, name: string, ...shape: number[]): void => {
    tensors.push({ half, role, name: `model.layers.${layer}.${name}`, shape })
  }
  const norm = (half: Half, role: Role, name: string | undefined): void => {
    if (name !== undefined) add(half, role, `${name}.weight`, hiddenSize)
  }

  norm('attention', 'normBeforeAttention', family.norms.beforeAttention)
  if (family.projections === 'fused') {
    add('attention', 'qkv', 'self_attn.qkv_proj.weight', qSize + 2 * kvSize, hiddenSize)
  } else {
    add('attention', 'q', 'self_attn.q_proj.weight', qSize, hiddenSize)
    add('attention', 'k', 'self_attn.k_proj.weight', kvSize, hiddenSize)
    add('attention', 'v', 'self_attn.v_proj.weight', kvSize, hiddenSize)
    if (spec.qkvBias) {
      add('attention', 'qBias', 'self_attn.q_proj.bias', qSize)
      add('attention', 'kBias', 'self_attn.k_proj.bias', kvSize)
      add('attention', 'vBias', 'self_attn.v_proj.bias', kvSize)
    }
  }
  if (family.qkNorm !== 'none') {
    const perHead = family.qkNorm === 'head'
    add('attention', 'qNorm', 'self_attn.q_norm.weight', perHead ? headSize : qSize)
    add('attention', 'kNorm', 'self_attn.k_norm.weight', perHead ? headSize : kvSize)
  }
  add('attention', 'o', 'self_attn.o_proj.weight', hiddenSize, qSize)
  if (spec.outputBias) add('attention', 'oBias', 'self_attn.o_proj.bias', hiddenSize)
  norm('attention', 'normAfterAttention', family.norms.afterAttention)

  norm('mlp', 'normBeforeMlp', family.norms.beforeMlp)
  if (family.projections === 'fused') {
    add('mlp', 'gateUp', 'mlp.gate_up_proj.weight', 2 * intermediateSize, hiddenSize)
  } else {
    add('mlp', 'gate', 'mlp.gate_proj.weight', intermediateSize, hiddenSize)
    add('mlp', 'up', 'mlp.up_proj.weight', intermediateSize, hiddenSize)
    if (spec.mlpBias) {
      add('mlp', 'gateBias', 'mlp.gate_proj.bias', intermediateSize)
      add('mlp', 'upBias', 'mlp.up_proj.bias', intermediateSize)
    }
  }
  add('mlp', 'down', 'mlp.down_proj.weight', hiddenSize, intermediateSize)
  if (spec.mlpBias) add('mlp', 'downBias', 'mlp.down_proj.bias', hiddenSize)
  norm('mlp', 'normAfterMlp', family.norms.afterMlp)
  return tensors
}

/** No checkpoint stores the biases of q, k and v as one. */
export type HeldRole = Role | 'qkvBias'

/** A tensor of a layer as a model held for generating has it: the rows of its parts, one after the other. */
export interface HeldTensorSpec {
  readonly role: HeldRole
  readonly shape: readonly number[]
  readonly parts: readonly Role[]
}

/** With few rows a product costs its call as much as its work, so that one of the three together takes less time. */
const JOINED: readonly { readonly role: HeldRole; readonly parts: readonly Role[] }[] = [
  { role: 'qkv', parts: ['q', 'k', 'v'] },
  { role: 'qkvBias', parts: ['qBias', 'kBias', 'vBias'] }
]

/** The tensors of a layer held for generating, q, k and v joined whether or not the checkpoint stores them so. */
export function heldTensors(spec: DecoderSpec): HeldTensorSpec[] {
  const stored = layerTensors(spec, 0)
  return stored.flatMap(({ role, shape }): HeldTensorSpec[] => {
    const joined = JOINED.find(({ parts }) => parts.includes(role))
    if (joined === undefined) return [{ role, shape, parts: [role] }]
    if (joined.parts[0] !== role) return []
    const rows = stored
      .filter((part) => joined.parts.includes(part.role))
      .reduce((sum, { shape: [partRows = 0] }) => sum + partRows, 0)
    return [{ ...joined, shape: [rows, ...shape.slice(1)] }]
  })
}

/** The tensors around the layers. A tied head is the embedding. Embedding and head are [vocabulary, hidden]. */
export function wholeModelTensors(spec: DecoderSpec): {
  embedding: TensorSpec
  finalNorm: TensorSpec
  head: TensorSpec
} {
  const embedding = { name: 'model.embed_tokens.weight', shape: [spec.vocabularySize, spec.hiddenSize] }
  return {
    embedding,
    finalNorm: { name: 'model.norm.weight', shape: [spec.hiddenSize] },
    head: spec.tiedHead ? embedding : { name: 'lm_head.weight', shape: embedding.shape }
  }
}

/** Prefixes under which checkpoints keep the decoder: plain, bare, and inside multimodal wrappers (two styles). */
const DECODER_PREFIXES = ['model.language_model.', 'language_model.model.', 'model.'] as const
const BARE_DECODER_NAME = /^(layers\.\d+\.|embed_tokens\.|norm\.)/

/** The canonical name of a stored tensor: decoder tensors under `model.`, the head as `lm_head.weight`; others unchanged. */
export function canonicalTensorName(stored: string): string {
  for (const prefix of DECODER_PREFIXES) {
    if (stored.startsWith(prefix)) return `model.${stored.slice(prefix.length)}`
  }
  if (stored === 'language_model.lm_head.weight') return 'lm_head.weight'
  return BARE_DECODER_NAME.test(stored) ? `model.${stored}` : stored
}
