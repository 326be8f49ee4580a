import { verdictFacts } from '../../../contract/documents/verdict'
import type { CategoryScore } from '../../../contract/documents/crc'
import type { PairOutline, PairsOverview, SweepOutline } from '../../../contract/documents/pairs-overview'
import type { PairBrief, PairId } from '../../../contract/documents/project'
import { jobKindFacts } from '../../../contract/model/job-kinds'
import { keptStyle, type ModelStyle } from '../../../contract/model/model-style'
import type { RestorationRange } from '../../../contract/model/recipe'
import { capitalised, formatPercent, formatParameters, plural } from '../../../contract/words/format'
import type { ScoreWords } from '../../../contract/words/score-words'
import type { TableColumn } from '../../ui/table'
import { sweepState, verdictText } from '../../../contract/words/verdict'
import {
  baselineName,
  comparedScores,
  type BaselineScores,
  isSurelyMoreDiverse
} from '../../../contract/words/baseline-words'

export interface PairRow {
  readonly id: PairId
  readonly name: string
  /** The same in all charts, however the rows are sorted. */
  readonly style: ModelStyle
  readonly model: PairBrief['model']
  readonly layerCount: number | null
  /** Null unless its sweep was read. */
  readonly outline: SweepOutline | null
  /** Scores on first tokens from the outline, or from the summary while the sweep is read. */
  readonly brief: { post: CategoryScore; best: CategoryScore | null } | null
  /** Scores of the sweep's headline: on full answers if the selected range was checked. */
  readonly headline: { post: CategoryScore; best: CategoryScore | null; isChecked: boolean } | null
  /** The selected range; null if there is none or it is unknown. */
  readonly range: RestorationRange | null
  readonly tasks: readonly string[]
  readonly status: PairStatus
}

interface PairStatus {
  readonly label: string
  /** True if the user should look at it. */
  readonly warning: boolean
  readonly title: string | null
}

/** Describes the progress of a pair's sweep. */
export const sweepingWords = (share: number, isPreview: boolean): string =>
  `${isPreview ? 'previewing' : jobKindFacts('sweep').doing} ${formatPercent(share)}`

/** Returns the rows of a project's pairs, in its order. @param overview null until main has answered */
export function pairRows(pairs: readonly PairBrief[], overview: PairsOverview | null): PairRow[] {
  const outlines = new Map(overview?.pairs.map((outline) => [outline.id, outline]))
  return pairs.map((pair, position) => {
    const entry = outlines.get(pair.id) ?? null
    const outline = entry?.sweep.state === 'read' ? entry.sweep.outline : null
    const summary = entry?.sweep.state === 'reading' ? entry.sweep.summary : null
    const isUnfit = summary?.verdict?.state === 'unfit-prompts'
    const brief =
      outline !== null
        ? { post: outline.post, best: outline.selected }
        : summary === null
          ? null
          : { post: summary.post, best: isUnfit ? null : summary.best }
    const answers = outline?.answers ?? null
    return {
      id: pair.id,
      name: pair.name,
      style: keptStyle(position),
      model: pair.model,
      // The layer count of the swept checkpoints comes first, because the folders may now contain other models.
      layerCount: outline?.layerCount ?? summary?.layerCount ?? pair.model?.layerCount ?? null,
      outline,
      brief,
      headline:
        answers !== null
          ? { post: answers.post, best: answers.selected, isChecked: true }
          : brief && { ...brief, isChecked: false },
      range: outline?.selected?.range ?? (isUnfit ? null : summary?.selected) ?? null,
      tasks: entry?.tasks ?? [],
      status: statusOf(pair, entry)
    }
  })
}

const plain = (label: string, title: string | null = null): PairStatus => ({ label, warning: false, title })
const warning = (label: string, title: string): PairStatus => ({ label, warning: true, title })

/** Returns the first that applies: a running job, a problem of the pair, the verdict of its sweep. */
function statusOf({ running, unusable }: PairBrief, entry: PairOutline | null): PairStatus {
  const [job] = running
  if (job !== undefined) return plain(`${jobKindFacts(job).doing}…`)
  if (entry === null) return plain('…')
  const { folders, sweep } = entry
  if (folders === 'unreadable') return warning('cannot be read', 'Show the pair: Models says why.')
  if (folders === 'changed') {
    return warning(
      'changed on disk',
      sweep.state === 'none'
        ? 'The checkpoints changed since the project was last open.'
        : 'The checkpoints changed after the sweep.'
    )
  }
  if (sweep.state === 'none') {
    if (unusable !== null) return warning('cannot be computed', unusable)
    return sweep.others.length === 0
      ? plain('not swept')
      : plain('not swept this way', `Its sweeps are scored by ${sweep.others.join(', ')}.`)
  }
  if (sweep.state === 'reading') return plain(sweep.summary.isPreview ? 'preview, reading…' : 'reading…')
  if (sweep.state === 'unreadable') return warning('sweep cannot be read', sweep.problem.message)
  const { outline } = sweep
  const label = sweepState(outline)
  if (outline.verdict === null) return plain(label)
  const text = verdictText(outline.verdict)
  if (isPreviewRow({ outline })) return warning(label, `${ONLY_EXACT} ${text}`)
  return verdictFacts(outline.verdict.state).isWarning ? warning(label, text) : plain(label, text)
}

/** Caveat of a preview's row. */
const ONLY_EXACT = 'Only exact ranges are selected and drawn. A full sweep scores all.'

/** Returns the name of a pair, and whether its sweep is a preview. */
export const nameWithBadge = ({ name, outline }: Pick<PairRow, 'name' | 'outline'>): string =>
  isPreviewRow({ outline }) ? `${name} (preview)` : name

/** Reports whether the sweep of a pair estimated some ranges. */
export const isPreviewRow = ({ outline }: Pick<PairRow, 'outline'>): boolean =>
  outline !== null && outline.estimatedCount !== null

/** Describes family, layers and size of a model. */
export const modelWords = ({ model, layerCount }: Pick<PairRow, 'model' | 'layerCount'>): string =>
  [
    ...(model === null ? [] : [model.family]),
    ...(layerCount === null ? [] : [plural(layerCount, 'layer')]),
    ...(model === null ? [] : [formatParameters(model.parameterCount)])
  ].join(' · ')

/** Returns the best baseline of a pair with its name; null if none was compared. */
export function baselineOf({
  outline
}: Pick<PairRow, 'outline'>): (BaselineScores & { name: string; better: boolean }) | null {
  const baseline = outline?.baseline ?? null
  if (baseline === null) return null
  return { ...comparedScores(baseline), name: baselineName(baseline), better: isSurelyMoreDiverse(baseline) }
}

/** Returns the columns of the table of pairs, with names that fit the task of the sweeps. */
export function pairColumns(words: ScoreWords): TableColumn<PairRow, PairColumn>[] {
  const intervals = `in brackets 95 % intervals over resampled ${words.prompt}s`
  return [
    { id: 'name', label: 'Pair', words: true, value: ({ name }) => name.toLowerCase() },
    {
      id: 'size',
      label: 'Model',
      hint: 'Sorted by size.',
      value: ({ model }) => model?.parameterCount ?? null
    },
    {
      id: 'depth',
      label: 'Selected range',
      hint: 'Sorted by the relative depth of its first layer.',
      words: true,
      value: ({ range, layerCount }) => (range === null || layerCount === null ? null : range.start / layerCount)
    },
    {
      id: 'diversity',
      label: capitalised(words.diversity),
      hint: `By ${words.basis}: post, then the selected range. It is ${words.means.diversity}; ${intervals}.`,
      value: ({ headline }) => headline?.best?.diversity ?? null
    },
    {
      id: 'validity',
      label: capitalised(words.validity),
      hint: `By ${words.basis}: post, then the selected range. It is ${words.means.validity}.`,
      value: ({ headline }) => headline?.best?.validity ?? null
    },
    {
      id: 'heldOut',
      label: 'Cross-fitted',
      hint: `${capitalised(words.diversity)} when selected on half of the ${words.prompt}s and scored on the others.`,
      value: ({ outline }) => outline?.crossFit?.diversity ?? null
    },
    {
      id: 'baseline',
      label: 'Best baseline',
      hint: `The baseline with most ${words.diversity} at the ${words.validity} kept.`,
      value: ({ outline }) => outline?.baseline?.diversity ?? null
    },
    { id: 'tasks', label: 'Scored by', hint: 'Sorted by number.', value: ({ tasks }) => tasks.length },
    { id: 'state', label: 'State', words: true, value: ({ status }) => status.label }
  ]
}

type PairColumn = 'name' | 'size' | 'depth' | 'diversity' | 'validity' | 'heldOut' | 'baseline' | 'tasks' | 'state'

/** Returns the rows that contain every word of the filter. */
export function filteredRows(rows: readonly PairRow[], filter: string): PairRow[] {
  const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter((row) => {
    const text = [row.name, modelWords(row), ...row.tasks, row.status.label].join(' ').toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}
