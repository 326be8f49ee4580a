import type { WorkbenchError } from '../../contract/model/problem'
import { got } from '../../contract/model/look-up'
import { STRENGTH_BOUNDS } from '../../contract/model/recipe'
import { quoteName } from '../base/json-object'
import type { MergekitFile, Slice, Source } from './mergekit-file'
import { type MergedModel, mergedName } from './model-reference'
import { settingValue } from './settings'

export type Refuse = (what: string, hint?: string) => WorkbenchError
/** Which model each name in a file stands for. */
export type Origins = ReadonlyMap<string, MergedModel>

/** How much of base or another checkpoint a tensor takes, and which that is. */
export interface TensorShare {
  readonly strength: number
  readonly of: Exclude<MergedModel, 'post'>
}

const TOLERANCE = 1e-9

const NOTHING: TensorShare = { strength: 0, of: 'base' }
const wholeOf = (model: MergedModel): TensorShare => (model === 'post' ? NOTHING : { strength: 1, of: model })

const mixes = (tensor: string, one: MergedModel, other: MergedModel): string =>
  `${tensor} mixes ${mergedName(one)} with ${mergedName(other)}`
const ONE_SOURCE = 'A layer of a recipe mixes post with base, or with one other checkpoint.'

/** The value of a parameter for a tensor, of one source or of all. */
type Parameter = (name: string, source: Source | null) => number | boolean | null

/** What besides post mergekit would give one tensor. */
export function tensorShare(
  tensor: string,
  t: number,
  slice: Slice,
  config: MergekitFile,
  origins: Origins,
  refuse: Refuse
): TensorShare {
  const parameter: Parameter = (name, source) => {
    for (const settings of [source?.parameters, slice.parameters, config.parameters]) {
      const setting = settings?.[name]
      const value = setting === undefined ? null : settingValue(setting, tensor, t)
      if (value !== null) return value
    }
    return null
  }
  const share = computedShare(tensor, slice, config, origins, parameter, refuse)
  const { strength, of } = share
  const { least, most } = STRENGTH_BOUNDS
  if (strength >= least && strength <= most) return share
  throw refuse(`${tensor} would take ${strength} of ${mergedName(of)}, expected from ${least} to ${most}`)
}

function computedShare(
  tensor: string,
  { sources }: Slice,
  config: MergekitFile,
  origins: Origins,
  parameter: Parameter,
  refuse: Refuse
): TensorShare {
  const weightOf = (source: Source): number => {
    const weight = parameter('weight', source)
    if (typeof weight !== 'number') throw refuse(`${tensor} has no weight for ${quoteName(source.model)}`)
    return weight
  }
  const weights = (): { origin: MergedModel; weight: number }[] =>
    sources.map((source) => ({ origin: got(origins, source.model, 'model'), weight: weightOf(source) }))
  switch (config.merge_method) {
    case 'passthrough': {
      const [source] = sources
      const scale = source === undefined ? null : parameter('scale', source)
      if (scale !== null && scale !== 1) throw refuse(`${tensor} is scaled by ${String(scale)}`)
      return source === undefined ? NOTHING : wholeOf(got(origins, source.model, 'model'))
    }
    case 'linear':
      return linearShare(tensor, weights(), isOn(parameter('normalize', null) ?? true), refuse)
    case 'task_arithmetic': {
      const start = got(origins, config.base_model ?? '', 'model')
      const added = sources.find(({ model }) => origins.get(model) !== start)
      if (added === undefined) return wholeOf(start)
      const lambda = parameter('lambda', null) ?? 1
      if (typeof lambda !== 'number') throw refuse(`the lambda of ${tensor} is ${lambda}, expected a number`)
      const share = lambda * taskShare(weightOf(added), isOn(parameter('normalize', null) ?? false))
      const to = got(origins, added.model, 'model')
      if (start === 'post') return to === 'post' ? NOTHING : { strength: share, of: to }
      if (to === 'post') return { strength: 1 - share, of: start }
      throw refuse(mixes(tensor, start, to), ONE_SOURCE)
    }
  }
}

function linearShare(
  tensor: string,
  weights: readonly { origin: MergedModel; weight: number }[],
  normalize: boolean,
  refuse: Refuse
): TensorShare {
  const total = new Map<MergedModel, number>()
  for (const { origin, weight } of weights) total.set(origin, (total.get(origin) ?? 0) + weight)
  const sum = [...total.values()].reduce((all, weight) => all + weight, 0)
  const sumsToOne = Math.abs(sum - 1) < TOLERANCE
  if (!sumsToOne && (!normalize || !(Math.abs(sum) > TOLERANCE))) {
    throw refuse(
      `the weights of ${tensor} add up to ${sum}`,
      'A blend takes a of base or another checkpoint and 1 - a of post: let the weights add up to 1, or set normalize: true.'
    )
  }
  const taken = [...total].flatMap(([of, weight]) =>
    of === 'post' || weight === 0 ? [] : [{ strength: sumsToOne ? weight : weight / sum, of }]
  )
  const [first = NOTHING, second] = taken
  if (second !== undefined) throw refuse(mixes(tensor, first.of, second.of), ONE_SOURCE)
  return first
}

/** How much of the difference to the one model beside base_model is added: divided by its own weight, it is all of it. */
function taskShare(weight: number, normalize: boolean): number {
  return normalize && Math.abs(weight) >= 1e-8 ? 1 : weight
}

function isOn(flag: number | boolean): boolean {
  return flag !== false && flag !== 0
}
