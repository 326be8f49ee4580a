import type { CheckResult } from '../../contract/documents/answer-check'
import type { CategoryScore } from '../../contract/documents/crc'
import type { SearchDocument } from '../../contract/documents/search'
import { scoreWords } from '../../contract/words/score-words'
import { searchFinding } from '../../contract/words/search-words'
import { formatDuration } from '../../contract/words/format'
import { shellCommand } from '../report/shown-command'
import { bytes, count, decimal, printable, style, table } from './output'

/**
 * A search for people: what it found, how it got there, and whether that holds on unseen prompts and on whole answers.
 *
 * @param check of its sweep, where one is kept
 * @param checkCommand the command that checks what it found
 */
export function describeSearch(
  search: SearchDocument,
  check: CheckResult | null,
  checkCommand: string
): string {
  return [describeFound(search), describeVerdict(search, check, checkCommand), describeEffort(search)].join(
    '\n\n'
  )
}

function describeFound({ post, range, found, rho, minimumValidity, scoredBy }: SearchDocument): string {
  const words = scoreWords(scoredBy)
  const row = (name: string, score: CategoryScore): string[] => [
    name,
    decimal(score.validity),
    decimal(score.diversity),
    signed(score.diversity - range.diversity)
  ]
  const rows = [
    row('post', post),
    ...(range.range === null ? [] : [row(`best range, ${range.range.start}-${range.range.end}`, range)]),
    ...found.map((score) => row(score.recipe.name, score))
  ]
  const title = style(
    'bold',
    `Recipes with a ${words.validity} of at least ${decimal(minimumValidity)} (${rho} x post)`
  )
  return `${title}\n${table([['model', words.validity, words.diversity, 'over the best range'], ...rows], 'lrrr')}`
}

function describeVerdict(search: SearchDocument, check: CheckResult | null, checkCommand: string): string {
  const { comparison, heldOut, heldOutReason } = search
  const measures = scoreWords(search.scoredBy)
  const { words, checkNext } = searchFinding(search, check, search.rho)
  const lines = [style('bold', printable(words))]
  if (comparison !== null) {
    const [low, high] = comparison.interval
    lines.push(
      `On the prompts that picked it: ${signed(comparison.difference)} (${signed(low)} to ${signed(high)}), ` +
        'which favours whatever was picked from many.'
    )
  }
  lines.push(
    heldOut === null
      ? `Not checked on unseen prompts: ${printable(heldOutReason ?? '')}`
      : `Searched on one half of the prompts and compared on the other, both ways: ${signed(heldOut.difference)} ` +
          `(${signed(heldOut.interval[0])} to ${signed(heldOut.interval[1])}) in ${measures.diversity}, at ${measures.validity} ` +
          `${decimal(heldOut.found.validity)} against ${decimal(heldOut.range.validity)}.`
  )
  if (checkNext) lines.push(`Next: ${checkCommand}`)
  return lines.join('\n')
}

/** The command that checks what a search found, wherever that and the sweep were saved. */
export function checkFoundCommandOf({
  demo,
  base,
  post,
  from,
  prompts,
  out,
  project
}: {
  demo: boolean
  base?: string
  post?: string
  from?: string
  prompts?: string
  out?: string
  /** The project's folder, and the file in it that holds the search. */
  project: { path: string; search: string } | null
}): string {
  const given = (option: string, value: string | undefined): string[] =>
    value === undefined ? [] : [option, value]
  const start = [
    ...given('--project', project?.path),
    ...given('--from', from),
    ...(demo ? ['--demo'] : []),
    ...given('--base', base),
    ...given('--post', post),
    ...given('--prompts', prompts)
  ]
  const file = project?.search ?? out
  const command = shellCommand([['slr', 'check', ...start, '--recipes', file ?? 'search.json']])
  return file === undefined ? `${command}, of the same command with --out search.json` : command
}

const STOPPED = {
  'nothing-better': 'until no change made it better',
  generations: 'until the most generations asked for',
  budget: 'until the next would have gone beyond the budget'
} as const

function describeEffort({ generations, stopped, work, seconds }: SearchDocument): string {
  const candidates = generations.reduce((sum, generation) => sum + generation.candidates, 0)
  return style(
    'dim',
    `${count(candidates)} recipes in ${generations.length} generations, ${STOPPED[stopped]}: ` +
      `${count(work.blockEvaluations)} block evaluations, ${bytes(work.weightBytesRead)} of layer weights read, ` +
      `${formatDuration(seconds)}.`
  )
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${decimal(Math.abs(value))}`
}
