import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import { modelOf, type SweptModel } from '../../../contract/documents/swept-model'
import type { OtherCheckpoint } from '../../../contract/model/checkpoint'
import { mapGet } from '../../../contract/model/look-up'
import { weightsKey } from '../../../contract/model/model'
import { allRanges } from '../../../contract/model/strengths'
import { runCooperatively } from '../../base/steps'
import { assembleSweep, type ModelResults, type SweepFacts } from './assemble-sweep'
import { type StageCombinations, stageCombinations, stagePairs, stageRange } from './lineage'

/** Scores of a lineage: the stages of a training, restored to each other. */
export interface LineageScores {
  /** One sweep for each of `stagePairs`, equal to a separate sweep of the two stages. */
  readonly sweeps: SweepDocument[]
  /** Scores of models that combine the changes of several stages. */
  readonly combinations: readonly StageCombinations<readonly PromptScore[]>[]
}

/** Builds the sweeps and combinations of a lineage from the scores of all its models. */
export async function assembleLineage(
  { facts, models }: { facts: SweepFacts; models: readonly ModelResults[] },
  stages: readonly OtherCheckpoint[],
  { rho, seed }: { rho: number; seed?: number | undefined }
): Promise<LineageScores> {
  const keyOf = (model: SweptModel): string => weightsKey(modelOf(model, facts))
  const scores = new Map(models.map(({ model, prompts }) => [keyOf(model), prompts]))
  // Returns the scores of a stage as a whole model; of base or post for null.
  const scoresOf = (stage: OtherCheckpoint | null, end: 'base' | 'post'): readonly PromptScore[] | undefined =>
    scores.get(keyOf(stage === null ? { kind: end } : { kind: 'checkpoint', ...stage }))
  const sweeps: SweepDocument[] = []
  for (const pair of stagePairs(stages)) {
    const { target, source } = pair
    const [post, base] = [scoresOf(target, 'post'), scoresOf(source, 'base')]
    if (post === undefined) throw new Error('a lineage without a stage')
    const models: ModelResults[] = allRanges(facts.layerCount).map((range) => ({
      model: { kind: 'range', range },
      prompts: mapGet(scores, keyOf(stageRange(pair, range, facts.layerCount)), 'range')
    }))
    models.push({ model: { kind: 'post' }, prompts: post })
    if (base !== undefined) models.push({ model: { kind: 'base' }, prompts: base })
    const sweep = assembleSweep({
      facts: {
        ...facts,
        basePath: source === null ? facts.basePath : referenceOf(source),
        postPath: target === null ? facts.postPath : referenceOf(target)
      },
      models,
      baselines: [],
      preview: null,
      rho,
      seed
    })
    sweeps.push(await runCooperatively(sweep))
  }
  const combinations = stageCombinations(stages, facts.layerCount).map(({ range, models }) => ({
    range,
    models: models.map((model) => mapGet(scores, keyOf(model), 'combination'))
  }))
  return { sweeps, combinations }
}

const referenceOf = ({ path, fingerprint }: OtherCheckpoint) => ({ path, fingerprint })
