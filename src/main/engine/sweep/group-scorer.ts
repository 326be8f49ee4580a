import type { EngineSweepEvent, TrackedPrompt } from '../../../contract/procedures/engine'
import type { PairWeights } from '../weights/pair-weights'
import { type AnswerTrie, groupProbabilities } from '../tries/answer-trie'
import { finalRowOfPrompts, type PackedPrompts } from '../tries/prompt-trie'
import { type Origin, originOf, type RecipeTrie } from '../tries/recipe-trie'
import { at, got } from '../../base/look-up'

/** States after the last layer of the leaves that share an embedding and a head. */
export interface FinalStates {
  readonly origin: Origin
  readonly leaves: readonly number[]
  /** Of its leaves end to end, [leaves x rowsPerLeaf, hidden]. */
  readonly hidden: Float32Array
}

/** Distinct tokens that prompts ask about. */
export function trackedTokens(prompts: readonly TrackedPrompt[]): number[] {
  return [...new Set(prompts.flatMap((prompt) => prompt.groups.flat(2)))]
}

/** A distinct place of a group of prompts, which is a row of every leaf. */
export interface AskedRow {
  /** Up to it, the prompt's included. */
  readonly tokens: readonly number[]
  /** Those that may come next and are asked about. */
  readonly next: readonly number[]
}

/** Gathers the final states of one prompt group, and turns what is said of next tokens into probabilities of answers. */
export class GroupScorer {
  readonly finals: readonly FinalStates[]
  /** What is asked of each row of a leaf. */
  readonly rows: readonly AskedRow[]
  private readonly modelsOfLeaf = new Map<number, number[]>()
  /** For each prompt the row of each of its places, and of each token asked for there its place in the row's. */
  private readonly placed: readonly (readonly { row: number; choices: readonly number[] }[])[]

  /**
   * @param promptIndices the group's prompts among the request's
   * @param tries the group's prompts, in that order
   */
  constructor(
    pair: PairWeights,
    trie: RecipeTrie,
    private readonly promptIndices: readonly number[],
    private readonly tries: readonly AnswerTrie[],
    packed: PackedPrompts
  ) {
    const { rows, placed } = askedRows(tries, finalRowOfPrompts(packed))
    this.rows = rows
    this.placed = placed
    trie.leafOf.forEach((leaf, model) => {
      this.modelsOfLeaf.set(leaf, [...(this.modelsOfLeaf.get(leaf) ?? []), model])
    })
    this.finals = trie.roots.map((origin) => {
      const leaves = this.leavesOf(origin, trie)
      const rowCount = leaves.length * rows.length
      return { origin, leaves, hidden: new Float32Array(rowCount * pair.post.spec.hiddenSize) }
    })
  }

  /** @param states after the last layer, [rows of a leaf, hidden] */
  add(leaf: number, states: Float32Array): void {
    for (const { leaves, hidden } of this.finals) {
      const place = leaves.indexOf(leaf)
      if (place !== -1) hidden.set(states, place * states.length)
    }
  }

  /** Rows of an origin's finals. */
  rowsOf({ leaves }: FinalStates): number {
    return leaves.length * this.rows.length
  }

  /** What is asked of a row of an origin's finals. */
  askedOf(row: number): AskedRow {
    return at(this.rows, row % this.rows.length, 'row')
  }

  /** A model that has this row of an origin's finals. */
  modelOf({ leaves }: FinalStates, row: number): number {
    const leaf = at(leaves, Math.floor(row / this.rows.length), 'leaf')
    return at(got(this.modelsOfLeaf, leaf, 'leaf'), 0, 'model')
  }

  /** States after the last layer of one leaf, [rows of a leaf, hidden]. */
  statesOf(leaf: number): Float32Array {
    for (const { leaves, hidden } of this.finals) {
      const place = leaves.indexOf(leaf)
      const length = hidden.length / leaves.length
      if (place !== -1) return hidden.subarray(place * length, (place + 1) * length)
    }
    throw new RangeError(`no leaf ${leaf} was scored`)
  }

  /** What a model, or a rival, behind the models, says. */
  event(model: number, next: readonly Float64Array[]): EngineSweepEvent {
    return {
      type: 'probabilities',
      model,
      prompts: [...this.promptIndices],
      probabilities: this.probabilities(next)
    }
  }

  /** @param next probabilities of what is asked, for each row of a leaf */
  *score(leaf: number, next: readonly Float64Array[]): Generator<EngineSweepEvent> {
    const probabilities = this.probabilities(next)
    for (const model of got(this.modelsOfLeaf, leaf, 'leaf')) {
      yield { type: 'probabilities', model, prompts: [...this.promptIndices], probabilities }
    }
  }

  private probabilities(next: readonly Float64Array[]): number[][] {
    return this.tries.map((trie, prompt) => {
      const places = at(this.placed, prompt, 'prompt').map(({ row, choices }) => {
        const ofRow = at(next, row, 'row')
        return choices.map((choice) => at(ofRow, choice, 'choice'))
      })
      return groupProbabilities(trie, places)
    })
  }

  private leavesOf(origin: Origin, trie: RecipeTrie): number[] {
    const leaves = [...this.modelsOfLeaf].flatMap(([leaf, [model = 0]]) =>
      originOf(trie, model) === origin ? [leaf] : []
    )
    return leaves.sort((a, b) => a - b)
  }
}

/** @param rowOf the row of each place, prompt by prompt */
function askedRows(
  tries: readonly AnswerTrie[],
  rowOf: readonly number[]
): {
  rows: AskedRow[]
  placed: { row: number; choices: number[] }[][]
} {
  const asked: { tokens: readonly number[]; next: Map<number, number> }[] = []
  let first = 0
  const placed = tries.map(({ places, choices }) => {
    const ofPrompt = places.map((tokens, place) => {
      const row = at(rowOf, first + place, 'place')
      const { next } = (asked[row] ??= { tokens, next: new Map() })
      const wanted = at(choices, place, 'place').map((token) => {
        const known = next.get(token) ?? next.size
        next.set(token, known)
        return known
      })
      return { row, choices: wanted }
    })
    first += places.length
    return ofPrompt
  })
  return { rows: asked.map(({ tokens, next }) => ({ tokens, next: [...next.keys()] })), placed }
}
