import type { EngineSweepEvent, TrackedPrompt } from '../../../contract/procedures/engine'
import type { DrawnRows } from '../forward/draws'
import type { PairWeights } from '../weights/pair-weights'
import { type AnswerTrie, groupProbabilities, placeAnswers, type PlacedAnswers } from '../tries/answer-trie'
import { finalRowOfPrompts, type PackedPrompts } from '../tries/prompt-trie'
import { type Origin, originOf, type RecipeTrie } from '../tries/recipe-trie'
import { at, got } from '../../../contract/model/look-up'

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

/** What is asked of a group of prompts. */
export interface AskedGroup {
  /** The group's prompts among the request's. */
  readonly indices: readonly number[]
  /** What is asked of each row of a leaf. */
  readonly rows: readonly AskedRow[]
  /** How many probabilities are asked of a leaf: of each row those of what may come next, row after row. */
  readonly size: number
  /** For each prompt where the probabilities of its answers' steps lie among them. */
  readonly placed: readonly PlacedAnswers[]
}

export function askedGroup(
  indices: readonly number[],
  tries: readonly AnswerTrie[],
  packed: PackedPrompts
): AskedGroup {
  return { indices, ...askedRows(tries, finalRowOfPrompts(packed)) }
}

/** Gathers the final states of some leaves over a prompt group, and turns what is said of next tokens into probabilities of answers. */
export class GroupScorer {
  readonly finals: readonly FinalStates[]
  private readonly modelsOfLeaf = new Map<number, number[]>()

  constructor(
    pair: PairWeights,
    trie: RecipeTrie,
    leaves: readonly number[],
    private readonly asked: AskedGroup
  ) {
    for (const leaf of leaves) this.modelsOfLeaf.set(leaf, [])
    trie.leafOf.forEach((leaf, model) => this.modelsOfLeaf.get(leaf)?.push(model))
    this.finals = trie.roots.flatMap((origin) => {
      const ofOrigin = this.leavesOf(origin, trie)
      const rowCount = ofOrigin.length * asked.rows.length
      const hidden = new Float32Array(rowCount * pair.post.spec.hiddenSize)
      return ofOrigin.length === 0 ? [] : [{ origin, leaves: ofOrigin, hidden }]
    })
  }

  /** What is asked of each row of a leaf. */
  get rows(): readonly AskedRow[] {
    return this.asked.rows
  }

  /** How many probabilities are asked of a leaf. */
  get size(): number {
    return this.asked.size
  }

  /** Models of the leaves. */
  get models(): number[] {
    return [...this.modelsOfLeaf.values()].flat()
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

  /**
   * What models, or a rival behind them, say.
   *
   * @param next probabilities of what is asked of a leaf; by the sweep's sampler, and then by the others asked about
   */
  *events(models: readonly number[], next: DrawnRows): Generator<EngineSweepEvent> {
    const probabilities = this.probabilities(at(next, 0, 'sampler'))
    const others = next.slice(1)
    const whatIf = others.length === 0 ? {} : { whatIf: this.underOthers(others) }
    for (const model of models) {
      yield { type: 'probabilities', model, prompts: [...this.asked.indices], probabilities, ...whatIf }
    }
  }

  /** @param next see {@link events} */
  score(leaf: number, next: DrawnRows): Generator<EngineSweepEvent> {
    return this.events(got(this.modelsOfLeaf, leaf, 'leaf'), next)
  }

  /** For each prompt probabilities under other samplers, as the event has them. */
  private underOthers(others: DrawnRows): string[] {
    const bySampler = others.map((next) => this.probabilities(next))
    return this.asked.placed.map((_, prompt) => {
      const values = Float32Array.from(bySampler.flatMap((prompts) => at(prompts, prompt, 'prompt')))
      return Buffer.from(values.buffer).toString('base64')
    })
  }

  private probabilities(next: Float64Array): number[][] {
    return this.asked.placed.map((answers) => groupProbabilities(answers, next))
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
): Pick<AskedGroup, 'rows' | 'size' | 'placed'> {
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
  let size = 0
  const starts = asked.map(({ next }) => (size += next.size) - next.size)
  return {
    rows: asked.map(({ tokens, next }) => ({ tokens, next: [...next.keys()] })),
    size,
    placed: tries.map((trie, prompt) =>
      placeAnswers(trie, ({ place, choice }) => {
        const { row, choices } = at(at(placed, prompt, 'prompt'), place, 'place')
        return at(starts, row, 'row') + at(choices, choice, 'choice')
      })
    )
  }
}
