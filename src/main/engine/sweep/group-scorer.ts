import type { EngineSweepEvent, TrackedPrompt } from '../../../contract/procedures/engine'
import type { DrawnRows } from '../forward/draws'
import type { PairWeights } from '../weights/pair-weights'
import { type AnswerTrie, groupProbabilities, indexAnswers, type IndexedAnswers } from '../tries/answer-trie'
import { finalRowOfPrompts, type PackedPrompts } from '../tries/prompt-trie'
import { type Origin, originOf, type RecipeTrie } from '../tries/recipe-trie'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/** States after the last layer of models that use the same head. A leaf is a distinct model. */
export interface FinalStates {
  readonly origin: Origin
  readonly leaves: readonly number[]
  /** States leaf after leaf, [leaves x rowsPerLeaf, hidden]. */
  readonly hidden: Float32Array
}

/** Lists the distinct tokens whose probabilities the prompts request. */
export function trackedTokens(prompts: readonly TrackedPrompt[]): number[] {
  return [...new Set(prompts.flatMap((prompt) => prompt.groups.flat(2)))]
}

/** A distinct prefix of a group of prompts, with the tokens whose probabilities are requested after it. */
export interface RowTargets {
  /** Tokens of the prefix, including the prompt's tokens. */
  readonly tokens: readonly number[]
  /** Next tokens whose probabilities are requested. */
  readonly next: readonly number[]
}

export interface GroupTargets {
  readonly indices: readonly number[]
  readonly rows: readonly RowTargets[]
  /** Number of requested probabilities per leaf. Probabilities are ordered by row, and within a row by next token. */
  readonly size: number
  /** For each prompt, its answers as indices into the requested probabilities. */
  readonly answers: readonly IndexedAnswers[]
}

export function buildGroupTargets(
  indices: readonly number[],
  tries: readonly AnswerTrie[],
  packed: PackedPrompts
): GroupTargets {
  return { indices, ...collectTargets(tries, finalRowOfPrompts(packed)) }
}

/** Collects the final states of distinct models (leaves), and turns next-token probabilities into those of answers. */
export class GroupScorer {
  readonly finals: readonly FinalStates[]
  private readonly modelsOfLeaf = new Map<number, number[]>()

  constructor(
    pair: PairWeights,
    trie: RecipeTrie,
    leaves: readonly number[],
    private readonly targets: GroupTargets
  ) {
    for (const leaf of leaves) this.modelsOfLeaf.set(leaf, [])
    trie.leafOf.forEach((leaf, model) => this.modelsOfLeaf.get(leaf)?.push(model))
    this.finals = trie.roots.flatMap((origin) => {
      const originLeaves = this.leavesOf(origin, trie)
      const rowCount = originLeaves.length * targets.rows.length
      const hidden = new Float32Array(rowCount * pair.post.spec.finalRowSize)
      return originLeaves.length === 0 ? [] : [{ origin, leaves: originLeaves, hidden }]
    })
  }

  get rows(): readonly RowTargets[] {
    return this.targets.rows
  }

  get size(): number {
    return this.targets.size
  }

  /** Stores the states of a leaf. @param states states after the last layer, [rows of a leaf, hidden] */
  add(leaf: number, states: Float32Array): void {
    this.statesOf(leaf).set(states)
  }

  rowsOf({ leaves }: FinalStates): number {
    return leaves.length * this.rows.length
  }

  targetsOf(row: number): RowTargets {
    return elementAt(this.rows, row % this.rows.length, 'row')
  }

  /** Returns the index of a model whose final states contain a row. */
  modelOf({ leaves }: FinalStates, row: number): number {
    const leaf = elementAt(leaves, Math.floor(row / this.rows.length), 'leaf')
    return elementAt(mapGet(this.modelsOfLeaf, leaf, 'leaf'), 0, 'model')
  }

  statesOf(leaf: number): Float32Array {
    for (const { leaves, hidden } of this.finals) {
      const leafIndex = leaves.indexOf(leaf)
      const length = hidden.length / leaves.length
      if (leafIndex !== -1) return hidden.subarray(leafIndex * length, (leafIndex + 1) * length)
    }
    throw new RangeError(`no leaf ${leaf} was scored`)
  }

  /**
   * Yields the probabilities of some models. A baseline counts as a model, and has an index after all models.
   * @param next requested probabilities of the leaf, for each sampler. The first sampler is the sweep's.
   */
  *events(models: readonly number[], next: DrawnRows): Generator<EngineSweepEvent> {
    const first = elementAt(next, 0, 'sampler')
    const probabilities = this.targets.answers.map((answers) => Array.from(groupProbabilities(answers, first)))
    const others = next.slice(1)
    const whatIf = others.length === 0 ? {} : { whatIf: this.underOthers(others) }
    for (const model of models) {
      yield { type: 'probabilities', model, prompts: [...this.targets.indices], probabilities, ...whatIf }
    }
  }

  /** Yields the probabilities of all models of a leaf. @param next see {@link events} */
  score(leaf: number, next: DrawnRows): Generator<EngineSweepEvent> {
    return this.events(mapGet(this.modelsOfLeaf, leaf, 'leaf'), next)
  }

  /** Encodes each prompt's probabilities under the other samplers, in the format of the event. */
  private underOthers(others: DrawnRows): string[] {
    return this.targets.answers.map((answers) => {
      const values = new Float32Array(others.length * answers.groupCount)
      for (const [sampler, next] of others.entries()) {
        values.set(groupProbabilities(answers, next), sampler * answers.groupCount)
      }
      return Buffer.from(values.buffer).toString('base64')
    })
  }

  private leavesOf(origin: Origin, trie: RecipeTrie): number[] {
    const leaves = [...this.modelsOfLeaf].flatMap(([leaf, [model = 0]]) =>
      originOf(trie, model) === origin ? [leaf] : []
    )
    return leaves.sort((a, b) => a - b)
  }
}

/** Collects the requested tokens of each row and the index of each answer step. */
function collectTargets(
  tries: readonly AnswerTrie[],
  rowOf: readonly number[]
): Pick<GroupTargets, 'rows' | 'size' | 'answers'> {
  const targets: { tokens: readonly number[]; next: Map<number, number> }[] = []
  let first = 0
  const prefixRows = tries.map(({ prefixes, choices }) => {
    const promptPrefixes = prefixes.map((tokens, prefix) => {
      const row = elementAt(rowOf, first + prefix, 'prefix')
      const { next } = (targets[row] ??= { tokens, next: new Map() })
      const choiceIndices = elementAt(choices, prefix, 'prefix').map((token) => {
        const choice = next.get(token) ?? next.size
        next.set(token, choice)
        return choice
      })
      return { row, choices: choiceIndices }
    })
    first += prefixes.length
    return promptPrefixes
  })
  const starts: number[] = []
  let size = 0
  for (const { next } of targets) {
    starts.push(size)
    size += next.size
  }
  return {
    rows: targets.map(({ tokens, next }) => ({ tokens, next: [...next.keys()] })),
    size,
    answers: tries.map((trie, prompt) =>
      indexAnswers(trie, ({ prefixIndex, choice }) => {
        const { row, choices } = elementAt(elementAt(prefixRows, prompt, 'prompt'), prefixIndex, 'prefix')
        return elementAt(starts, row, 'row') + elementAt(choices, choice, 'choice')
      })
    )
  }
}
