import { isDeepStrictEqual } from 'node:util'
import type { DecoderSpec } from '../family'
import type { Rope } from '../family/rope'

/**
 * What two models of one shape compute differently with the same weights, in words: norm epsilon, attention windows and
 * position embedding. Each is as the first layer has it in which they differ.
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
  const layers = own.layers.flatMap((layer, i) => {
    const other = post.layers[i]
    return other === undefined ? [] : [[layer, other] as const]
  })
  const windows = layers.find(([{ window }, other]) => window !== other.window)
  if (windows !== undefined) {
    const [inOwn, inPost] = windows.map(({ window }) => describeWindow(window))
    differences.push(differs('attention window', inOwn ?? '', inPost ?? ''))
  }
  const ropes = layers.find(([{ rope }, other]) => !isDeepStrictEqual(rope, other.rope))
  if (ropes !== undefined) {
    const [inOwn, inPost] = ropes.map(({ rope }) => describeRope(rope))
    differences.push(differs('position embedding', inOwn ?? '', inPost ?? ''))
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
