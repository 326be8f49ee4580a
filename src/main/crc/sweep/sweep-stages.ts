import { elementAt } from '../../../contract/model/look-up'
import { spanKey } from '../../../contract/model/strengths'
import { buildAnswerTrie } from '../../engine/tries/answer-trie'
import {
  plannedPreview,
  type PreviewOutcome,
  type PreviewSetting,
  type PreviewStage,
  previewStages
} from '../preview/preview-stages'
import type { ScoreCollector } from '../task/model-scores'
import type { SweepStage } from './compute-sweep'
import type { PreparedSweep } from './prepare-sweep'
import type { KeptData } from './stage-session'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

/** The stages in which a sweep is computed. */
interface FollowedStages {
  /** Yields the stages. @param scores the scores so far, which decide the next stage of a preview */
  follow: (scores: readonly ScoreCollector[]) => Iterable<SweepStage>
  /** Result of a preview; null if everything was scored. */
  readonly outcome: PreviewOutcome | null
}

/** Lists one stage with everything, or the stages of a preview of enough prompts. */
export function stagesOf(prepared: PreparedSweep, chosen: readonly number[]): FollowedStages {
  const { models, baselines, request } = prepared
  const everything: SweepStage = {
    models: Array.from({ length: models.length + baselines.length }, (_, model) => model),
    prompts: chosen
  }
  let outcome: PreviewOutcome | null = null
  return {
    *follow(scores) {
      if (request.preview === true) outcome = yield* preview(prepared, scores)
      if (outcome === null) yield everything
    },
    get outcome() {
      return outcome
    }
  }
}

/** Collects the models, prompts and rule of a preview. */
export function previewSetting({
  layerCount,
  models,
  prompts,
  groups,
  holdOutSplit,
  request
}: PreparedSweep): PreviewSetting {
  return {
    layerCount,
    models,
    prompts,
    prefixes: prompts.map(
      ({ tokens }, prompt) => buildAnswerTrie({ tokens, groups: elementAt(groups, prompt, 'prompt') }).prefixes
    ),
    choose: holdOutSplit?.selection ?? null,
    rho: request.rho,
    seed: request.seed ?? DEFAULT_SEED
  }
}

/** Reports whether a preview is computed. With few prompts, everything is scored instead. */
export const computesPreview = (prepared: PreparedSweep): boolean =>
  prepared.request.preview === true && plannedPreview(previewSetting(prepared)) !== null

/** Returns the index of the range that the user looks at; null if the sweep does not have it. */
function viewedRange({ models, request }: PreparedSweep): number | null {
  const range = request.viewedRange?.() ?? null
  if (range === null) return null
  const model = models.findIndex((swept) => swept.kind === 'range' && spanKey(swept.range) === spanKey(range))
  return model === -1 ? null : model
}

/** Data that each stage keeps for later ones. The first stage keeps nothing, so that its scores arrive early. */
const KEPT_DATA: Readonly<Record<PreviewStage['kind'], KeptData>> = {
  coarse: 'nothing',
  whole: 'states',
  sample: 'weights',
  finalists: 'states'
}

/** Yields the stages of a preview. Baselines are scored with post and base, from the same logits. */
function* preview(
  prepared: PreparedSweep,
  scores: readonly ScoreCollector[]
): Generator<SweepStage, PreviewOutcome | null> {
  const { models, baselines } = prepared
  const stages = previewStages({
    ...previewSetting(prepared),
    viewedRange: () => viewedRange(prepared),
    scoreOf: (model, prompt) => elementAt(scores, model, 'model').of(prompt)
  })
  for (let stage = stages.next(); ; stage = stages.next()) {
    if (stage.done === true) return stage.value
    const { kind, prompts, budget } = stage.value
    const withBaselines = kind === 'whole' ? baselines.map((_, baseline) => models.length + baseline) : []
    yield { prompts, budget, keeps: KEPT_DATA[kind], models: [...stage.value.models, ...withBaselines] }
  }
}
