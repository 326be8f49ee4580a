import type { WorkbenchError } from '../../contract/model/problem'
import { got } from '../../contract/model/look-up'
import { STRENGTH_BOUNDS } from '../../contract/model/recipe'
import { quoteName } from '../base/json-object'
import type { MergekitFile, Slice, Source } from './mergekit-file'
import { settingValue } from './settings'

export type Refuse = (what: string, hint?: string) => WorkbenchError
/** Which model of the pair each name in a file stands for. */
export type Origins = ReadonlyMap<string, 'base' | 'post'>

const TOLERANCE = 1e-9

/** The value of a parameter for a tensor, of one source or of all. */
type Parameter = (name: string, source: Source | null) => number | boolean | null

/** How much of base mergekit would give one tensor. */
export function tensorStrength(
  tensor: string,
  t: number,
  slice: Slice,
  config: MergekitFile,
  origins: Origins,
  refuse: Refuse
): number {
  const parameter: Parameter = (name, source) => {
    for (const settings of [source?.parameters, slice.parameters, config.parameters]) {
      const setting = settings?.[name]
      const value = setting === undefined ? null : settingValue(setting, tensor, t)
      if (value !== null) return value
    }
    return null
  }
  const strength = computedStrength(tensor, slice, config, origins, parameter, refuse)
  const { least, most } = STRENGTH_BOUNDS
  if (strength >= least && strength <= most) return strength
  throw refuse(`${tensor} would take ${strength} of base, expected from ${least} to ${most}`)
}

function computedStrength(
  tensor: string,
  { sources }: Slice,
  config: MergekitFile,
  origins: Origins,
  parameter: Parameter,
  refuse: Refuse
): number {
  const weightOf = (source: Source): number => {
    const weight = parameter('weight', source)
    if (typeof weight !== 'number') throw refuse(`${tensor} has no weight for ${quoteName(source.model)}`)
    return weight
  }
  const weights = (): { origin: 'base' | 'post'; weight: number }[] =>
    sources.map((source) => ({ origin: got(origins, source.model, 'model'), weight: weightOf(source) }))
  switch (config.merge_method) {
    case 'passthrough': {
      const [source] = sources
      const scale = source === undefined ? null : parameter('scale', source)
      if (scale !== null && scale !== 1) throw refuse(`${tensor} is scaled by ${String(scale)}`)
      return origins.get(source?.model ?? '') === 'base' ? 1 : 0
    }
    case 'linear':
      return linearStrength(tensor, weights(), isOn(parameter('normalize', null) ?? true), refuse)
    case 'task_arithmetic': {
      const start = got(origins, config.base_model ?? '', 'model')
      const added = sources.find(({ model }) => origins.get(model) !== start)
      if (added === undefined) return start === 'base' ? 1 : 0
      const lambda = parameter('lambda', null) ?? 1
      if (typeof lambda !== 'number') throw refuse(`the lambda of ${tensor} is ${lambda}, expected a number`)
      const share = lambda * taskShare(weightOf(added), isOn(parameter('normalize', null) ?? false))
      return start === 'base' ? 1 - share : share
    }
  }
}

function linearStrength(
  tensor: string,
  weights: readonly { origin: 'base' | 'post'; weight: number }[],
  normalize: boolean,
  refuse: Refuse
): number {
  const total = { base: 0, post: 0 }
  for (const { origin, weight } of weights) total[origin] += weight
  const sum = total.base + total.post
  const sumsToOne = Math.abs(sum - 1) < TOLERANCE
  if (!sumsToOne && (!normalize || !(Math.abs(sum) > TOLERANCE))) {
    throw refuse(
      `the weights of ${tensor} add up to ${sum}`,
      'A blend takes a of base and 1 - a of post: let the weights add up to 1, or set normalize: true.'
    )
  }
  return sumsToOne ? total.base : total.base / sum
}

/** How much of the difference to the one model beside base_model is added: divided by its own weight, it is all of it. */
function taskShare(weight: number, normalize: boolean): number {
  return normalize && Math.abs(weight) >= 1e-8 ? 1 : weight
}

function isOn(flag: number | boolean): boolean {
  return flag !== false && flag !== 0
}
