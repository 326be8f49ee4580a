import { normaliseAnswer } from '../../contract/model/answer'
import { type AnswerFinish, type GrowingSample, isCounted, type ShownSample } from '../../contract/documents/samples'

export interface AnswerGroup {
  key: string
  /** The most frequent spelling, or the first of equally frequent ones. */
  text: string
  count: number
  /** Lowest sample index in the group. It orders groups of equal frequency. */
  firstIndex: number
  /** Number of answers that were cut off, at the token limit or the end of the context window. */
  cutCount: number
}

/** Answers of a variant to one prompt. */
export interface AnswerCell {
  /** Number of answers, without refused and failed ones. */
  count: number
  /** How the other answers ended. */
  uncounted: readonly AnswerFinish[]
  /** Groups, most frequent first. */
  groups: readonly AnswerGroup[]
  /** Answers being written, by sample index. */
  growing: readonly GrowingSample[]
}

export const EMPTY_CELL: AnswerCell = { count: 0, uncounted: [], groups: [], growing: [] }

interface Spellings {
  counts: Map<string, number>
  firstIndex: number
  cutCount: number
  /** Cached view of the group; null after a change. */
  view: AnswerGroup | null
}

interface Gathered {
  answers: Map<number, ShownSample>
  /** Ends of refused and failed answers, by sample index. */
  uncounted: Map<number, AnswerFinish>
  groups: Map<string, Spellings>
  growing: Map<number, GrowingSample>
  /** Cached view of the cell; null after a change. */
  view: AnswerCell | null
}

/**
 * Answers of a run by prompt and variant, as they arrive. A cell stays the same object until its answers change, so
 * that only changed cells are drawn again.
 */
export class AnswerBoard {
  private readonly cells = new Map<string, Gathered>()
  answerCount = 0

  /** Adds finished answers. Known ones are ignored. */
  add(answers: readonly ShownSample[]): void {
    for (const answer of answers) {
      const cell = this.gathered(answer.prompt, answer.variant)
      if (cell.growing.delete(answer.index)) cell.view = null
      if (cell.answers.has(answer.index) || cell.uncounted.has(answer.index)) continue
      cell.view = null
      this.answerCount += 1
      if (!isCounted(answer)) {
        cell.uncounted.set(answer.index, answer.finish)
        continue
      }
      cell.answers.set(answer.index, answer)
      const key = normaliseAnswer(answer.text)
      const group = cell.groups.get(key) ?? {
        counts: new Map<string, number>(),
        firstIndex: answer.index,
        cutCount: 0,
        view: null
      }
      group.view = null
      group.counts.set(answer.text, (group.counts.get(answer.text) ?? 0) + 1)
      group.firstIndex = Math.min(group.firstIndex, answer.index)
      if (answer.finish === 'length') group.cutCount += 1
      cell.groups.set(key, group)
    }
  }

  /** Sets the text of unfinished answers. */
  grow(growing: readonly GrowingSample[]): void {
    for (const answer of growing) {
      const cell = this.gathered(answer.prompt, answer.variant)
      if (cell.answers.has(answer.index)) continue
      cell.growing.set(answer.index, answer)
      cell.view = null
    }
  }

  cell(prompt: number, variant: string): AnswerCell {
    const cell = this.cells.get(cellKey(prompt, variant))
    if (cell === undefined) return EMPTY_CELL
    cell.view ??= {
      count: cell.answers.size,
      uncounted: [...cell.uncounted.values()],
      groups: Array.from(cell.groups, ([key, group]) => (group.view ??= groupOf(key, group))).sort(
        (remaining, right) => right.count - remaining.count || remaining.firstIndex - right.firstIndex
      ),
      growing: [...cell.growing.values()].sort((remaining, right) => remaining.index - right.index)
    }
    return cell.view
  }

  /** Returns a finished answer; undefined if it is missing, refused or failed. */
  answer(prompt: number, variant: string, index: number): ShownSample | undefined {
    return this.cells.get(cellKey(prompt, variant))?.answers.get(index)
  }

  private gathered(prompt: number, variant: string): Gathered {
    const key = cellKey(prompt, variant)
    let cell = this.cells.get(key)
    if (cell === undefined) {
      cell = { answers: new Map(), uncounted: new Map(), groups: new Map(), growing: new Map(), view: null }
      this.cells.set(key, cell)
    }
    return cell
  }
}

function groupOf(key: string, { counts, firstIndex, cutCount }: Spellings): AnswerGroup {
  let text = ''
  let maxTimes = 0
  let count = 0
  for (const [spelling, times] of counts) {
    count += times
    if (times > maxTimes) {
      text = spelling
      maxTimes = times
    }
  }
  return { key, text, count, firstIndex, cutCount }
}

export const cellKey = (prompt: number, variant: string): string => `${prompt} ${variant}`

/** A group in a cell of fixed height, on one line or two. */
interface PreviewLine {
  group: AnswerGroup
  lines: 1 | 2
}

/**
 * Returns the groups that fit into `lineBudget` lines: short answers on one line, long ones on two. The width is a
 * guess: a wrong guess costs an ellipsis, not the height of the row.
 */
export function preview(groups: readonly AnswerGroup[], lineBudget: number, charactersPerLine: number): PreviewLine[] {
  const shownGroups: PreviewLine[] = []
  let remaining = lineBudget
  for (const group of groups) {
    if (remaining < 1) break
    const long = group.text.length > charactersPerLine || group.text.trim().includes('\n')
    const lines = long && remaining >= 2 ? 2 : 1
    shownGroups.push({ group, lines })
    remaining -= lines
  }
  return shownGroups
}

/** Returns a pattern that matches the query literally in any case; null for an empty query. */
export const searchPattern = (query: string): RegExp | null =>
  query.trim() === '' ? null : new RegExp(query.trim().replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'giu')

/** Characters of a closed answer before the match, for context. */
const BEFORE_MATCH = 12

/** Returns an answer from shortly before its first match, so that the match is visible. */
export function fromMatch(text: string, pattern: RegExp | null): string {
  const start = pattern === null ? 0 : text.search(pattern)
  return start <= BEFORE_MATCH ? text : `…${text.slice(start - BEFORE_MATCH)}`
}

/** Returns a counter of a cell's answers that match. Counts are cached until the answers change. */
export function matchCounter(pattern: RegExp): (cell: AnswerCell) => number {
  const counts = new WeakMap<AnswerCell, number>()
  return (cell) => {
    const count =
      counts.get(cell) ?? cell.groups.reduce((sum, group) => sum + (matches(group.text, pattern) ? group.count : 0), 0)
    counts.set(cell, count)
    return count
  }
}

export const matches = (text: string, pattern: RegExp): boolean => text.search(pattern) >= 0

/** Splits a text into pieces with and without a match. */
export function highlight(text: string, pattern: RegExp | null): { text: string; hit: boolean }[] {
  if (pattern === null) return [{ text, hit: false }]
  const pieces: { text: string; hit: boolean }[] = []
  let end = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), hit: false })
    pieces.push({ text: match[0], hit: true })
    end = match.index + match[0].length
  }
  if (end < text.length || pieces.length === 0) pieces.push({ text: text.slice(end), hit: false })
  return pieces
}
