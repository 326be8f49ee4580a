import type { SweptModel } from '../../../contract/documents/swept-model'
import type { OtherCheckpoint } from '../../../contract/model/checkpoint'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { layersModel, rangeModel } from '../../../contract/model/model'
import { WorkbenchError } from '../../../contract/model/problem'
import type { RestorationRange } from '../../../contract/model/recipe'
import { allRanges, rangeStrengths } from '../../../contract/model/strengths'
import { weightDtype } from '../../checkpoint/dtype'
import type { PairMember } from '../../checkpoint/pair-member'
import { computeAlike, layerTensors } from '../../family'

/** A stage of training and an earlier one, to which its layers are restored. Null is base or post of the request. */
export interface StagePair {
  readonly target: OtherCheckpoint | null
  readonly source: OtherCheckpoint | null
}

/** Lists every stage with every earlier one. @param stages between base and post, in order of training */
export function stagePairs(stages: readonly OtherCheckpoint[]): StagePair[] {
  const targets = [...stages, null]
  return targets.flatMap((target, index) =>
    [null, ...stages.slice(0, index)].map((source) => ({ target, source }))
  )
}

/** Returns a stage with a range restored to an earlier stage. */
export function stageRange(
  { target, source }: StagePair,
  range: RestorationRange,
  layerCount: number
): SweptModel {
  if (target === null && source === null) return { kind: 'range', range }
  const model = source === null ? rangeModel(range) : layersModel(rangeStrengths(range, layerCount, source))
  return target === null ? model : { ...model, onto: target }
}

/** Lists the ranges of a lineage, without those of post and base, which every sweep of all ranges has. */
export const stageRanges = (stages: readonly OtherCheckpoint[], layerCount: number): SweptModel[] =>
  stagePairs(stages)
    .filter(({ target, source }) => target !== null || source !== null)
    .flatMap((pair) => allRanges(layerCount).map((range) => stageRange(pair, range, layerCount)))

/** Refuses stages whose layers would change in another stage. @throws WorkbenchError `mismatch`, `bad-input` */
export function requireStages(stages: readonly PairMember[]): void {
  const last = elementAt(stages, stages.length - 1, 'stage')
  for (const [index, stage] of stages.entries()) {
    const { path, fingerprint } = stage.checkpoint
    const equal = stages.slice(0, index).find(({ checkpoint }) => checkpoint.fingerprint === fingerprint)
    if (equal !== undefined)
      throw new WorkbenchError(
        'bad-input',
        `${path} looks like the same checkpoint as the stage ${equal.checkpoint.path}.`,
        'Name each stage of the training once.'
      )
    if (computeAlike(stage.spec, last.spec) && layerDtypes(stage) === layerDtypes(last)) continue
    throw new WorkbenchError(
      'mismatch',
      `The layers of ${path} have another number type or config than those of ${last.checkpoint.path}.`,
      'Convert all stages to one type, or sweep two stages with "slr sweep".'
    )
  }
}

const layerDtypes = ({ spec, checkpoint }: PairMember): string =>
  spec.layers
    .flatMap((_, layer) => layerTensors(spec, layer))
    .map(({ name }) => weightDtype(mapGet(checkpoint.tensors, name, 'tensor')))
    .join()
