import type { EvaluationSummary } from '../documents/evaluation'
import type { HistoryRun } from '../documents/history'
import type { SweepSummary } from '../documents/project'
import type { SampleRunSummary } from '../documents/samples'
import type { SearchSummary } from '../documents/search'
import { DEVICE_LABELS } from '../model/device'
import { rangeCount } from '../model/strengths'
import { capitalised, formatCount, formatScore, plural, rangePhrase } from './format'
import { previewBadge } from './preview-words'
import { scoredByName, scoreWords } from './score-words'
import { fromWords } from './source-words'

/** Names a sweep in lists by its scoring and its result. */
export function sweepTitle(summary: SweepSummary): string {
  const { scoredBy, selected, source } = summary
  const badge = sweepBadge(summary)
  const result =
    selected === null
      ? `no range selected${fromWords(source)}`
      : `${rangePhrase(selected, source)}, ${sweepBest(summary)}`
  return `${capitalised(scoredByName(scoredBy))}${badge === null ? '' : `, ${badge}`}: ${result}`
}

/** Returns the badge of a preview; null for a full sweep. */
export const sweepBadge = ({
  isPreview,
  exactCount,
  layerCount
}: Pick<SweepSummary, 'isPreview' | 'exactCount' | 'layerCount'>): string | null =>
  previewBadge({ rangeCount: exactCount, estimatedCount: isPreview ? rangeCount(layerCount) - exactCount : null })

/** Formats the diversity of the selected range, on full answers if checked. Empty if no range is selected. */
export function sweepBest({
  scoredBy,
  best,
  bestAnswers
}: Pick<SweepSummary, 'scoredBy' | 'best' | 'bestAnswers'>): string {
  const { diversity } = scoreWords(scoredBy)
  if (bestAnswers !== null) return `${diversity} ${formatScore(bestAnswers.diversity)} of full answers`
  return best === null ? '' : `${diversity} ${formatScore(best.diversity)}`
}

const METHODS: Readonly<Record<SearchSummary['method'], string>> = {
  greedy: 'Greedy search',
  beam: 'Beam search',
  subsets: 'Subsets of layers',
  strengths: 'Strengths of layers'
}

export const searchTitle = ({ method, best }: SearchSummary): string =>
  `${METHODS[method]}: ${best === null ? 'nothing qualifies' : `${best.name}, ${formatScore(best.diversity)}`}`

export const samplesTitle = ({ variantNames, sampleCount, sampleTotal }: SampleRunSummary): string =>
  `${variantNames.join(', ')}: ${answersOf(sampleCount, sampleTotal)}`

export const evaluationTitle = ({ taskName, variantNames, answerCount, answerTotal }: EvaluationSummary): string =>
  `${taskName}: ${plural(variantNames.length, 'model')}, ${answersOf(answerCount, answerTotal)}`

const answersOf = (count: number, total: number): string =>
  count === total ? plural(count, 'answer') : `${formatCount(count)} of ${plural(total, 'answer')}`

export const runTitle = ({ name, title }: Pick<HistoryRun, 'name' | 'title'>): string => (name === '' ? title : name)

/** Lists the device, prompts, checkpoints and program version of a run. */
export function computedWords({ computed, checkpoints }: Pick<HistoryRun, 'computed' | 'checkpoints'>): string[] {
  const { device, precision, weights, promptCount, estimatedFrom, draws, programVersion } = computed
  const storedAs = weights === null ? '' : `, weights as ${weights}`
  return [
    `${DEVICE_LABELS[device]}${precision === null ? '' : ` in ${precision}`}${storedAs}`,
    ...(promptCount === null ? [] : [plural(promptCount, 'prompt')]),
    ...(estimatedFrom === null ? [] : [`most ranges estimated from ${formatCount(estimatedFrom)} of them`]),
    ...(draws === null ? [] : [`${plural(draws, 'draw')} each`]),
    `base ${checkpoints.base.slice(0, 8)}, post ${checkpoints.post.slice(0, 8)}`,
    `SLR Workbench ${programVersion === '' ? 'of an unknown version' : programVersion}`
  ]
}
