import type { LayerDistance } from './distances'
import type { RestoredTo } from '../model/checkpoint'
import type { MeasureId } from '../model/measures'
import type { RestorationRange } from '../model/recipe'
import type { SamplingBaseline } from '../model/sampling-baseline'
import type { LineageDocument, LineageLayer, TriageDocument } from './lineage'
import type { LayerPairs } from './layer-pairs'
import type { ReportedEvaluation, ReportedSearch } from './report'
import type { ScoredByBrief } from './scored-by'
import type { LayerShares } from './search'
import type { BriefPreview } from './shown-sweep'
import type { LiveScore } from './sweep-events'

/** The data of a chart in a report. The chart is drawn by `src/renderer/report/report-figure.ts`. */
export type ReportChart =
  | {
      kind: 'ranges'
      rho: number
      selected: string | null
      /** Badge text of the selected range. */
      badge: string
      failed: string[]
      rejected: string[]
      board: {
        layerCount: number
        source: RestoredTo
        scoredBy: ScoredByBrief
        promptCount: number
        base: LiveScore | null
        fewShot?: LiveScore
        post: LiveScore
        ranges: (RestorationRange & LiveScore & { margins?: BriefPreview['ranges'][number]['margins'] })[]
        others: (LiveScore & {
          key: string
          kind: 'uniform-blend' | 'depth-ramp' | 'recipe' | 'search-result' | 'checkpoint'
          name: string
          mark: number | null
          changed: null
        })[]
        baselines: (LiveScore & { baseline: SamplingBaseline })[]
      }
    }
  | { kind: 'layers'; layers: LayerDistance[] }
  | {
      kind: 'trade-off'
      evaluation: Pick<ReportedEvaluation, 'variants' | 'results'>
      diversity: MeasureId
      quality: MeasureId
    }
  | { kind: 'search'; search: Pick<ReportedSearch, 'generations' | 'range' | 'scoredBy'> }
  | { kind: 'shares'; shares: LayerShares; scoredBy: ScoredByBrief }
  | { kind: 'lineage'; layers: readonly LineageLayer[]; scoredBy: ScoredByBrief }
  | { kind: 'lineage-map'; lineage: LineageDocument }
  | { kind: 'triage'; triage: TriageDocument }
  | { kind: 'pairs'; pairs: LayerPairs }
  | { kind: 'pass-at-k'; evaluation: Pick<ReportedEvaluation, 'variants' | 'results'> }
