import type { Interval } from '../../../contract/documents/crc'
import type { SweepOutline } from '../../../contract/documents/pairs-overview'
import type { Report, ReportedPairs } from '../../../contract/documents/report'
import {
  formatDelta,
  formatPercent,
  formatScore,
  plural,
  rangeLabel,
  rangePhrase
} from '../../../contract/words/format'
import { sweepState } from '../../../contract/words/verdict'
import { crossFitAt } from '../../../contract/words/cross-fit-words'
import { previewBadge } from '../../../contract/words/preview-words'
import { sameCheckpointsWords } from '../../../contract/words/same-checkpoints'
import { baselineName, comparedScores } from '../../../contract/words/baseline-words'
import { scoredByWords, type ScoreWords, scoreWords } from '../../../contract/words/score-words'
import { fallsShort, uncheckedBadge } from '../../../contract/words/transfer-words'
import { type Block, block, DASH, numberColumn, type Section, type TableCell, textColumn } from '../blocks'

/** Compares the pairs of a project. Empty for a project of one pair. */
export function pairsSections({ pairs }: Pick<Report, 'pairs'>): Section[] {
  if (pairs === null) return []
  const words = scoreWords(pairs.scoredBy)
  const promptSets = new Set(pairs.pairs.flatMap(({ outline }) => outline?.promptsKey ?? []))
  const basis =
    `${plural(pairs.pairs.length, 'pair')}, compared by ${scoredByWords(pairs.scoredBy)}. ` +
    'Each has its newest sweep of that kind, a full sweep rather than its preview, under the limit of the pair.'
  return [
    {
      id: 'pairs',
      title: 'Pairs of the project',
      blocks: [
        block.paragraph(
          pairs.shown === null ? basis : `${basis} The other sections of this report describe ${pairs.shown}.`
        ),
        ...(promptSets.size < 2
          ? []
          : [block.warning(`Pairs have scores on different ${words.prompt}s, so compare them with care.`)]),
        ...sameCheckpointsWords(pairs.pairs).map(block.warning),
        pairsTable(pairs, words),
        transferTable(pairs, words)
      ]
    }
  ]
}

const pairsTable = ({ pairs }: ReportedPairs, words: ScoreWords): Block =>
  block.table(
    `Each pair: post and the selected range, ${words.diversity} and ${words.validity} of ${words.basis}, ` +
      `with 95 % intervals over resampled ${words.prompt}s`,
    [
      textColumn('Pair'),
      numberColumn('layers'),
      textColumn('selected'),
      numberColumn(words.diversity, 'of post'),
      numberColumn(words.diversity, 'selected'),
      numberColumn(words.validity, 'of post'),
      numberColumn(words.validity, 'selected'),
      numberColumn('cross-fitted', words.diversity),
      textColumn('best baseline', words.diversity),
      textColumn('State')
    ],
    pairs.map(({ name, outline }): TableCell[] => [
      nameCell(name, outline),
      ...(outline === null ? [DASH, { text: 'no such sweep' }, ...Array<TableCell>(7).fill(DASH)] : cellsOf(outline))
    ])
  )

const isPreview = (outline: SweepOutline | null): boolean => outline !== null && outline.estimatedCount !== null

function nameCell(name: string, outline: SweepOutline | null): TableCell {
  const badge = outline === null ? null : previewBadge(outline)
  return { text: name, ...(badge === null ? {} : { detail: badge }) }
}

function cellsOf(outline: SweepOutline): TableCell[] {
  const { layerCount, post, selected, crossFit, baseline } = outline
  const withInterval = (value: number, interval: Interval | undefined): TableCell => ({
    text: formatScore(value),
    ...(interval === undefined ? {} : { detail: interval.map(formatScore).join(' to ') })
  })
  const both = (measure: 'validity' | 'diversity'): TableCell[] => [
    withInterval(post[measure], post.intervals?.[measure]),
    selected === null ? DASH : withInterval(selected[measure], selected.intervals?.[measure])
  ]
  return [
    { text: String(layerCount) },
    selected === null ? { text: 'no range' } : { text: rangePhrase(selected.range), tone: 'hybrid' },
    ...both('diversity'),
    ...both('validity'),
    crossFit === null
      ? DASH
      : {
          text: formatScore(crossFit.diversity),
          detail: crossFitAt(crossFit, outline.rho * post.validity, scoreWords(outline.scoredBy), crossFit.unchecked)
        },
    baseline === null
      ? DASH
      : { text: baselineName(baseline), detail: formatScore(comparedScores(baseline).diversity) },
    { text: sweepState(outline) }
  ]
}

/** Shows how each pair's selected range scores in the sweeps of the other pairs, from stored scores. */
function transferTable({ pairs, transfers }: ReportedPairs, words: ScoreWords): Block {
  const cell = (from: string, to: string): TableCell => {
    const result = transfers.find((one) => one.from === from && one.to === to)?.result
    if (result?.kind !== 'carried') return DASH
    const { gain, validityKept, other } = result
    const short = fallsShort(result) ?? uncheckedBadge(result, transfers)
    const share = validityKept === null ? '' : `, ${formatPercent(validityKept)} kept`
    return {
      text: formatDelta(gain),
      detail: `${rangeLabel(other)}${share}${short === null ? '' : `, ${short}`}`,
      strong: from === to
    }
  }
  return block.table(
    'Selected ranges in the other pairs, by relative depth: ' +
      `gain in ${words.diversity} of ${words.basis} over post there, and the kept share of its ${words.validity}`,
    [
      textColumn('Selected by'),
      ...pairs.map(({ name, outline }) => numberColumn(`in ${name}`, ...(isPreview(outline) ? ['preview'] : [])))
    ],
    pairs.map((from): TableCell[] => [nameCell(from.name, from.outline), ...pairs.map((to) => cell(from.id, to.id))])
  )
}
