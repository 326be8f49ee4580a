import { isDeepStrictEqual } from 'node:util'
import type { ProblemCode } from '../../contract/model/problem'
import {
  canonicalTensorName,
  type DecoderSpec,
  type Experts,
  hasExperts,
  type TensorSpec,
  wholeModelTensors
} from '../family'
import { isWeightDtype } from './dtype'
import { quoteName } from '../base/json-object'
import type { PairMember } from './pair-member'

export interface PairError {
  code: ProblemCode
  message: string
}

/** Most tensor errors that are listed one by one. */
const MAX_TENSOR_ERRORS = 20

/** Traits of a decoder that must be equal in both models of a pair, with words for errors. */
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
  ['attentionScale', 'attention multiplier'],
  ['stateScale', 'state multiplier'],
  ['gateScale', 'gate multiplier'],
  ['stateInputScales', 'multipliers of state inputs'],
  ['attentionSoftCap', 'attention soft cap']
] as const satisfies readonly (readonly [keyof DecoderSpec, string])[]

/** Lists all reasons why layers of base cannot be restored in post; empty if they can. */
export function pairErrors(base: PairMember, post: PairMember): PairError[] {
  if (base.checkpoint.path === post.checkpoint.path) return tensorErrors('base and post', post)
  return [...specErrors('base', base.spec, post.spec), ...tensorErrors('base', base), ...tensorErrors('post', post)]
}

/** Lists all reasons why another checkpoint cannot be computed as a whole model and compared with a pair. */
export function otherErrors(other: PairMember, post: PairMember): PairError[] {
  return [...specErrors('the checkpoint', other.spec, post.spec), ...tensorErrors('the checkpoint', other)]
}

function specErrors(label: string, spec: DecoderSpec, post: DecoderSpec): PairError[] {
  const differs = (trait: string, value: unknown, postValue: unknown): PairError => {
    const [short, shortPost] = [describe(value), describe(postValue)]
    // Numbers that agree in four digits are written in full.
    const [text, postText] = short === shortPost ? [String(value), String(postValue)] : [short, shortPost]
    return { code: 'mismatch', message: `The ${trait} differs: ${text} in ${label}, ${postText} in post.` }
  }
  if (spec.modelType !== post.modelType) {
    return [differs('family (model_type)', spec.modelType, post.modelType)]
  }
  const errors = BLOCK_TRAITS.flatMap(([trait, name]) =>
    isDeepStrictEqual(spec[trait], post[trait]) ? [] : [differs(name, spec[trait], post[trait])]
  )
  const layers = spec.layers.map(({ experts }, layer) => ({
    layer,
    experts: expertsInWords(experts),
    postExperts: expertsInWords(post.layers[layer]?.experts ?? null)
  }))
  const difference = layers.find((layer) => layer.experts !== layer.postExperts)
  if (spec.layerCount !== post.layerCount || difference === undefined) return errors
  const { layer, experts, postExperts } = difference
  return [...errors, differs(`number or size of experts in layer ${layer}`, experts, postExperts)]
}

function expertsInWords(experts: Experts | null): string {
  return experts === null ? 'none' : `${experts.count} of ${experts.size}`
}

function describe(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(4)))
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const TIED_HEAD_ADVICE = ' If the embeddings are the head, set "tie_word_embeddings" to true in config.json.'

/** Finds the prefix of a wrapper, such as `module.`, before the names of required tensors; null if there is none. */
function foreignPrefix(tensors: ReadonlyMap<string, unknown>, required: readonly TensorSpec[]): string | null {
  const [first] = required
  if (first === undefined || required.some(({ name }) => tensors.has(name))) return null
  for (const name of tensors.keys()) {
    for (let end = name.indexOf('.') + 1; end !== 0; end = name.indexOf('.', end) + 1) {
      if (canonicalTensorName(name.slice(end)) === first.name) return name.slice(0, end)
    }
  }
  return null
}

/** Matches tensors of all experts of a layer. transformers 5 has them in memory, and writes each expert separately. */
const JOINED_EXPERTS = /\.experts\.(gate_up_proj|down_proj)$/

function tensorErrors(label: string, { checkpoint, spec, requiredTensors: used }: PairMember): PairError[] {
  const expectsJoined = !hasExperts(spec) || spec.family.experts?.joined === true
  const joined = !expectsJoined && [...checkpoint.tensors.keys()].find((name) => JOINED_EXPERTS.test(name))
  if (typeof joined === 'string') {
    const message =
      `${label} (${checkpoint.path}): tensor ${quoteName(joined)} is of all experts of a layer, expected tensors for ` +
      "each expert: in transformers 5, make the model by from_config, load this one's state_dict into it, and save " +
      'that with save_pretrained.'
    return [{ code: 'unsupported', message }]
  }
  const headName = spec.tiedHead ? null : wholeModelTensors(spec).head.name
  const required = [...used.layers, ...used.whole]
  const prefix = foreignPrefix(checkpoint.tensors, required)
  if (prefix !== null) {
    const message =
      `${label} (${checkpoint.path}): names of tensors begin with ${quoteName(prefix)}, as those of a wrapped model. ` +
      'Save the model inside with save_pretrained, or remove this prefix from the names.'
    return [{ code: 'bad-file', message }]
  }
  const errors = required.flatMap(({ name, shape }): PairError[] => {
    const entry = checkpoint.tensors.get(name)
    const failed = (code: ProblemCode, what: string): PairError[] => [
      { code, message: `${label} (${checkpoint.path}): tensor ${quoteName(name)} ${what}` }
    ]
    if (entry === undefined) return failed('bad-file', `is missing.${name === headName ? TIED_HEAD_ADVICE : ''}`)
    if (String(entry.shape) !== String(shape)) {
      const shapes = `[${entry.shape.join(', ')}], expected [${shape.join(', ')}]`
      return failed('bad-file', `has the shape ${shapes} by config.json.`)
    }
    if (isWeightDtype(entry.dtype)) return []
    const stored = `is stored as ${entry.dtype}, expected F32, F16 or BF16: use the unquantised checkpoint.`
    return failed('unsupported', stored)
  })
  const unlisted = errors.length - MAX_TENSOR_ERRORS
  if (unlisted <= 0) return errors
  const summary = `${label} (${checkpoint.path}): ${unlisted} more tensors are missing or do not fit.`
  return [...errors.slice(0, MAX_TENSOR_ERRORS), { code: 'bad-file', message: summary }]
}
