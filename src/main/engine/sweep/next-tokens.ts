import type { Sampling } from '../../../contract/model/sampling'
import { allFinite } from '../../checkpoint/non-finite'
import type { DrawnRows, Draws } from '../forward/draws'
import { HEAD_ROWS, type LanguageHead, type SliceDone } from '../forward/language-head'
import { type Computation, whyNonFinite } from '../forward/non-finite'
import { joinNumbers, rowAt } from '../rows/rows'
import { tokenProbabilities } from '../rows/sampler'
import type { AskedRow, FinalStates, GroupScorer } from './group-scorer'
import { at, got } from '../../../contract/model/look-up'

/** Logits that are held at once: more of them gain nothing once a pass over the head costs little beside its products. */
const LOGIT_BYTES = 2 ** 26

/** Rows whose logits are held at once. @param width logits of a row */
export function logitRows(width: number): number {
  return Math.max(HEAD_ROWS, Math.floor(LOGIT_BYTES / Float32Array.BYTES_PER_ELEMENT / width))
}

/** What takes last states through a head. */
export interface HeadRun {
  readonly computation: Computation
  readonly scorer: GroupScorer
  readonly head: LanguageHead
  readonly vocabularySize: number
  /** All that is asked about. */
  readonly tokens: readonly number[]
  /** How tokens are drawn; undefined: from the model's own distribution, for which a sum over the vocabulary is enough. */
  readonly sampling: Sampling | undefined
  /** The same with the other samplers that are asked about, where temperature and min-p alone decide; null elsewhere. */
  readonly draws: Draws | null
  readonly signal: AbortSignal | undefined
}

/** The probabilities of what is asked of the next rows of an origin's finals, under each sampler; rows come in their order. */
export interface RowsAnswered {
  readonly type: 'rows'
  readonly next: DrawnRows
}

type NextTokens = AsyncGenerator<RowsAnswered | SliceDone>

/** How likely the next tokens are, row by row. @throws WorkbenchError as `whyNonFinite` */
export function nextTokens(run: HeadRun, finals: FinalStates): NextTokens {
  const { sampling, draws } = run
  if (draws !== null) return ofDraws(run, draws, finals)
  return sampling === undefined ? ofModel(run, finals) : ofSampler(run, sampling, finals)
}

/** Under samplers of temperature and min-p. */
async function* ofDraws(run: HeadRun, draws: Draws, finals: FinalStates): NextTokens {
  const { scorer, head, vocabularySize, signal } = run
  const askedOf = (row: number): readonly number[] => scorer.askedOf(row).next
  const most = logitRows(vocabularySize)
  for await (const event of head.drawn(finals.hidden, draws, askedOf, most, signal)) {
    if (event.type === 'slice') {
      yield event
      continue
    }
    const { first, count, next } = event
    const own = at(next, 0, 'sampler')
    if (own.some(Number.isNaN)) {
      let done = 0
      await requireFinite(run, finals, { first, count }, (row) => {
        const from = done
        done += askedOf(row).length
        return !own.subarray(from, done).some(Number.isNaN)
      })
    }
    yield { type: 'rows', next }
  }
}

/** The softmax at temperature 1, which needs the logits of what is asked about only. */
async function* ofModel(run: HeadRun, finals: FinalStates): NextTokens {
  const { scorer, head, tokens, signal } = run
  const rowCount = scorer.rowsOf(finals)
  let sums: Float64Array = new Float64Array()
  for await (const event of head.logSums(finals.hidden, signal)) {
    if (event.type === 'slice') yield event
    else sums = event.values
  }
  await requireFinite(run, finals, { first: 0, count: rowCount }, (row) => Number.isFinite(sums[row]))
  const column = new Map(tokens.map((token, i) => [token, i]))
  for (const part of partsOf(rowCount, logitRows(tokens.length))) {
    const logits = await head.logitsOf(statesOf(finals, rowCount, part), tokens)
    yield {
      type: 'rows',
      next: [
        endToEnd(part, (row, i) => {
          const sum = at(sums, row, 'row')
          return scorer
            .askedOf(row)
            .next.map((token) =>
              Math.exp(at(logits, i * tokens.length + got(column, token, 'token'), 'logit') - sum)
            )
        })
      ]
    }
  }
}

/** As a sampler draws them, for which it wants the whole vocabulary's logits. */
async function* ofSampler(run: HeadRun, sampling: Sampling, finals: FinalStates): NextTokens {
  const { scorer, head, vocabularySize, signal } = run
  const rowCount = scorer.rowsOf(finals)
  for (const part of partsOf(rowCount, logitRows(vocabularySize))) {
    for await (const event of head.logits(statesOf(finals, rowCount, part), signal)) {
      if (event.type === 'slice') {
        yield { ...event, share: (event.share * part.count) / rowCount }
        continue
      }
      const logitsOf = (row: number): Float32Array => rowAt(event.values, row - part.first, vocabularySize)
      await requireFinite(run, finals, part, (row) => allFinite(logitsOf(row)))
      yield {
        type: 'rows',
        next: [endToEnd(part, (row) => drawn(logitsOf(row), sampling, scorer.askedOf(row)))]
      }
    }
  }
}

function drawn(logits: Float32Array, sampling: Sampling, { tokens, next }: AskedRow): Float64Array {
  return tokenProbabilities(logits, sampling, tokens, next)
}

/** Some of an origin's rows. */
interface Part {
  readonly first: number
  readonly count: number
}

/** What is asked of a part's rows. @param of a row of the origin's finals, and its place in the part */
function endToEnd({ first, count }: Part, of: (row: number, i: number) => ArrayLike<number>): Float64Array {
  const rows = Array.from({ length: count }, (_, i) => of(first + i, i))
  return joinNumbers(rows)
}

function partsOf(rowCount: number, most: number): Part[] {
  const starts = Array.from({ length: Math.ceil(rowCount / most) }, (_, i) => i * most)
  return starts.map((first) => ({ first, count: Math.min(most, rowCount - first) }))
}

function statesOf({ hidden }: FinalStates, rowCount: number, { first, count }: Part): Float32Array {
  const width = hidden.length / rowCount
  return hidden.subarray(first * width, (first + count) * width)
}

async function requireFinite(
  { computation, scorer }: HeadRun,
  finals: FinalStates,
  { first, count }: Part,
  isFinite: (row: number) => boolean
): Promise<void> {
  for (let row = first; row < first + count; row++) {
    if (isFinite(row)) continue
    throw await whyNonFinite(computation, scorer.modelOf(finals, row), scorer.askedOf(row).tokens)
  }
}
