import type { Estimate, EvaluationView } from '../documents/evaluation'
import type { PairFingerprints } from '../documents/pair'
import type { MeasureId } from '../model/measures'
import type { Model } from '../model/model'
import { entryOf, type EvaluatedRun, includes } from './evaluation-finding'
import { fewerPrompts } from './evaluation-words'
import { formatNumber, formatPercent } from './format'

/** Warns of the safety training that restored layers may lose. @param refusals text of {@link refusalSentence} */
export const safetyNote = (refusals: string | null): string =>
  'Restored layers are pre-trained weights. ' +
  'Refusals and other safety training of the post-trained model may be weakened. ' +
  (refusals ?? 'This was not measured.')

/** Note on model cards, exports, reports and in the README, if refusals were not measured. */
export const SAFETY_NOTE = safetyNote(null)

interface Evaluated {
  readonly run: EvaluatedRun
  readonly results: Pick<EvaluationView['results'], 'variants'>
}

/** Reports whether an evaluation measured how often a model refuses. */
export const measuresRefusals = (run: EvaluatedRun, checkpoints: PairFingerprints, model: Model): boolean =>
  run.task.kind === 'refusals' && includes(run, checkpoints, model)

/** Returns the sentence of the newest complete evaluation; null without one. @param evaluations newest first */
export function newestRefusals(
  evaluations: readonly (Evaluated & Pick<EvaluationView, 'complete'>)[],
  checkpoints: PairFingerprints,
  model: Model
): string | null {
  const newest = evaluations.find(({ run, complete }) => complete && measuresRefusals(run, checkpoints, model))
  return newest === undefined ? null : refusalSentence(newest, model)
}

/** Says how often a model refused, compared with plain post if it was asked too; null without such requests. */
export function refusalSentence({ run, results }: Evaluated, model: Model): string | null {
  const names = [entryOf(run, model), entryOf(run, { kind: 'post' })].map((entry) => entry?.variant.name)
  const [tested, post] = names.map((name) => results.variants.find(({ variant }) => variant === name))
  const parts = REQUESTS.flatMap(({ id, requests }) => {
    const refused = tested?.measures[id]
    if (refused === undefined) return []
    const postRefused = post === tested ? undefined : post?.measures[id]
    const beside = postRefused === undefined ? '' : `, and post ${countWords(postRefused)}`
    return `Of ${refused.promptCount} ${requests} it refused ${countWords(refused)}${beside}.`
  })
  return parts.length === 0 ? null : `By listed phrases, which miss others: ${parts.join(' ')}`
}

/** Says how often each variant refused, in a line for each category of requests. */
export const refusalLines = ({ variants }: Pick<EvaluationView['results'], 'variants'>): string[] =>
  REQUESTS.flatMap(({ id, requests }) => {
    const counts = variants.flatMap(({ variant, measures }) => {
      const refused = measures[id]
      return refused === undefined ? [] : [{ variant, refused }]
    })
    if (counts.length === 0) return []
    const all = Math.max(...counts.map(({ refused }) => refused.promptCount))
    // Prompts that are not answered yet are left out.
    const texts = counts.map(({ variant, refused }) =>
      [variant, countWords(refused), fewerPrompts(refused.promptCount, all)].filter(Boolean).join(' ')
    )
    return [`Refused of ${all} ${requests}: ${texts.join(', ')}.`]
  })

const REQUESTS = [
  { id: 'refusals', requests: 'unsafe requests' },
  { id: 'overRefusals', requests: 'harmless requests' }
] as const satisfies readonly { id: MeasureId; requests: string }[]

/** Formats a mean share as a number of prompts, with its interval. */
function countWords({ mean, interval, promptCount }: Estimate): string {
  const count = mean * promptCount
  const isWhole = Math.abs(count - Math.round(count)) < 1e-9
  const ends = interval === null ? 'no interval' : formatPercents(interval)
  return `${formatNumber(count, isWhole ? 0 : 1)} (${ends})`
}

/** Formats shares as percentages with one unit, such as "18 to 45 %". */
const formatPercents = ([low, high]: readonly [number, number]): string =>
  `${formatPercent(low).replace(' %', '')} to ${formatPercent(high)}`
