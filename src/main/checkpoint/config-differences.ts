import { isDeepStrictEqual } from 'node:util'
import { elementAt } from '../../contract/model/look-up'
import type { DecoderSpec, Experts } from '../family'
import type { Rope } from '../family/rope'

/**
 * What two models of one shape compute differently with the same weights, in words: norm epsilon, attention windows,
 * position embedding and how experts are chosen. Each is as the first layer has it in which they differ.
 *
 * @param label what the first is called; the second is post
 */
export function configDifferences(label: string, own: DecoderSpec, post: DecoderSpec): string[] {
  const differs = (trait: string, inOwn: string, inPost: string): string =>
    `${trait} (${inOwn} in ${label}, ${inPost} in post)`
  const differences: string[] = []
  if (own.normEpsilon !== post.normEpsilon) {
    differences.push(differs('norm epsilon', String(own.normEpsilon), String(post.normEpsilon)))
  }
  const layers = own.layers.map((layer, i) => ({ layer, other: elementAt(post.layers, i, 'layer') }))
  const windows = layers.find(({ layer, other }) => layer.window !== other.window)
  if (windows !== undefined) {
    const { layer, other } = windows
    differences.push(differs('attention window', describeWindow(layer.window), describeWindow(other.window)))
  }
  const ropes = layers.find(({ layer, other }) => !isDeepStrictEqual(layer.rope, other.rope))
  if (ropes !== undefined) {
    const { layer, other } = ropes
    differences.push(differs('position embedding', describeRope(layer.rope), describeRope(other.rope)))
  }
  const experts = layers.find(({ layer, other }) => !isDeepStrictEqual(layer.experts, other.experts))
  if (experts !== undefined) {
    const { layer, other } = experts
    differences.push(
      differs('choice of experts', describeChoice(layer.experts), describeChoice(other.experts))
    )
  }
  return differences
}

/** What a user should know of a base that computes otherwise than post; null where it does not. */
export function baseComputesOtherwise(base: DecoderSpec, post: DecoderSpec): string | null {
  const differences = configDifferences('base', base, post)
  if (differences.length === 0) return null
  return (
    `The configs of base and post differ in ${differences.join(', ')}: restored layers are computed as post's config says, as in an ` +
    "export, and base as a whole as its own says. Layers that were trained for base's config may do worse under post's."
  )
}

function describeChoice(experts: Experts | null): string {
  if (experts === null) return 'none'
  return `${experts.perRow} for a token, ${experts.normed ? 'weights that sum to one' : 'weighted by their probabilities'}`
}

function describeWindow(window: number | null): string {
  return window === null ? 'none' : `${window.toLocaleString('en-US')} tokens`
}

function describeRope(rope: Rope): string {
  if (rope.kind === 'none') return 'none'
  const theta = `RoPE with θ ${rope.theta.toLocaleString('en-US')}`
  if (rope.kind === 'default') return theta
  return 'factor' in rope
    ? `${theta}, stretched ${rope.factor} times (${rope.kind})`
    : `${theta}, ${rope.kind}`
}
