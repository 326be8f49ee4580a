import { placeWord } from '../../../contract/model/model-word'
import { fromWords } from '../../../contract/words/source-words'
import type { CheckResult } from '../../../contract/documents/answer-check'
import type { CategoryScore, Interval } from '../../../contract/documents/crc'
import type { LayerShares, SearchDocument } from '../../../contract/documents/search'
import { scoreWords } from '../../../contract/words/score-words'
import {
  heldOutWords,
  searchFinding,
  searchSettingsWords,
  triedWords
} from '../../../contract/words/search-words'
import { shareColumns, sharesBasisWords } from '../../../contract/words/share-words'
import { formatMemory } from '../../../contract/model/bytes'
import { formatDelta, formatDeltas, formatDuration, plural } from '../../../contract/words/format'
import { shellCommand } from '../../report/shown-command'
import { elementAt } from '../../../contract/model/look-up'
import { decimal, printable, style, table } from './output'

/**
 * A search for people: what it found, how it got there, and whether that holds on unseen prompts and on whole answers.
 *
 * @param check of its sweep, where one is kept
 * @param checkCommand the command that checks what it found
 * @param preview what is said of its sweep where that is a preview
 */
export function describeSearch(
  search: SearchDocument,
  check: CheckResult | null,
  { checkCommand, preview }: { checkCommand: string; preview: readonly string[] }
): string {
  return [
    describeFound(search),
    describeVerdict(search, check, checkCommand),
    ...preview,
    ...(search.shapley === null ? [] : [describeShares(search.shapley, search)]),
    describeEffort(search)
  ].join('\n\n')
}

function describeFound({
  post,
  range,
  found,
  rho,
  minimumValidity,
  scoredBy,
  source
}: SearchDocument): string {
  const words = scoreWords(scoredBy)
  const row = (name: string, score: CategoryScore): string[] => [
    name,
    decimal(score.validity),
    decimal(score.diversity),
    formatDelta(score.diversity - range.diversity)
  ]
  const rows = [
    row('post', post),
    ...(range.range === null
      ? []
      : [row(`best range, ${range.range.start}-${range.range.end}${fromWords(source)}`, range)]),
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
    lines.push(
      `On the prompts that picked it: ${formatDelta(comparison.difference)} (${formatDeltas(comparison.interval)}), ` +
        'which favours whatever was picked from many.'
    )
  }
  lines.push(
    heldOut === null
      ? `No cross-fitted comparison: ${printable(heldOutReason)}`
      : `Cross-fitted (${heldOutWords(heldOut)}): ${formatDelta(heldOut.difference)} ` +
          `(${formatDeltas(heldOut.interval)}) in ${measures.diversity}, at ${measures.validity} ` +
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
  project,
  pair,
  search
}: {
  demo: boolean
  base?: string
  post?: string
  from?: string
  prompts?: string
  out?: string
  project?: string
  pair?: string
  /** The file in the project that holds the search; null without a project. */
  search: string | null
}): string {
  const given = (option: string, value: string | undefined): string[] =>
    value === undefined ? [] : [option, value]
  const start = [
    ...given('--project', project),
    ...given('--pair', pair),
    ...given('--from', from),
    ...(demo ? ['--demo'] : []),
    ...given('--base', base),
    ...given('--post', post),
    ...given('--prompts', prompts)
  ]
  const file = search ?? out
  const command = shellCommand([['slr', 'check', ...start, placeWord(file ?? 'search.json')]])
  return file === undefined ? `${command}, of the same command with --out search.json` : command
}

/** What each layer contributes, the layers in their order. */
function describeShares(shares: LayerShares, { scoredBy }: Pick<SearchDocument, 'scoredBy'>): string {
  const share = (values: readonly number[], intervals: readonly Interval[] | null, layer: number): string => {
    const value = formatDelta(elementAt(values, layer, 'layer'))
    return intervals === null ? value : `${value} (${formatDeltas(elementAt(intervals, layer, 'layer'))})`
  }
  const { diversity, validity, intervals, further, alone, leftOut } = shares
  const rows = diversity.map((_, layer) => [
    String(layer),
    share(diversity, intervals?.diversity ?? null, layer),
    share(validity, intervals?.validity ?? null, layer),
    ...further.map((each) => share(each.values, each.intervals, layer)),
    formatDelta(elementAt(alone.diversity, layer, 'layer')),
    formatDelta(elementAt(leftOut.diversity, layer, 'layer'))
  ])
  const title = style('bold', `What each layer contributes (Shapley values ${sharesBasisWords(shares)})`)
  const head = ['layer', ...shareColumns(shares, scoredBy)]
  return `${title}\n${table([head, ...rows], 'r'.repeat(head.length))}`
}

function describeEffort(search: SearchDocument): string {
  const { work, seconds, settings } = search
  return style(
    'dim',
    `${searchSettingsWords(settings)}: ${triedWords(search)}: ` +
      `${plural(work.blockEvaluations, 'block evaluation')}, ${formatMemory(work.weightBytesRead)} of layer weights read, ` +
      `${formatDuration(seconds)}.`
  )
}
