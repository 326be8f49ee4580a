import { modelOf, type SweptModel } from '../../../contract/documents/swept-model'
import { elementAt } from '../../../contract/model/look-up'
import { packPrompts, type PromptPrefixes } from '../../engine/tries/prompt-trie'
import { buildRecipeTrie, nodePath, noSharing } from '../../engine/tries/recipe-trie'

/**
 * Computes the cost of scoring models on prompts: the number of rows that go through a block (a decoder layer). It is
 * the number of distinct block evaluations of the models, times the number of distinct token prefixes of the prompts.
 */
export class PreviewCost {
  private readonly modelEvaluations: DistinctCounter
  private readonly promptRows: DistinctCounter

  constructor(layerCount: number, models: readonly SweptModel[], prefixes: readonly PromptPrefixes[]) {
    this.modelEvaluations = new DistinctCounter(evaluationsOf(layerCount, models))
    const { paths } = packPrompts(prefixes.flat())
    let start = 0
    const rowsOf = ({ length }: PromptPrefixes): Int32Array => {
      start += length
      return joined(paths.slice(start - length, start))
    }
    this.promptRows = new DistinctCounter(prefixes.map(rowsOf))
  }

  /** Returns the cost of models on prompts, both given by their indices. */
  of(models: readonly number[], prompts: readonly number[]): number {
    return this.evaluations(models) * this.countRows(prompts)
  }

  /** Counts the additional evaluations of models after the models `before` were computed on the same prompts. */
  evaluationsAfter(before: readonly number[]): (models: readonly number[]) => number {
    const evaluationsBefore = this.evaluations(before)
    return (models) => this.evaluations([...before, ...models]) - evaluationsBefore
  }

  /** Counts the distinct block evaluations of models. @param models indices of the models */
  evaluations(models: readonly number[]): number {
    return this.modelEvaluations.count(models)
  }

  /** Counts the rows of prompts. @param prompts indices of the prompts */
  countRows(prompts: readonly number[]): number {
    return this.promptRows.count(prompts)
  }
}

/** Counts distinct parts of items without allocation, because thousands of draws are counted. */
class DistinctCounter {
  /** Number of the last count in which each part occurred. */
  private readonly lastCount: Int32Array
  private counts = 0

  constructor(private readonly partsOf: readonly Int32Array[]) {
    const maxPart = partsOf.reduce((max, parts) => parts.reduce((a, b) => Math.max(a, b), max), -1)
    this.lastCount = new Int32Array(maxPart + 1)
  }

  /** @param items indices of the items */
  count(items: readonly number[]): number {
    const { lastCount } = this
    this.counts++
    let distinct = 0
    for (const index of items) {
      for (const part of elementAt(this.partsOf, index, 'index')) {
        if (lastCount[part] === this.counts) continue
        lastCount[part] = this.counts
        distinct++
      }
    }
    return distinct
  }
}

function joined(paths: readonly Int32Array[]): Int32Array {
  return Int32Array.from(paths.flatMap((path) => [...path]))
}

/**
 * Numbers all block evaluations, and returns the numbers that each model needs. Recipes share an evaluation if their
 * lower layers are equal. Checkpoints share none.
 */
function evaluationsOf(layerCount: number, models: readonly SweptModel[]): Int32Array[] {
  const inPair = models.filter(({ kind }) => kind !== 'checkpoint')
  const trie = buildRecipeTrie(
    inPair.map((model) => modelOf(model, { layerCount, source: null })),
    noSharing(layerCount)
  )
  let next = 0
  // Number of the first evaluation of each level of the trie.
  const firstOf = trie.levels.map(({ nodes }) => {
    next += nodes.length
    return next - nodes.length
  })
  let pairModel = 0
  return models.map(({ kind }) => {
    if (kind === 'checkpoint') return Int32Array.from({ length: layerCount }, () => next++)
    return Int32Array.from(nodePath(trie, pairModel++), (node, level) => elementAt(firstOf, level, 'level') + node)
  })
}
