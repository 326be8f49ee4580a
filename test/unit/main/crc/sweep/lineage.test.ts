import { expect, it } from 'vitest'
import { modelOf } from '../../../../../src/contract/documents/swept-model'
import { elementAt } from '../../../../../src/contract/model/look-up'
import type { Model } from '../../../../../src/contract/model/model'
import { allRanges } from '../../../../../src/contract/model/strengths'
import { stagePairs, stageRange } from '../../../../../src/main/crc/sweep/lineage'
import {
  type BlockSource,
  buildRecipeTrie,
  countEdges,
  otherOrigin,
  type Sharing
} from '../../../../../src/main/engine/tries/recipe-trie'

const LAYERS = 24

/** Numbers the version of each layer that each stage has, from the layers that each stage changes. */
const versionsOf = (changes: readonly ((layer: number) => boolean)[]): number[][] =>
  changes.reduce<number[][]>(
    (versions, changed, stage) => [
      ...versions,
      elementAt(versions, stage, 'stage').map((version, layer) => (changed(layer) ? stage + 1 : version))
    ],
    [Array<number>(LAYERS).fill(0)]
  )

/** Counts the block evaluations of stages against each other. Only base has an embedding and head of its own. */
function evaluations(versions: readonly (readonly number[])[]): number {
  const names = versions.slice(1, -1).map((_, index) => String(index))
  const stages = names.map((name) => ({ name, path: name, fingerprint: name }))
  const version = (stage: number, layer: number): number =>
    elementAt(elementAt(versions, stage, 'stage'), layer, 'layer')
  const post = versions.length - 1
  const blockOf = (stage: number, layer: number): BlockSource => {
    if (version(stage, layer) === version(post, layer)) return { kind: 'recipe', attention: 0, mlp: 0 }
    const first = versions.findIndex((_, other) => version(other, layer) === version(stage, layer))
    const whole = { kind: 'recipe', attention: 1, mlp: 1 } as const
    return first === 0 ? whole : { ...whole, from: otherOrigin(String(first - 1)) }
  }
  const sharing: Sharing = {
    layerCount: LAYERS,
    identical: (layer) => version(0, layer) === version(post, layer),
    ...{ lossless: true, computesAlike: true },
    others: new Map(
      names.map((name, index) => [
        otherOrigin(name),
        { origin: 'post', blocks: Array.from({ length: LAYERS }, (_, layer) => blockOf(index + 1, layer)) }
      ])
    )
  }
  const ranges = stagePairs(stages).flatMap((pair) =>
    allRanges(LAYERS).map((range) => modelOf(stageRange(pair, range, LAYERS), { layerCount: LAYERS, source: null }))
  )
  const wholes: Model[] = [{ kind: 'post' }, { kind: 'base' }]
  const others = stages.map((stage): Model => ({ kind: 'checkpoint', ...stage }))
  return countEdges(buildRecipeTrie([...wholes, ...others, ...ranges], sharing))
}

it.each([
  ['two upper layers each', 18, 20, 2, 0.59],
  ['the upper quarter', 18, 18, 6, 0.67],
  ['the upper half', 12, 12, 12, 0.86],
  ['all layers', 0, 0, 24, 0.981]
])('computes shared blocks of four stages once where the last two change %s', (_, dpo, rl, count, share) => {
  const within = (first: number) => (layer: number) => layer >= first && layer < first + count
  const versions = versionsOf([() => true, within(dpo), within(rl)])
  const separate = versions.flatMap((target, index) =>
    versions.slice(0, index).map((source) => evaluations([source, target]))
  )
  const ratio = evaluations(versions) / separate.reduce((sum, each) => sum + each, 0)
  expect(ratio).toBeLessThan(share)
  expect(ratio).toBeGreaterThan(share - 0.01)
})
