import { isDeepStrictEqual } from 'node:util'
import type { EvaluationVariant } from '../../contract/documents/evaluation'
import type { Variant } from '../../contract/documents/samples'
import {
  type LayerStrength,
  type Recipe,
  type SourcedRanges,
  sourcedRangesFromText
} from '../../contract/model/recipe'
import { rivalText } from '../../contract/model/rival'
import type { Sampling } from '../../contract/model/sampling'
import { blendStrengths, isPostLayer } from '../../contract/model/strengths'
import { yamlText } from './templates'

/** Lines of YAML; what the file cannot say is a comment. */
export type Lines = string[]

/**
 * An entry of `variants`, of which more lines than the first are indented.
 *
 * @param otherwise the task's sampler
 */
export function variantLines(
  { variant, sampling, ...asking }: EvaluationVariant,
  otherwise: Sampling
): Lines {
  const { name } = variant
  const sampler = sampling === undefined ? [] : samplerLines(sampling, otherwise)
  if (sampler === null)
    return [`# ${yamlText(name)} had a repetition penalty of its own, which a study has not`]
  const asked = [
    ...Object.entries(asking).map(([field, value]) => `${field}: ${JSON.stringify(value)}`),
    ...sampler
  ]
  const isWhole = variant.kind === 'base' || variant.kind === 'post'
  if (isWhole && name === variant.kind && asked.length === 0) return [`- ${name}`]
  const [first, ...more] = modelLines(variant)
  return [`- ${first}`, ...[`name: ${yamlText(name)}`, ...more, ...asked].map((line) => `  ${line}`)]
}

/** Null for what a study cannot say. */
function samplerLines(
  { temperature, topK, topP, minP, repetitionPenalty }: Sampling,
  otherwise: Sampling
): Lines | null {
  if (repetitionPenalty !== otherwise.repetitionPenalty) return null
  return [`sampler: { temperature: ${temperature}, top-k: ${topK ?? 0}, top-p: ${topP}, min-p: ${minP} }`]
}

/** What says which model it is. */
function modelLines(variant: Variant): [string, ...string[]] {
  switch (variant.kind) {
    case 'base':
    case 'post':
      return [`model: ${variant.kind}`]
    case 'recipe':
      return [recipeLine(variant.recipe)]
    case 'rival':
      return [`rival: ${yamlText(rivalText(variant.rival))}`]
    case 'checkpoint':
      return [`checkpoint: ${yamlText(variant.path)}`]
    case 'file':
      return [`answers: ${JSON.stringify(`${variant.of ?? variant.name}=${variant.path}`)}`]
    case 'endpoint':
      return endpointLines(variant)
  }
}

function recipeLine(recipe: Recipe): string {
  if ('ranges' in recipe) {
    const ranges = recipe.ranges.map(([start, end]) => (start === end ? start : `${start}-${end}`))
    return `restore: ${ranges.join()}`
  }
  const restored = restoredText(recipe.layers)
  if (restored !== null) return `restore: ${yamlText(restored)}`
  const { layers } = recipe
  const strength = layers[0]?.attention
  if (typeof strength === 'number' && isDeepStrictEqual(layers, blendStrengths(strength, layers.length))) {
    return `blend: ${strength}`
  }
  // YAML reads what JSON is.
  return `recipe: ${JSON.stringify(recipe)}`
}

/** Whole layers and whose they are, such as `3-7@sft,9`; null where layers are something else, or a folder cannot be written so. */
function restoredText(layers: readonly LayerStrength[]): string | null {
  const taken = [...layers.entries()].filter(([, layer]) => !isPostLayer(layer))
  if (!taken.every(([, { attention, mlp }]) => attention === 1 && mlp === 1)) return null
  const found: SourcedRanges[] = []
  for (const [index, { source: from }] of taken) {
    const source = from?.path ?? null
    const last = found.at(-1)
    const range = last?.source === source ? last.ranges.at(-1) : undefined
    if (range?.[1] === index - 1) range[1] = index
    else if (last?.source === source) last.ranges.push([index, index])
    else found.push({ source, ranges: [[index, index]] })
  }
  const text = found
    .flatMap(({ source, ranges }) =>
      ranges.map(
        ([start, end]) => `${start === end ? start : `${start}-${end}`}${source === null ? '' : `@${source}`}`
      )
    )
    .join()
  return isDeepStrictEqual(sourcedRangesFromText(text), found) ? text : null
}

function endpointLines({ name, endpoint }: Extract<Variant, { kind: 'endpoint' }>): [string, ...string[]] {
  const { through, model, baseUrl, keyVariable, anyModel, concurrency } = endpoint
  return [
    `${through === 'chat' ? 'endpoint-chat' : 'endpoint'}: ${JSON.stringify(`${name}=${model}@${baseUrl}`)}`,
    ...(keyVariable === undefined ? [] : [`endpoint-key: ${keyVariable}`]),
    ...(anyModel ? ['endpoint-any-model: true'] : []),
    `endpoint-requests: ${concurrency}`
  ]
}
