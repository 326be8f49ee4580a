import { modelOf, type SweptModel } from '../../../contract/documents/swept-model'
import { at } from '../../../contract/model/look-up'
import { packPrompts, type PromptPlaces } from '../../engine/tries/prompt-trie'
import { buildRecipeTrie, nodePath } from '../../engine/tries/recipe-trie'

/**
 * What it takes to score models on prompts, in rows of one block: evaluations of blocks, times the distinct prefixes of the prompts.
 * Layers that are the same in base and post are not known here: where there are any, a sweep takes less.
 */
export class PreviewCost {
  private readonly ofModels: Shares
  private readonly ofPrompts: Shares

  constructor(layerCount: number, models: readonly SweptModel[], places: readonly PromptPlaces[]) {
    this.ofModels = new Shares(evaluationsOf(layerCount, models))
    const { paths } = packPrompts(places.flat())
    let first = 0
    this.ofPrompts = new Shares(places.map(({ length }) => paths.slice(first, (first += length))).map(joined))
  }

  of(models: readonly number[], prompts: readonly number[]): number {
    return this.evaluations(models) * this.prefixes(prompts)
  }

  /** What models take beside others that were computed on the same prompts, whose states are there. */
  evaluationsAfter(before: readonly number[]): (models: readonly number[]) => number {
    const there = this.evaluations(before)
    return (models) => this.evaluations([...before, ...models]) - there
  }

  /** @param models indices of them */
  evaluations(models: readonly number[]): number {
    return this.ofModels.count(models)
  }

  /** @param prompts indices of them */
  prefixes(prompts: readonly number[]): number {
    return this.ofPrompts.count(prompts)
  }
}

/** Things that are made of numbered parts, which they share: draws of prompts and picks of models are counted by the thousand. */
class Shares {
  /** By part, in which count it was met last. */
  private readonly met: Int32Array
  private counts = 0

  constructor(private readonly partsOf: readonly Int32Array[]) {
    const most = partsOf.reduce((most, parts) => parts.reduce((a, b) => Math.max(a, b), most), -1)
    this.met = new Int32Array(most + 1)
  }

  /** Distinct parts of some of them. */
  count(some: readonly number[]): number {
    const { met } = this
    this.counts++
    let distinct = 0
    for (const index of some) {
      for (const part of at(this.partsOf, index, 'index')) {
        if (met[part] === this.counts) continue
        met[part] = this.counts
        distinct++
      }
    }
    return distinct
  }
}

function joined(paths: readonly Int32Array[]): Int32Array {
  return Int32Array.from(paths.flatMap((path) => [...path]))
}

/** Of each model the evaluations that it takes, numbered: those of the pair as they share them, those of another checkpoint its own. */
function evaluationsOf(layerCount: number, models: readonly SweptModel[]): Int32Array[] {
  const inPair = models.filter(({ kind }) => kind !== 'checkpoint')
  const trie = buildRecipeTrie(
    inPair.map((model) => modelOf(model, { layerCount, source: null })),
    { layerCount, identical: () => false, lossless: true, alike: true, others: new Map() }
  )
  let next = 0
  const firstOf = trie.levels.map(({ nodes }) => (next += nodes.length) - nodes.length)
  let place = 0
  return models.map(({ kind }) => {
    if (kind === 'checkpoint') return Int32Array.from({ length: layerCount }, () => next++)
    return Int32Array.from(nodePath(trie, place++), (node, level) => at(firstOf, level, 'level') + node)
  })
}
