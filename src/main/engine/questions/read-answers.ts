import type { EngineReadEvent, ReadAnswer, ReadRequest } from '../../../contract/procedures/engine'
import { floatsToText } from '../../base/float-text'
import { choosePrecision } from '../forward/choose-precision'
import { type LanguageHead, openLanguageHead, valuesOf } from '../forward/language-head'
import { type ForwardComputation, finiteForward, tokensTo, whyNonFinite } from '../forward/non-finite'
import { openRun } from '../forward/open-run'
import { rowsPerRun } from '../forward/forward'
import { maskBytes } from '../forward/run-memory'
import { memberOf } from '../weights/pair-weights'
import { groupPrompts, type PackedPrompts, packPrompts } from '../tries/prompt-trie'
import { buildRecipeTrie, originOf } from '../tries/recipe-trie'
import { joinRows, rowAt } from '../rows/rows'
import { findSharing } from '../weights/sharing'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/** Answer tokens whose logits are computed in one pass. */
const LOOKUP_ROWS = 512

/**
 * The maximum rows that are read at once, unless a run copies its weights to a device. Activations of more rows lie in
 * memory that the allocator returns and faults in again. Fewer rows would read the weights too often.
 */
const READ_ROWS = 4096

/** The maximum answers of an event. */
const EVENT_ANSWERS = 512

/** An answer after its prompt, in packed rows: one row for each distinct token prefix of all prompts and answers. */
interface PackedAnswer {
  readonly prompt: number
  readonly answer: number
  /** Packed rows of prompt and answer. */
  readonly path: Int32Array
  /** Position of the first token of the answer in `path`. */
  readonly first: number
}

/** Reads answers with one model, for the log-likelihood and embedding of each. Equal beginnings are computed once. */
export async function* readAnswers(request: ReadRequest, signal?: AbortSignal): AsyncGenerator<EngineReadEvent> {
  const open = await openRun(request, [request.model])
  try {
    const { pair, device } = open
    const trie = buildRecipeTrie([request.model], await findSharing(pair, [request.model]))
    const precision = choosePrecision(device, pair, request.precision)
    const { rowSize } = pair.post.spec
    const sequences = request.prompts.flatMap(({ tokens, answers }, prompt) =>
      answers.map((added, answer) => ({
        prompt,
        answer,
        first: tokens.length,
        tokens: [...tokens, ...added]
      }))
    )
    const maximumRows = Math.min(
      Math.floor(request.stateBytes / (rowSize * Float32Array.BYTES_PER_ELEMENT)),
      device.copiesTensors ? rowsPerRun(pair.post.spec, true) : READ_ROWS
    )
    const head = open.register(await openLanguageHead(device, memberOf(pair, originOf(trie, 0))))
    const groups = groupPrompts(
      sequences.map(({ tokens }) => [tokens]),
      (size) => size.rows <= maximumRows && maskBytes(pair.post.spec, size) <= request.stateBytes
    )
    for (const group of groups) {
      const members = group.map((index) => elementAt(sequences, index, 'answer'))
      const packed = packPrompts(members.map(({ tokens }) => tokens))
      const answers = members.map(({ prompt, answer, first }, i) => ({
        prompt,
        answer,
        first,
        path: elementAt(packed.paths, i, 'path')
      }))
      const computation = { device, precision, pair, trie, models: [request.model] }
      const run = { ...computation, packed, signal, everyRow: true }
      for await (const event of finiteForward(run, computation.models)) {
        if (event.type !== 'final') continue
        const read = { answers, packed, hidden: event.hidden, computation, embeds: request.embeds }
        yield* readGroup(read, head, signal)
      }
    }
  } finally {
    await open.close()
  }
}

interface ReadGroup {
  readonly answers: readonly PackedAnswer[]
  readonly packed: PackedPrompts
  /** States of all packed rows after the last layer, [rows, finalRowSize]. */
  readonly hidden: Float32Array
  readonly computation: ForwardComputation
  readonly embeds: boolean
}

/** Yields the log-likelihood of each answer, and its embedding: the mean of its states after the final norm. */
async function* readGroup(
  group: ReadGroup,
  head: LanguageHead,
  signal: AbortSignal | undefined
): AsyncGenerator<EngineReadEvent> {
  const { answers, hidden, computation, embeds } = group
  const { hiddenSize } = computation.pair.post.spec
  const logProbability = await tokenLogProbabilities(group, head, signal)
  const normed = embeds ? await head.normed(hidden) : null
  let event: ReadAnswer[] = []
  for (const [index, { prompt, answer, path, first }] of answers.entries()) {
    const rows = path.subarray(first)
    const logLikelihood = rows.reduce((sum, row) => sum + elementAt(logProbability, row, 'row'), 0)
    const embedding = normed === null ? null : floatsToText(meanOfRows(normed, rows, hiddenSize))
    event.push({ prompt, answer, logLikelihood, embedding })
    if (event.length < EVENT_ANSWERS && index < answers.length - 1) continue
    yield event
    event = []
  }
}

/** Returns the mean of some rows of a matrix, [width]. */
function meanOfRows(matrix: Float32Array, rows: Int32Array, width: number): Float32Array {
  const mean = new Float32Array(width)
  for (const row of rows) {
    // Indices are not checked, because every number of every row passes here.
    for (let i = 0; i < width; i++) mean[i] = (mean[i] ?? 0) + (matrix[row * width + i] ?? NaN) / rows.length
  }
  return mean
}

/** Computes the log-probability of each answer token after the row before it. Rows of other tokens get NaN. */
async function tokenLogProbabilities(
  { answers, packed, hidden, computation }: ReadGroup,
  head: LanguageHead,
  signal: AbortSignal | undefined
): Promise<Float64Array> {
  const { tokens } = packed
  const { finalRowSize } = computation.pair.post.spec
  const before = new Map<number, number>()
  for (const { path, first } of answers) {
    for (let position = first; position < path.length; position++) {
      before.set(elementAt(path, position, 'position'), elementAt(path, position - 1, 'position'))
    }
  }
  const sources = [...new Set(before.values())]
  const sourceIndexOf = new Map(sources.map((row, index) => [row, index]))
  const states = joinRows(sources.map((row) => rowAt(hidden, row, finalRowSize)))
  const logSums = await valuesOf(head.logSums(states, signal))
  const bad = sources.find((_, index) => !Number.isFinite(logSums[index]))
  if (bad !== undefined) throw await whyNonFinite(computation, 0, tokensTo(packed, bad))
  const result = new Float64Array(tokens.length).fill(NaN)
  const rows = [...before].sort(
    ([, left], [, right]) => mapGet(sourceIndexOf, left, 'row') - mapGet(sourceIndexOf, right, 'row')
  )
  for (let start = 0; start < rows.length; start += LOOKUP_ROWS) {
    const chunk = rows.slice(start, start + LOOKUP_ROWS)
    const sourceIndices = chunk.map(([, source]) => mapGet(sourceIndexOf, source, 'row'))
    const firstIndex = elementAt(sourceIndices, 0, 'index')
    const lastIndex = elementAt(sourceIndices, sourceIndices.length - 1, 'index')
    const targets = [...new Set(chunk.map(([row]) => elementAt(tokens, row, 'row')))]
    const columnOf = new Map(targets.map((token, column) => [token, column]))
    const logits = await head.logitsOf(
      states.subarray(firstIndex * finalRowSize, (lastIndex + 1) * finalRowSize),
      targets
    )
    for (const [i, [row]] of chunk.entries()) {
      const sourceIndex = elementAt(sourceIndices, i, 'index')
      const column = mapGet(columnOf, elementAt(tokens, row, 'row'), 'token')
      result[row] =
        elementAt(logits, (sourceIndex - firstIndex) * targets.length + column, 'logit') -
        elementAt(logSums, sourceIndex, 'row')
    }
  }
  return result
}
