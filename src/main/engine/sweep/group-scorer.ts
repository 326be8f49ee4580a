import type { EngineSweepEvent, SweepRequest, TrackedPrompt } from '../../../contract/procedures/engine'
import type { Sampling } from '../../../contract/model/sampling'
import type { PairWeights } from '../weights/pair-weights'
import { finalRowOfPrompts, type PackedPrompts } from '../tries/prompt-trie'
import { type Origin, originOf, type RecipeTrie } from '../tries/recipe-trie'
import { tokenProbabilities } from '../rows/sampler'
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
  return [...new Set(prompts.flatMap((prompt) => prompt.groups.flat()))]
}

/** Gathers the final states of one prompt group, and turns what the head makes of them into probabilities. */
export class GroupScorer {
  /** Distinct last positions of the prompts. */
  readonly rowsPerLeaf: number
  readonly finals: readonly FinalStates[]
  private readonly prompts: readonly TrackedPrompt[]
  private readonly tokens: readonly number[]
  private readonly sampling: Sampling | undefined
  private readonly modelsOfLeaf = new Map<number, number[]>()
  private readonly rowOfPrompt: readonly number[]

  /** @param promptIndices the group's prompts among the request's */
  constructor(
    { prompts, sampling }: SweepRequest,
    pair: PairWeights,
    trie: RecipeTrie,
    private readonly promptIndices: readonly number[],
    packed: PackedPrompts
  ) {
    this.prompts = promptIndices.map((index) => at(prompts, index, 'prompt'))
    this.tokens = trackedTokens(this.prompts)
    this.sampling = sampling
    this.rowOfPrompt = finalRowOfPrompts(packed)
    this.rowsPerLeaf = Math.max(...this.rowOfPrompt) + 1
    trie.leafOf.forEach((leaf, model) => {
      this.modelsOfLeaf.set(leaf, [...(this.modelsOfLeaf.get(leaf) ?? []), model])
    })
    this.finals = trie.roots.map((origin) => {
      const leaves = this.leavesOf(origin, trie)
      const rows = leaves.length * this.rowsPerLeaf
      return { origin, leaves, hidden: new Float32Array(rows * pair.post.spec.hiddenSize) }
    })
  }

  /** Tokens whose logits are wanted; null: the whole vocabulary's, for whoever samples. */
  get wantedTokens(): readonly number[] | null {
    return this.sampling === undefined ? this.tokens : null
  }

  /** @param states after the last layer, [rowsPerLeaf, hidden] */
  add(leaf: number, states: Float32Array): void {
    for (const { leaves, hidden } of this.finals) {
      const place = leaves.indexOf(leaf)
      if (place !== -1) hidden.set(states, place * states.length)
    }
  }

  /** Rows of an origin's finals. */
  rowsOf({ leaves }: FinalStates): number {
    return leaves.length * this.rowsPerLeaf
  }

  /** A model and the prompt of the first row of which something does not hold; null when it holds of all. */
  firstRowWithout(
    { leaves }: FinalStates,
    holds: (row: number) => boolean
  ): { model: number; tokens: readonly number[] } | null {
    for (const [i, leaf] of leaves.entries()) {
      for (const [p, prompt] of this.prompts.entries()) {
        if (holds(i * this.rowsPerLeaf + at(this.rowOfPrompt, p, 'prompt'))) continue
        return { model: at(got(this.modelsOfLeaf, leaf, 'leaf'), 0, 'model'), tokens: prompt.tokens }
      }
    }
    return null
  }

  /**
   * @param logSums log of the sum of exp over the vocabulary, for each row of an origin's finals; samplers need none
   * @param logits [rows, wanted tokens]
   */
  *score(finals: FinalStates, logSums: Float64Array, logits: Float32Array): Generator<EngineSweepEvent> {
    const { leaves } = finals
    const width = logits.length / this.rowsOf(finals)
    const column = new Map(this.tokens.map((token, i) => [token, i]))
    for (const [i, leaf] of leaves.entries()) {
      const probabilities = this.prompts.map((prompt, p) => {
        const row = i * this.rowsPerLeaf + at(this.rowOfPrompt, p, 'prompt')
        const logitsOfRow = logits.subarray(row * width, (row + 1) * width)
        const probability =
          this.sampling === undefined
            ? // The softmax at temperature 1, which needs the logits of the tracked tokens only.
              (token: number) =>
                Math.exp(at(logitsOfRow, got(column, token, 'token'), 'logit') - at(logSums, row, 'row'))
            : drawn(logitsOfRow, this.sampling, prompt.tokens)
        return prompt.groups.map((group) => group.reduce((sum, token) => sum + probability(token), 0))
      })
      for (const model of got(this.modelsOfLeaf, leaf, 'leaf')) {
        yield { type: 'probabilities', model, prompts: [...this.promptIndices], probabilities }
      }
    }
  }

  private leavesOf(origin: Origin, trie: RecipeTrie): number[] {
    const leaves = [...this.modelsOfLeaf].flatMap(([leaf, [model = 0]]) =>
      originOf(trie, model) === origin ? [leaf] : []
    )
    return leaves.sort((a, b) => a - b)
  }
}

/** p of a token as the sampler draws it. */
function drawn(
  logits: Float32Array,
  sampling: Sampling,
  prompt: readonly number[]
): (token: number) => number {
  const probabilities = tokenProbabilities(logits, sampling, prompt)
  return (token) => probabilities.get(token) ?? 0
}
