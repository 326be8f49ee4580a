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
import { previewMark } from '../../../contract/words/preview-words'
import { sameCheckpointsWords } from '../../../contract/words/same-checkpoints'
import { baselineName, comparedScores } from '../../../contract/words/baseline-words'
import { scoredByWords, type ScoreWords, scoreWords } from '../../../contract/words/score-words'
import { fallsShort, uncheckedBadge } from '../../../contract/words/transfer-words'
import { type Block, type TableCell, numberColumn, paragraph, type Section, textColumn } from '../blocks'

/** All pairs of the project side by side; none where there is one. */
export function pairsSections({ pairs }: Pick<Report, 'pairs'>): Section[] {
  if (pairs === null) return []
  const words = scoreWords(pairs.scoredBy)
  return [
    {
      id: 'pairs',
      title: 'Pairs of the project',
      blocks: [
        paragraph(
          `${plural(pairs.pairs.length, 'pair')}, compared by ${scoredByWords(pairs.scoredBy)}: of each its newest sweep of that kind, a whole one rather than a preview of the same, under the limit that the pair is set to.${pairs.shown === null ? '' : ` The rest of this report is of ${pairs.shown}.`}`
        ),
        ...promptsWarning(pairs, words),
        ...sameCheckpointsWords(pairs.pairs).map((text): Block => ({ kind: 'warning', text })),
        pairsTable(pairs, words),
        transferTable(pairs, words)
      ]
    }
  ]
}

function promptsWarning({ pairs }: ReportedPairs, { prompt }: ScoreWords): Block[] {
  const asked = new Set(pairs.flatMap(({ outline }) => (outline === null ? [] : outline.promptsKey)))
  if (asked.size < 2) return []
  return [
    {
      kind: 'warning',
      text: `Not all pairs were asked the same ${prompt}s: their scores are of different ones.`
    }
  ]
}

const NOTHING: TableCell = { text: '–' }

function pairsTable({ pairs }: ReportedPairs, words: ScoreWords): Block {
  return {
    kind: 'table',
    label: `Each pair: post, and what is selected, ${words.diversity} and ${words.validity} of ${words.basis}, with 95 % intervals over resampled ${words.prompt}s`,
    columns: [
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
    rows: pairs.map(({ name, outline }): TableCell[] => [
      nameCell(name, outline),
      ...(outline === null
        ? [NOTHING, { text: 'not swept so' }, ...Array<TableCell>(7).fill(NOTHING)]
        : cellsOf(outline))
    ])
  }
}

const isPreview = (outline: SweepOutline | null): boolean =>
  outline !== null && outline.estimatedCount !== null

/** A preview stands beside whole sweeps as one. */
function nameCell(name: string, outline: SweepOutline | null): TableCell {
  const mark = outline === null ? null : previewMark(outline)
  return { text: name, ...(mark === null ? {} : { detail: mark }) }
}

function cellsOf(outline: SweepOutline): TableCell[] {
  const { layerCount, post, selected, crossFit, baseline } = outline
  const sure = (value: number, interval: Interval | undefined): TableCell => ({
    text: formatScore(value),
    ...(interval === undefined ? {} : { detail: interval.map(formatScore).join(' to ') })
  })
  const both = (measure: 'validity' | 'diversity'): TableCell[] => [
    sure(post[measure], post.intervals?.[measure]),
    selected === null ? NOTHING : sure(selected[measure], selected.intervals?.[measure])
  ]
  return [
    { text: String(layerCount) },
    selected === null ? { text: 'no range' } : { text: rangePhrase(selected.range), tone: 'hybrid' },
    ...both('diversity'),
    ...both('validity'),
    crossFit === null
      ? NOTHING
      : {
          text: formatScore(crossFit.diversity),
          detail: crossFitAt(
            crossFit,
            outline.rho * post.validity,
            scoreWords(outline.scoredBy),
            crossFit.unchecked
          )
        },
    baseline === null
      ? NOTHING
      : { text: baselineName(baseline), detail: formatScore(comparedScores(baseline).diversity) },
    { text: sweepState(outline) }
  ]
}

/** Scores that the sweeps have: nothing is computed for them. */
function transferTable({ pairs, transfers }: ReportedPairs, words: ScoreWords): Block {
  const cell = (from: string, to: string): TableCell => {
    const result = transfers.find((one) => one.from === from && one.to === to)?.result
    if (result?.kind !== 'carried') return NOTHING
    const { gain, validityKept, other } = result
    const short = fallsShort(result) ?? uncheckedBadge(result, transfers)
    const kept = validityKept === null ? '' : `, ${formatPercent(validityKept)} kept`
    return {
      text: formatDelta(gain),
      detail: `${rangeLabel(other)}${kept}${short === null ? '' : `, ${short}`}`,
      strong: from === to
    }
  }
  return {
    kind: 'table',
    label: `What each pair selects, carried to the others by relative depth: gain in ${words.diversity} of ${words.basis} over post there, and the share of its ${words.validity}`,
    columns: [
      textColumn('Selected by'),
      ...pairs.map(({ name, outline }) =>
        numberColumn(`in ${name}`, ...(isPreview(outline) ? ['preview'] : []))
      )
    ],
    rows: pairs.map((from): TableCell[] => [
      nameCell(from.name, from.outline),
      ...pairs.map((to) => cell(from.id, to.id))
    ])
  }
}
