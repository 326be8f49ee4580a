import { mapGet } from '../../contract/model/look-up'
import type { WorkbenchError } from '../../contract/model/problem'
import { STRENGTH_BOUNDS } from '../../contract/model/recipe'
import { quoteName } from '../base/json-object'
import { type MergekitFile, Quantity, type Slice, type Source } from './mergekit-file'
import { type MergedModel, mergedName } from './model-reference'

/** Builds the error for a mergekit file that is no recipe. */
export type Refuse = (message: string, hint?: string) => WorkbenchError

/** The model that each reference in a mergekit file means. */
export type Origins = ReadonlyMap<string, MergedModel>

/** The share of a layer that mergekit takes from a model other than post. */
export interface SliceShare {
  readonly strength: number
  readonly source: Exclude<MergedModel, 'post'>
}

/** Weights add up to 1 within this difference. */
const TOLERANCE = 1e-9
/** The share of a slice that is all post. */
const ALL_POST: SliceShare = { strength: 0, source: 'base' }

interface SliceContext {
  readonly label: string
  readonly slice: Slice
  readonly config: MergekitFile
  readonly origins: Origins
  readonly refuse: Refuse
}

/** Computes the share of a slice that mergekit takes from base or another checkpoint. @param index from 0 */
export function sliceShare(
  index: number,
  slice: Slice,
  config: MergekitFile,
  origins: Origins,
  refuse: Refuse
): SliceShare {
  const context: SliceContext = { label: `slice ${index + 1}`, slice, config, origins, refuse }
  const share = config.merge_method === 'linear' ? linearShare(context) : passthroughShare(context)
  const { least, most } = STRENGTH_BOUNDS
  if (share.strength >= least && share.strength <= most) return share
  throw refuse(
    `${context.label} would take ${share.strength} of ${mergedName(share.source)}, expected from ${least} to ${most}`
  )
}

/** Reads a parameter that is set for the source, else for its slice, else for the file; null if it is not set. */
function parameter(name: string, source: Source | null, { label, slice, config, refuse }: SliceContext): number | null {
  const value = [source?.parameters, slice.parameters, config.parameters]
    .map((settings) => settings?.[name])
    .find((setting) => setting !== undefined)
  if (value === undefined) return null
  if (typeof value === 'boolean') return Number(value)
  const parsed = Quantity.safeParse(value)
  if (parsed.success) return parsed.data
  throw refuse(
    `the ${name} of ${label} is no single number`,
    'Gradients and filters on tensor names are not read. Write one slice, with one weight for each model, for ' +
      'each run of equal layers.'
  )
}

function passthroughShare(context: SliceContext): SliceShare {
  const { label, slice, origins, refuse } = context
  const [source, second] = slice.sources
  if (second !== undefined) throw refuse(`${label} has ${slice.sources.length} sources; passthrough takes one`)
  if (source === undefined) return ALL_POST
  const scale = parameter('scale', source, context)
  if (scale !== null && scale !== 1) throw refuse(`${label} is scaled by ${scale}`)
  const origin = mapGet(origins, source.model, 'model')
  return origin === 'post' ? ALL_POST : { strength: 1, source: origin }
}

function linearShare(context: SliceContext): SliceShare {
  const { label, slice, origins, refuse } = context
  const weights = new Map<MergedModel, number>()
  for (const source of slice.sources) {
    const weight = parameter('weight', source, context)
    if (weight === null) throw refuse(`${label} has no weight for ${quoteName(source.model)}`)
    const origin = mapGet(origins, source.model, 'model')
    weights.set(origin, (weights.get(origin) ?? 0) + weight)
  }
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0)
  const sumsToOne = Math.abs(sum - 1) < TOLERANCE
  const isNormalized = parameter('normalize', null, context) !== 0
  if (!sumsToOne && (!isNormalized || Math.abs(sum) <= TOLERANCE)) {
    throw refuse(
      `the weights of ${label} add up to ${sum}`,
      'Let the weights of post and one other model add up to 1, or set normalize: true.'
    )
  }
  const shares = [...weights].flatMap(([source, weight]): SliceShare[] =>
    source === 'post' || weight === 0 ? [] : [{ strength: sumsToOne ? weight : weight / sum, source }]
  )
  const [share, second] = shares
  if (share === undefined) return ALL_POST
  if (second === undefined) return share
  throw refuse(
    `${label} mixes ${mergedName(share.source)} with ${mergedName(second.source)}`,
    'A layer of a recipe mixes post with base, or with one other checkpoint.'
  )
}
