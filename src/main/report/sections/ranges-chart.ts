import { isUniform } from '../../../contract/model/recipe'
import { rangePasses, rejectedRanges } from '../../../contract/documents/answer-check'
import { blendName } from '../../../contract/documents/swept-model'
import { briefScoring } from '../../../contract/documents/scored-by'
import type { ReportChart } from '../../../contract/documents/report-chart'
import type { ReportedRange, ReportedScore, ReportedSweep } from '../../../contract/documents/report'
import { selectedBadge } from '../../../contract/words/verdict'
import { rangeKey } from '../../../contract/model/strengths'
import type { LiveScore } from '../../../contract/documents/sweep-events'

/* Converts a sweep to the content of its charts, which the window draws from the same types. */

const liveScore = (
  { validity, diversity, effectiveChoices, distinctRight }: ReportedScore,
  promptCount: number
): LiveScore => ({
  validity,
  diversity,
  effectiveChoices,
  ...(distinctRight === undefined ? {} : { distinctRight }),
  promptCount
})

type ChartedRange = Extract<ReportChart, { kind: 'ranges' }>['board']['ranges'][number]

/** Lists exact ranges, and the ranges that a preview estimates. */
function rangePoints({ ranges, preview, promptCount }: ReportedSweep): ChartedRange[] {
  const point = (range: ReportedRange, scoredPrompts: number): ChartedRange => ({
    start: range.start,
    end: range.end,
    ...liveScore(range, scoredPrompts)
  })
  return [
    ...ranges.map((range) => point(range, promptCount)),
    ...(preview === null
      ? []
      : preview.ranges.map((range) => ({
          ...point(range, preview.prompts.length),
          margins: range.margins
        })))
  ]
}

/** Returns the key and the badge of the selected range; null without one. */
function selectedOf({ verdict, selection, source }: ReportedSweep): {
  selected: string | null
  badge: string
} {
  const badge = verdict === null ? null : selectedBadge(verdict)
  if (badge === null || !selection?.selected) return { selected: null, badge: '' }
  return { selected: rangeKey(selection.selected, { source }), badge: badge.label }
}

/** Returns the keys of ranges that the full-answer check excludes from the selection. */
const rejectedKeys = ({ ranges, check, selection, source }: ReportedSweep): string[] =>
  selection === null ? [] : rejectedRanges(ranges, check, selection.rho).map((range) => rangeKey(range, { source }))

/** Returns the keys of ranges whose full answers were checked and fail. */
const failedKeys = ({ ranges, check, selection, source }: ReportedSweep): string[] =>
  selection === null
    ? []
    : ranges
        .filter((range) => rangePasses(check, range, selection.rho) === false)
        .map((range) => rangeKey(range, { source }))

/** Lists the recipes of a search, without single ranges: a search returns the range that it could not improve. */
const foundOf = (search: ReportedSweep['search']): NonNullable<ReportedSweep['search']>['found'] =>
  search?.found.filter(({ recipe }) => !('ranges' in recipe && recipe.ranges.length === 1)) ?? []

export function rangesChart(sweep: ReportedSweep): ReportChart {
  const {
    layerCount,
    source,
    promptCount,
    base,
    post,
    uniformBlends,
    recipes,
    checkpoints,
    search,
    selection,
    scoredBy
  } = sweep
  const live = (score: ReportedScore): LiveScore => liveScore(score, promptCount)
  return {
    kind: 'ranges',
    rho: selection?.rho ?? 0,
    ...selectedOf(sweep),
    failed: failedKeys(sweep),
    rejected: rejectedKeys(sweep),
    board: {
      scoredBy: briefScoring(scoredBy),
      layerCount,
      source,
      promptCount,
      base: base === null ? null : live(base),
      ...(sweep.fewShot && { fewShot: live(sweep.fewShot) }),
      post: live(post),
      ranges: rangePoints(sweep),
      others: [
        ...uniformBlends.map((score) => ({
          kind: isUniform(score) ? ('uniform-blend' as const) : ('depth-ramp' as const),
          name: blendName(score, source),
          mark: null,
          ...live(score)
        })),
        ...recipes.map((score) => ({
          kind: 'recipe' as const,
          name: score.recipe.name,
          mark: score.mark,
          ...live(score)
        })),
        ...checkpoints.map((score) => ({
          kind: 'checkpoint' as const,
          name: score.name,
          mark: score.mark,
          ...live(score)
        })),
        ...foundOf(search).map((score) => ({
          kind: 'search-result' as const,
          name: score.recipe.name,
          mark: null,
          ...live(score)
        }))
      ].map((other, index) => ({ ...other, key: String(index), changed: null })),
      baselines: sweep.baselines.map((score) => ({ baseline: score.baseline, ...live(score) }))
    }
  }
}
