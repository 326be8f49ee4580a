import type { Sampling } from '../../../contract/model/sampling'
import { allFinite } from '../../checkpoint/non-finite'
import type { DrawnRows, Draws } from '../forward/draws'
import { type HeadSize, headSize, type LanguageHead, type SliceDone } from '../forward/language-head'
import { type ForwardComputation, whyNonFinite } from '../forward/non-finite'
import { joinNumbers, rowAt } from '../rows/rows'
import { tokenProbabilities } from '../rows/sampler'
import type { FinalStates, GroupScorer } from './group-scorer'
import { elementAt, mapGet } from '../../../contract/model/look-up'

// Probabilities of next tokens from final states, which are states after the last layer. A row is the state after one
// token prefix in one model. Several samplers may be scored at once.

export function logitRows(width: number, { rows, logitBytes }: HeadSize): number {
  return Math.max(rows, Math.floor(logitBytes / Float32Array.BYTES_PER_ELEMENT / width))
}

export interface HeadRun {
  readonly computation: ForwardComputation
  readonly scorer: GroupScorer
  readonly head: LanguageHead
  readonly vocabularySize: number
  readonly tokens: readonly number[]
  /** The sampler. Undefined means the model's own distribution, for which a sum over the vocabulary is enough. */
  readonly sampling: Sampling | undefined
  /** The sampler and the other requested samplers. Null unless temperature and min-p are their only settings. */
  readonly draws: Draws | null
  readonly signal: AbortSignal | undefined
}

/** The requested probabilities of the next rows of an origin's final states, under each sampler. Rows come in order. */
export interface RowsAnswered {
  readonly type: 'rows'
  readonly next: DrawnRows
}

type NextTokens = AsyncGenerator<RowsAnswered | SliceDone>

/** Yields the probabilities of the requested next tokens, row by row. @throws WorkbenchError as `whyNonFinite` */
export function scoreNextTokens(run: HeadRun, finals: FinalStates): NextTokens {
  const { sampling, draws } = run
  if (draws !== null) return underDraws(run, draws, finals)
  return sampling === undefined ? underModel(run, finals) : underSampler(run, sampling, finals)
}

/** Computes probabilities under samplers that have only temperature and min-p. */
async function* underDraws(run: HeadRun, draws: Draws, finals: FinalStates): NextTokens {
  const { scorer, head, vocabularySize, signal } = run
  const targetsOf = (row: number): readonly number[] => scorer.targetsOf(row).next
  const maxRows = logitRows(vocabularySize, sizeOf(run))
  for await (const event of head.drawn(finals.hidden, draws, targetsOf, maxRows, signal)) {
    if (event.type === 'slice') {
      yield event
      continue
    }
    const { first, count, next } = event
    const probabilities = elementAt(next, 0, 'sampler')
    if (probabilities.some(Number.isNaN)) {
      let done = 0
      await requireFinite(run, finals, { first, count }, (row) => {
        const from = done
        done += targetsOf(row).length
        return !probabilities.subarray(from, done).some(Number.isNaN)
      })
    }
    yield { type: 'rows', next }
  }
}

/** Computes the softmax at temperature 1, which needs the logits of the requested tokens only. */
async function* underModel(run: HeadRun, finals: FinalStates): NextTokens {
  const { scorer, head, tokens, signal } = run
  const rowCount = scorer.rowsOf(finals)
  let sums: Float64Array = new Float64Array()
  for await (const event of head.logSums(finals.hidden, signal)) {
    if (event.type === 'slice') yield event
    else sums = event.values
  }
  await requireFinite(run, finals, { first: 0, count: rowCount }, (row) => Number.isFinite(sums[row]))
  const column = new Map(tokens.map((token, i) => [token, i]))
  for (const part of partsOf(rowCount, logitRows(tokens.length, sizeOf(run)))) {
    const logits = await head.logitsOf(statesOf(finals, rowCount, part), tokens)
    const probabilities = concatenateRows(part, (row, i) => {
      const sum = elementAt(sums, row, 'row')
      const logitOf = (token: number): number =>
        elementAt(logits, i * tokens.length + mapGet(column, token, 'token'), 'logit')
      return scorer.targetsOf(row).next.map((token) => Math.exp(logitOf(token) - sum))
    })
    yield { type: 'rows', next: [probabilities] }
  }
}

/** Computes probabilities under any sampler, from the logits of the whole vocabulary. */
async function* underSampler(run: HeadRun, sampling: Sampling, finals: FinalStates): NextTokens {
  const { scorer, head, vocabularySize, signal } = run
  const rowCount = scorer.rowsOf(finals)
  const maxRows = Math.min(rowCount, logitRows(vocabularySize, sizeOf(run)))
  const memory = new Float32Array(maxRows * vocabularySize)
  for (const part of partsOf(rowCount, maxRows)) {
    for await (const event of head.logits(statesOf(finals, rowCount, part), signal, memory)) {
      if (event.type === 'slice') {
        yield { ...event, share: (event.share * part.count) / rowCount }
        continue
      }
      const logitsOf = (row: number): Float32Array => rowAt(event.values, row - part.first, vocabularySize)
      await requireFinite(run, finals, part, (row) => allFinite(logitsOf(row)))
      const probabilities = concatenateRows(part, (row) => {
        const { tokens, next } = scorer.targetsOf(row)
        return tokenProbabilities(logitsOf(row), sampling, tokens, next)
      })
      yield { type: 'rows', next: [probabilities] }
    }
  }
}

const sizeOf = ({ computation }: HeadRun): HeadSize => headSize(computation.device.copiesTensors)

interface Part {
  readonly first: number
  readonly count: number
}

/** Concatenates the requested probabilities of a part's rows. */
function concatenateRows(
  { first, count }: Part,
  valuesOf: (row: number, i: number) => ArrayLike<number>
): Float64Array {
  return joinNumbers(Array.from({ length: count }, (_, i) => valuesOf(first + i, i)))
}

function partsOf(rowCount: number, maxRows: number): Part[] {
  const starts = Array.from({ length: Math.ceil(rowCount / maxRows) }, (_, i) => i * maxRows)
  return starts.map((first) => ({ first, count: Math.min(maxRows, rowCount - first) }))
}

function statesOf({ hidden }: FinalStates, rowCount: number, { first, count }: Part): Float32Array {
  const width = hidden.length / rowCount
  return hidden.subarray(first * width, (first + count) * width)
}

/** Checks rows of final states. @throws WorkbenchError as `whyNonFinite` for the first row that is not finite */
async function requireFinite(
  { computation, scorer }: HeadRun,
  finals: FinalStates,
  { first, count }: Part,
  isFinite: (row: number) => boolean
): Promise<void> {
  for (let row = first; row < first + count; row++) {
    if (isFinite(row)) continue
    throw await whyNonFinite(computation, scorer.modelOf(finals, row), scorer.targetsOf(row).tokens)
  }
}
