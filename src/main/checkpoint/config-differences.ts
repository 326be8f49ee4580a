import { isDeepStrictEqual } from 'node:util'
import { elementAt } from '../../contract/model/look-up'
import { plural } from '../../contract/words/format'
import type { DecoderSpec, Experts, LayerSpec } from '../family'
import type { Rope } from '../family/rope'

/**
 * Lists settings that make two models of the same shape compute different outputs with equal weights.
 *
 * @param label the name of the first model in the texts
 */
export function configDifferences(label: string, spec: DecoderSpec, post: DecoderSpec): string[] {
  const differs = (trait: string, value: string, postValue: string): string =>
    `${trait} (${value} in ${label}, ${postValue} in post)`
  const differences: string[] = []
  if (spec.normEpsilon !== post.normEpsilon) {
    differences.push(differs('norm epsilon', String(spec.normEpsilon), String(post.normEpsilon)))
  }
  const compareLayers = <Trait>(trait: string, of: (layer: LayerSpec) => Trait, describe: (value: Trait) => string) => {
    const pairs = spec.layers.map((layer, i) => [of(layer), of(elementAt(post.layers, i, 'layer'))] as const)
    const different = pairs.find(([value, postValue]) => !isDeepStrictEqual(value, postValue))
    if (different !== undefined) differences.push(differs(trait, describe(different[0]), describe(different[1])))
  }
  compareLayers('attention window', ({ window }) => window, describeWindow)
  compareLayers('position embedding', ({ rope }) => rope, describeRope)
  compareLayers('choice of experts', ({ experts }) => experts, describeChoice)
  return differences
}

/** Describes how base computes differently from post with the same weights; null if it computes equally. */
export function describeBaseDifferences(base: DecoderSpec, post: DecoderSpec): string | null {
  const differences = configDifferences('base', base, post)
  if (differences.length === 0) return null
  return (
    `The configs of base and post differ in ${differences.join(', ')}: restored layers are computed by the ` +
    "config of post, as in an export. Only base itself uses base's config. Layers that were trained for it " +
    "may do worse under post's."
  )
}

function describeChoice(experts: Experts | null): string {
  if (experts === null) return 'none'
  const { perRow, groups, normed, scale } = experts
  const within = groups === null ? '' : ` from ${groups.perRow} of ${groups.count} groups`
  const weighting = normed ? 'weights that sum to one' : 'weighted by their scores'
  return `${perRow} for a token${within}, ${weighting}${scale === 1 ? '' : `, times ${scale}`}`
}

function describeWindow(window: number | null): string {
  return window === null ? 'none' : plural(window, 'token')
}

function describeRope(rope: Rope): string {
  if (rope.kind === 'none') return 'none'
  const theta = `RoPE with θ ${rope.theta.toLocaleString('en-US')}`
  if (rope.kind === 'default') return theta
  return 'factor' in rope ? `${theta}, stretched ${rope.factor} times (${rope.kind})` : `${theta}, ${rope.kind}`
}
