import { normaliseAnswer } from '../../contract/model/answer'
import type { GrowingSample, ShownSample } from '../../contract/documents/samples'

/** Answers that count as the same. */
export interface AnswerGroup {
  key: string
  /** As it was written most often; of equals, as it was written first. */
  text: string
  count: number
  /** The lowest sample index among them; orders groups that are equally frequent. */
  firstIndex: number
  /** How many of them ran into the token limit. */
  cutCount: number
}

/** A variant's answers to one prompt. */
export interface AnswerCell {
  /** Finished answers. */
  count: number
  /** Most frequent first. */
  groups: readonly AnswerGroup[]
  /** Answers being written now, by sample index. */
  growing: readonly GrowingSample[]
}

export const EMPTY_CELL: AnswerCell = { count: 0, groups: [], growing: [] }

interface Spellings {
  counts: Map<string, number>
  firstIndex: number
  cutCount: number
  /** What the group looks like; null until someone asks after a change. */
  view: AnswerGroup | null
}

interface Gathered {
  answers: Map<number, ShownSample>
  /** By what the answers of a group share. */
  groups: Map<string, Spellings>
  growing: Map<number, GrowingSample>
  /** What the cell looks like; null until someone asks after a change. */
  view: AnswerCell | null
}

/**
 * The answers of a run by prompt and variant, as they arrive. A cell is the same object until its answers change, so
 * that only changed cells are drawn again.
 */
export class AnswerBoard {
  private readonly cells = new Map<string, Gathered>()
  /** Finished answers held. */
  answerCount = 0

  /** Takes finished answers; one that is already here is left alone. */
  add(answers: readonly ShownSample[]): void {
    for (const answer of answers) {
      const cell = this.gathered(answer.prompt, answer.variant)
      if (cell.growing.delete(answer.index)) cell.view = null
      if (cell.answers.has(answer.index)) continue
      cell.view = null
      cell.answers.set(answer.index, answer)
      this.answerCount += 1
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

  /** Takes how far unfinished answers have come. */
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
      groups: Array.from(cell.groups, ([key, group]) => (group.view ??= groupOf(key, group))).sort(
        (left, right) => right.count - left.count || left.firstIndex - right.firstIndex
      ),
      growing: [...cell.growing.values()].sort((left, right) => left.index - right.index)
    }
    return cell.view
  }

  /** A finished answer; undefined while it is not here. */
  answer(prompt: number, variant: string, index: number): ShownSample | undefined {
    return this.cells.get(cellKey(prompt, variant))?.answers.get(index)
  }

  private gathered(prompt: number, variant: string): Gathered {
    const key = cellKey(prompt, variant)
    let cell = this.cells.get(key)
    if (cell === undefined) {
      cell = { answers: new Map(), groups: new Map(), growing: new Map(), view: null }
      this.cells.set(key, cell)
    }
    return cell
  }
}

function groupOf(key: string, { counts, firstIndex, cutCount }: Spellings): AnswerGroup {
  let text = ''
  let most = 0
  let count = 0
  for (const [spelling, times] of counts) {
    count += times
    if (times > most) {
      text = spelling
      most = times
    }
  }
  return { key, text, count, firstIndex, cutCount }
}

/** One key per cell, for maps and sets. */
export const cellKey = (prompt: number, variant: string): string => `${prompt} ${variant}`

/** A group as a cell of fixed height shows it: on one line or two. */
export interface PreviewLine {
  group: AnswerGroup
  lines: 1 | 2
}

/**
 * The groups that fit into `lineBudget` lines, short answers on one line and long ones on two. The width is a guess:
 * a wrong one costs an ellipsis, never the height of the row.
 */
export function preview(
  groups: readonly AnswerGroup[],
  lineBudget: number,
  charactersPerLine: number
): PreviewLine[] {
  const shown: PreviewLine[] = []
  let left = lineBudget
  for (const group of groups) {
    if (left < 1) break
    const long = group.text.length > charactersPerLine || /\n\s*\S/.test(group.text.trim())
    const lines = long && left >= 2 ? 2 : 1
    shown.push({ group, lines })
    left -= lines
  }
  return shown
}

/** What is searched for, as a pattern that finds it literally and in any case; null when nothing is. */
export const searchPattern = (query: string): RegExp | null =>
  query.trim() === '' ? null : new RegExp(query.trim().replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'giu')

/** Characters of a closed answer before what is searched for: enough to see where it stands. */
const BEFORE_MATCH = 12

/** An answer on its one or two lines: begun shortly before what is searched for, which else might lie behind their end. */
export function fromMatch(text: string, pattern: RegExp | null): string {
  const found = pattern === null ? 0 : text.search(pattern)
  return found <= BEFORE_MATCH ? text : `…${text.slice(found - BEFORE_MATCH)}`
}

/** How many of a cell's answers contain what is searched for; a cell is searched once, until its answers change. */
export function matchCounter(pattern: RegExp): (cell: AnswerCell) => number {
  const known = new WeakMap<AnswerCell, number>()
  return (cell) => {
    const count =
      known.get(cell) ??
      cell.groups.reduce((sum, group) => sum + (matches(group.text, pattern) ? group.count : 0), 0)
    known.set(cell, count)
    return count
  }
}

export const matches = (text: string, pattern: RegExp): boolean => text.search(pattern) >= 0

/** The text in pieces, those that match marked. */
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
