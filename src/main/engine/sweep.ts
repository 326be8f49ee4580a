import { totalWork, type Work } from '../../contract/crc'
import type {
  EngineModel,
  EngineSweepEvent,
  Sampling,
  SweepRequest,
  TrackedPrompt
} from '../../contract/engine'
import { openDevice } from './device'
import { choosePrecision, countRows, forward } from './forward'
import { openLanguageHead, type LanguageHead } from './language-head'
import { closePairWeights, findSharing, openPairWeights } from './pair-weights'
import { finalRowOfPrompts, groupPrompts, packPrompts, type PackedPrompts } from './prompt-trie'
import { buildRecipeTrie, countEdges, originOf, type Origin, type RecipeTrie } from './recipe-trie'
import { tokenProbabilities } from './sampler'

/** Final states are scored in batches of this many rows: enough for fast products, few enough that scores keep arriving. */
const HEAD_ROWS = 512

/** A sampler looks at the logits of the whole vocabulary, so it gets them of a few rows at a time. */
const SAMPLER_ROWS = 16

/**
 * Scores every model on every prompt: the summed next-token probabilities of each prompt's token groups,
 * under `request.sampling` when there is one.
 *
 * Prompts are split into groups that keep the hidden states within `request.stateBytes`; each group is one layer-major
 * pass over all models, so every weight byte is read once per group.
 *
 * @throws WorkbenchError when the pair cannot be read or computed, a token is outside the vocabulary, or `signal` fires
 */
export async function* sweep(request: SweepRequest, signal?: AbortSignal): AsyncGenerator<EngineSweepEvent> {
  const startedMs = performance.now()
  const pair = await openPairWeights(request.base, request.post)
  const device = await openDevice(request.device)
  const heads = new Map<Origin, LanguageHead>()
  try {
    const trie = buildRecipeTrie(request.models, await findSharing(pair))
    const prompts = request.prompts.map((prompt) => prompt.tokens)
    const stateRowBytes = peakNodes(trie) * pair.post.spec.hiddenSize * Float32Array.BYTES_PER_ELEMENT
    const groups = groupPrompts(prompts, Math.floor(request.stateBytes / stateRowBytes)).map((indices) => ({
      indices,
      packed: packPrompts(indices.map((index) => prompts[index] ?? []))
    }))
    for (const origin of trie.roots) heads.set(origin, await openLanguageHead(device, pair[origin]))
    const rowsTotal = groups.reduce((sum, { packed }) => sum + countRows(trie, packed), 0)
    const precision = choosePrecision(device, pair, request.precision)
    yield { type: 'plan', rowsTotal, groupCount: groups.length, device: device.name, precision }

    let rowsDone = 0
    const works: Work[] = []
    for (const [group, { indices, packed }] of groups.entries()) {
      const tracked = indices.flatMap((index) => request.prompts[index] ?? [])
      const scorer = new GroupScorer(request.models, trie, indices, tracked, packed, request.sampling)
      let weightBytesRead = 0
      for await (const event of forward({ device, precision, pair, trie, packed, signal })) {
        if (event.type === 'block') weightBytesRead += event.bytesRead
        if (event.type === 'final') yield* scorer.add(event.leaf, event.hidden, heads)
        if (event.type === 'rows') {
          rowsDone += event.rows
          yield { type: 'progress', rowsDone, layer: event.layer, group }
        }
      }
      yield* scorer.flush(heads)
      const work: Work = {
        blockEvaluations: countEdges(trie),
        packedTokens: packed.tokens.length,
        promptTokens: tracked.reduce((sum, { tokens }) => sum + tokens.length, 0),
        weightBytesRead
      }
      works.push(work)
      yield { type: 'group', prompts: [...indices], work }
    }
    yield { type: 'done', work: totalWork(works), seconds: (performance.now() - startedMs) / 1000 }
  } finally {
    for (const head of heads.values()) await head.close()
    await device.close()
    await closePairWeights(pair)
  }
}

/** Most hidden states alive at once: those of a level, the last one excepted, which is scored as it is computed. */
function peakNodes(trie: RecipeTrie): number {
  return Math.max(trie.roots.length, ...trie.levels.slice(0, -1).map((level) => level.nodes.length))
}

/** Turns final states of one prompt group into probabilities, a batch at a time. */
class GroupScorer {
  private readonly modelsOfLeaf = new Map<number, number[]>()
  private readonly rowOfPrompt: number[]
  /** Distinct last positions of the prompts. */
  private readonly rowsPerLeaf: number
  private readonly tokens: number[]
  private readonly pending = new Map<Origin, { leaf: number; hidden: Float32Array }[]>()

  constructor(
    private readonly models: readonly EngineModel[],
    trie: RecipeTrie,
    private readonly promptIndices: readonly number[],
    private readonly prompts: readonly TrackedPrompt[],
    packed: PackedPrompts,
    private readonly sampling: Sampling | undefined
  ) {
    trie.leafOf.forEach((leaf, model) => {
      this.modelsOfLeaf.set(leaf, [...(this.modelsOfLeaf.get(leaf) ?? []), model])
    })
    this.rowOfPrompt = finalRowOfPrompts(packed)
    this.rowsPerLeaf = Math.max(...this.rowOfPrompt) + 1
    this.tokens = [...new Set(prompts.flatMap((prompt) => prompt.groups.flat()))]
  }

  async *add(
    leaf: number,
    hidden: Float32Array,
    heads: ReadonlyMap<Origin, LanguageHead>
  ): AsyncGenerator<EngineSweepEvent> {
    const model = this.models[this.modelsOfLeaf.get(leaf)?.[0] ?? 0]
    if (model === undefined) return
    const origin = originOf(model)
    const waiting = this.pending.get(origin) ?? []
    waiting.push({ leaf, hidden })
    this.pending.set(origin, waiting)
    if (waiting.length * this.rowsPerLeaf >= HEAD_ROWS) yield* this.flush(heads)
  }

  async *flush(heads: ReadonlyMap<Origin, LanguageHead>): AsyncGenerator<EngineSweepEvent> {
    for (const [origin, waiting] of this.pending) {
      const head = heads.get(origin)
      if (head === undefined || waiting.length === 0) continue
      this.pending.set(origin, [])
      yield* this.score(head, waiting)
    }
  }

  private async *score(
    head: LanguageHead,
    leaves: readonly { leaf: number; hidden: Float32Array }[]
  ): AsyncGenerator<EngineSweepEvent> {
    const size = leaves[0]?.hidden.length ?? 0
    const hidden = new Float32Array(leaves.length * size)
    leaves.forEach((leaf, i) => {
      hidden.set(leaf.hidden, i * size)
    })
    const rowCount = leaves.length * this.rowsPerLeaf
    const probabilitiesIn =
      this.sampling === undefined
        ? await this.plain(head, hidden, rowCount)
        : await this.sampled(head, hidden, rowCount, this.sampling)
    for (const [i, { leaf }] of leaves.entries()) {
      const probabilities = this.prompts.map((prompt, p) => {
        const probability = probabilitiesIn(i * this.rowsPerLeaf + (this.rowOfPrompt[p] ?? 0))
        return prompt.groups.map((group) => group.reduce((sum, token) => sum + probability(token), 0))
      })
      for (const model of this.modelsOfLeaf.get(leaf) ?? []) {
        yield { type: 'probabilities', model, prompts: [...this.promptIndices], probabilities }
      }
    }
  }

  /** p of a tracked token in a row: the softmax at temperature 1, which needs the logits of the tracked tokens only. */
  private async plain(
    head: LanguageHead,
    hidden: Float32Array,
    rowCount: number
  ): Promise<(row: number) => (token: number) => number> {
    const logSums = await head.logSumExp(hidden)
    const selected = await head.selectTokens(this.tokens)
    const logits = await head.logits(hidden, selected)
    selected.dispose()
    const column = new Map(this.tokens.map((token, i) => [token, i]))
    const width = logits.length / rowCount
    return (row) => (token) =>
      Math.exp((logits[row * width + (column.get(token) ?? 0)] ?? 0) - (logSums[row] ?? 0))
  }

  /** p of a tracked token in a row as the sampler draws it. */
  private async sampled(
    head: LanguageHead,
    hidden: Float32Array,
    rowCount: number,
    sampling: Sampling
  ): Promise<(row: number) => (token: number) => number> {
    const size = hidden.length / rowCount
    const promptOfRow = new Map(this.rowOfPrompt.map((row, p) => [row, this.prompts[p]?.tokens ?? []]))
    const rows: ReadonlyMap<number, number>[] = []
    for (let first = 0; first < rowCount; first += SAMPLER_ROWS) {
      const count = Math.min(SAMPLER_ROWS, rowCount - first)
      const logits = await head.logits(hidden.subarray(first * size, (first + count) * size), null)
      const vocabularySize = logits.length / count
      for (let i = 0; i < count; i++) {
        const prompt = promptOfRow.get((first + i) % this.rowsPerLeaf) ?? []
        const drawn = tokenProbabilities(
          logits.subarray(i * vocabularySize, (i + 1) * vocabularySize),
          sampling,
          prompt
        )
        rows.push(new Map(this.tokens.map((token) => [token, drawn.get(token) ?? 0])))
      }
    }
    return (row) => (token) => rows[row]?.get(token) ?? 0
  }
}
