import { isDeepStrictEqual } from 'node:util'
import type { ProblemCode } from '../../contract/model/problem'
import { type DecoderSpec, type Experts, hasExperts } from '../family'
import { isWeightDtype } from './dtype'
import { quoteName } from '../base/json-object'
import type { PairMember } from './pair-member'

export interface PairError {
  code: ProblemCode
  message: string
}

/** Beyond these a list says no more than their number. */
const MAX_TENSOR_ERRORS = 20

/**
 * What decides which blocks fit together, and what people call it. Whatever comes from post alone is not here, nor is what
 * each model may compute in its own way (see config-differences).
 */
const BLOCK_TRAITS = [
  ['layerCount', 'number of decoder layers'],
  ['hiddenSize', 'hidden size'],
  ['intermediateSize', 'MLP size'],
  ['headCount', 'number of attention heads'],
  ['kvHeadCount', 'number of key-value heads'],
  ['headSize', 'head size'],
  ['rotarySize', 'number of rotary dimensions'],
  ['activation', 'activation'],
  ['qkNorm', 'norms of q and k'],
  ['qkvBias', 'bias of q, k and v'],
  ['outputBias', 'bias of the attention output'],
  ['mlpBias', 'bias of the MLP'],
  ['parallel', 'order of attention and MLP'],
  ['qkvClip', 'clipping of q, k and v'],
  ['queryGrowth', 'growth of queries with their position'],
  ['scoreScale', 'attention score scale'],
  ['residualScale', 'residual multiplier'],
  ['attentionSoftCap', 'attention soft cap']
] as const satisfies readonly (readonly [keyof DecoderSpec, string])[]

/** Everything that keeps layers of base from being put into post; empty when nothing does. */
export function pairErrors(base: PairMember, post: PairMember): PairError[] {
  return [
    ...specErrors('base', base.spec, post.spec),
    ...tensorErrors('base', base),
    ...tensorErrors('post', post)
  ]
}

/** Everything that keeps a whole checkpoint from being computed beside a pair; empty when nothing does. */
export function otherErrors(other: PairMember, post: PairMember): PairError[] {
  return [...specErrors('the checkpoint', other.spec, post.spec), ...tensorErrors('the checkpoint', other)]
}

function specErrors(label: string, own: DecoderSpec, post: DecoderSpec): PairError[] {
  const differs = (trait: string, inOwn: unknown, inPost: unknown): PairError => {
    const short = [describe(inOwn), describe(inPost)]
    // Numbers that differ further behind the point are written whole.
    const [own, post] = short[0] === short[1] ? [String(inOwn), String(inPost)] : short
    return { code: 'mismatch', message: `The ${trait} differs: ${own} in ${label}, ${post} in post.` }
  }
  if (own.modelType !== post.modelType) {
    return [differs('family (model_type)', own.modelType, post.modelType)]
  }
  const errors = BLOCK_TRAITS.flatMap(([trait, name]) =>
    isDeepStrictEqual(own[trait], post[trait]) ? [] : [differs(name, own[trait], post[trait])]
  )
  const layers = own.layers.map(({ experts }, layer) => ({
    layer,
    own: expertsInWords(experts),
    post: expertsInWords(post.layers[layer]?.experts ?? null)
  }))
  const other = layers.find((layer) => layer.own !== layer.post)
  if (own.layerCount !== post.layerCount || other === undefined) return errors
  return [...errors, differs(`number or size of experts in layer ${other.layer}`, other.own, other.post)]
}

function expertsInWords(experts: Experts | null): string {
  return experts === null ? 'none' : `${experts.count} of ${experts.size}`
}

function describe(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(4)))
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** As transformers 5 holds them in memory; it writes each by itself. */
const JOINED_EXPERTS = /\.experts\.(gate_up_proj|down_proj)$/

function tensorErrors(label: string, { checkpoint, spec, used }: PairMember): PairError[] {
  const joined = hasExperts(spec) && [...checkpoint.tensors.keys()].find((name) => JOINED_EXPERTS.test(name))
  if (typeof joined === 'string') {
    const message =
      `${label} (${checkpoint.path}): tensor ${quoteName(joined)} is of all experts of a layer, expected tensors for each expert: ` +
      "in transformers 5, make the model by from_config, load this one's state_dict into it, and save that with save_pretrained."
    return [{ code: 'unsupported', message }]
  }
  const errors = [...used.layers, ...used.whole].flatMap(({ name, shape }): PairError[] => {
    const entry = checkpoint.tensors.get(name)
    const failed = (code: ProblemCode, what: string): PairError[] => [
      { code, message: `${label} (${checkpoint.path}): tensor ${quoteName(name)} ${what}` }
    ]
    if (entry === undefined) return failed('bad-file', 'is missing.')
    if (String(entry.shape) !== String(shape)) {
      const shapes = `[${entry.shape.join(', ')}], expected [${shape.join(', ')}]`
      return failed('bad-file', `has the shape ${shapes} by config.json.`)
    }
    if (isWeightDtype(entry.dtype)) return []
    const stored = `is stored as ${entry.dtype}, expected F32, F16 or BF16: use the unquantised checkpoint.`
    return failed('unsupported', stored)
  })
  const rest = errors.length - MAX_TENSOR_ERRORS
  if (rest <= 0) return errors
  const summary = `${label} (${checkpoint.path}): ${rest} more tensors are missing or do not fit.`
  return [...errors.slice(0, MAX_TENSOR_ERRORS), { code: 'bad-file', message: summary }]
}
