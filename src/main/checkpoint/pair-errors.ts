import { isDeepStrictEqual } from 'node:util'
import type { ProblemCode } from '../../contract/problem'
import { layerTensors, wholeModelTensors, type DecoderSpec, type TensorSpec } from '../family'
import { isWeightDtype } from './dtype'
import { quoteName } from './json-object'
import type { PairMember } from './pair'

export interface PairError {
  code: ProblemCode
  message: string
}

/** Beyond these a list says no more than their number. */
const MAX_TENSOR_ERRORS = 20

/** What decides how a block computes, and what people call it. Whatever comes from post alone is not here. */
const BLOCK_TRAITS = [
  ['layerCount', 'number of decoder layers'],
  ['hiddenSize', 'hidden size'],
  ['intermediateSize', 'MLP size'],
  ['headCount', 'number of attention heads'],
  ['kvHeadCount', 'number of key-value heads'],
  ['headSize', 'head size'],
  ['rotarySize', 'number of rotary dimensions'],
  ['normEpsilon', 'norm epsilon'],
  ['activation', 'activation'],
  ['qkvBias', 'bias of q, k and v'],
  ['outputBias', 'bias of the attention output'],
  ['mlpBias', 'bias of the MLP'],
  ['scoreScale', 'attention score scale'],
  ['attentionSoftCap', 'attention soft cap']
] as const satisfies readonly (readonly [keyof DecoderSpec, string])[]

/** Everything that keeps layers of base from being put into post; empty when nothing does. */
export function pairErrors(base: PairMember, post: PairMember): PairError[] {
  return [...specErrors(base.spec, post.spec), ...tensorErrors('base', base), ...tensorErrors('post', post)]
}

/** Tensors that a model computes with: those of its layers, then embedding, final norm and head. */
export function usedTensors(spec: DecoderSpec): TensorSpec[] {
  const { embedding, finalNorm, head } = wholeModelTensors(spec)
  return [...allLayerTensors(spec), embedding, finalNorm, ...(head === embedding ? [] : [head])]
}

export function allLayerTensors(spec: DecoderSpec): TensorSpec[] {
  return Array.from({ length: spec.layerCount }, (_, layer) => layerTensors(spec, layer)).flat()
}

function specErrors(base: DecoderSpec, post: DecoderSpec): PairError[] {
  if (base.modelType !== post.modelType) {
    return [differs('family (model_type)', base.modelType, post.modelType)]
  }
  const errors = BLOCK_TRAITS.flatMap(([trait, label]) =>
    base[trait] === post[trait] ? [] : [differs(label, base[trait], post[trait])]
  )
  const layer = base.layers.findIndex((inBase, i) => !isDeepStrictEqual(inBase, post.layers[i] ?? inBase))
  if (layer !== -1) {
    errors.push(
      differs(
        `attention window or position embedding of layer ${layer}`,
        base.layers[layer],
        post.layers[layer]
      )
    )
  }
  return errors
}

function differs(label: string, inBase: unknown, inPost: unknown): PairError {
  return {
    code: 'mismatch',
    message: `The ${label} differs: ${describe(inBase)} in base, ${describe(inPost)} in post.`
  }
}

function describe(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function tensorErrors(label: 'base' | 'post', { checkpoint, spec }: PairMember): PairError[] {
  const errors = usedTensors(spec).flatMap((expected): PairError[] => {
    const entry = checkpoint.tensors.get(expected.name)
    const what = `${label} (${checkpoint.path}): tensor ${quoteName(expected.name)}`
    if (entry === undefined) return [{ code: 'bad-file', message: `${what} is missing.` }]
    if (!isDeepStrictEqual(entry.shape, [...expected.shape])) {
      const shapes = `[${entry.shape.join(', ')}], expected [${expected.shape.join(', ')}]`
      return [{ code: 'bad-file', message: `${what} has the shape ${shapes} by config.json.` }]
    }
    if (!isWeightDtype(entry.dtype)) {
      const message = `${what} is stored as ${entry.dtype}, expected F32, F16 or BF16: use the unquantised checkpoint.`
      return [{ code: 'unsupported', message }]
    }
    return []
  })
  const rest = errors.length - MAX_TENSOR_ERRORS
  if (rest <= 0) return errors
  const summary = `${label} (${checkpoint.path}): ${rest} more tensors are missing or do not fit.`
  return [...errors.slice(0, MAX_TENSOR_ERRORS), { code: 'bad-file', message: summary }]
}
