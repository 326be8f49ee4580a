import type { SweptModel } from '../../../contract/documents/swept-model'
import type { OtherCheckpoint } from '../../../contract/model/checkpoint'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { layersModel, rangeModel } from '../../../contract/model/model'
import { inputError, mismatchError } from '../../../contract/model/problem'
import type { RestorationRange } from '../../../contract/model/recipe'
import { allRanges, rangeStrengths } from '../../../contract/model/strengths'
import { weightDtype } from '../../checkpoint/dtype'
import type { PairMember } from '../../checkpoint/pair-member'
import { computeAlike, layerTensors } from '../../family'

/** A stage of training, and an earlier stage to which its layers are restored. */
interface StagePair {
  /** Null for post. */
  readonly target: OtherCheckpoint | null
  /** Null for base. */
  readonly source: OtherCheckpoint | null
}

/** Lists every stage with every earlier stage. @param stages between base and post, in order of training */
export function stagePairs(stages: readonly OtherCheckpoint[]): StagePair[] {
  const targets = [...stages, null]
  return targets.flatMap((target, index) => [null, ...stages.slice(0, index)].map((source) => ({ target, source })))
}

/** Returns the model of a stage with a range restored to an earlier stage. */
export function stageRange({ target, source }: StagePair, range: RestorationRange, layerCount: number): SweptModel {
  if (target === null && source === null) return { kind: 'range', range }
  const model = source === null ? rangeModel(range) : layersModel(rangeStrengths(range, layerCount, source))
  return target === null ? model : { ...model, onto: target }
}

/** Lists the additional ranges of a lineage. The ranges of post restored to base are in every sweep already. */
export const stageRanges = (stages: readonly OtherCheckpoint[], layerCount: number): SweptModel[] =>
  stagePairs(stages)
    .filter(({ target, source }) => target !== null || source !== null)
    .flatMap((pair) => allRanges(layerCount).map((range) => stageRange(pair, range, layerCount)))

/** Maximum number of changes between stages of which every combination is computed: 16 models per group of layers. */
const MAX_CHANGES = 4

/** Models with every combination of the stages' changes to a group of layers. Other layers are the last stage's. */
export interface StageCombinations<Model> {
  readonly range: RestorationRange
  /** The bits of the index select the changes. The highest bit is the first change. */
  readonly models: readonly Model[]
}

/** Lists the combinations for all layers, and for each quarter of the layers. Empty for one change or too many. */
export function stageCombinations(
  stages: readonly OtherCheckpoint[],
  layerCount: number
): StageCombinations<SweptModel>[] {
  const changes = stages.length + 1
  if (changes === 1 || changes > MAX_CHANGES) return []
  const quarter = Math.ceil(layerCount / 4)
  const ranges = [{ start: 0, end: layerCount - 1 }]
  for (let start = 0; quarter > 1 && start < layerCount; start += quarter)
    ranges.push({ start, end: Math.min(start + quarter, layerCount) - 1 })
  return ranges.map((range) => ({
    range,
    models: Array.from({ length: 2 ** changes }, (_, bits) => combination(stages, range, layerCount, bits))
  }))
}

/**
 * Returns a model with base's layers plus the changes whose bits are set. A change is a stage minus the stage before,
 * so the layers are a weighted sum of stages.
 */
function combination(
  stages: readonly OtherCheckpoint[],
  range: RestorationRange,
  layerCount: number,
  bits: number
): SweptModel {
  const changes = stages.length + 1
  const includes = (change: number): boolean => change >= 0 && (bits & (1 << (changes - 1 - change))) !== 0
  const checkpoints = ['base' as const, ...stages, 'post' as const]
  const terms = checkpoints
    .map((checkpoint, index) => ({
      checkpoint,
      weight: Number(index === 0 || includes(index - 1)) - Number(index < changes && includes(index))
    }))
    .filter(({ weight }) => weight !== 0)
  const [only] = terms
  if (only === undefined || terms.length > 1) return { ...rangeModel(range), terms }
  if (only.checkpoint === 'post') return { kind: 'post' }
  const source = only.checkpoint === 'base' ? null : only.checkpoint
  return stageRange({ target: null, source }, range, layerCount)
}

/** Lists the models of a lineage whose layers are sums of several stages. */
export const stageSums = (stages: readonly OtherCheckpoint[], layerCount: number): SweptModel[] =>
  stageCombinations(stages, layerCount).flatMap(({ models }) =>
    models.filter((model) => model.kind === 'recipe' && model.terms !== undefined)
  )

/** Refuses equal stages, and stages whose layers another stage would compute differently. @throws WorkbenchError */
export function requireStages(stages: readonly PairMember[]): void {
  const last = elementAt(stages, stages.length - 1, 'stage')
  for (const [index, stage] of stages.entries()) {
    const { path, fingerprint } = stage.checkpoint
    const equal = stages.slice(0, index).find(({ checkpoint }) => checkpoint.fingerprint === fingerprint)
    if (equal !== undefined)
      throw inputError(
        `${path} looks like the same checkpoint as the stage ${equal.checkpoint.path}.`,
        'Name each stage of the training once.'
      )
    if (computeAlike(stage.spec, last.spec) && layerDtypes(stage) === layerDtypes(last)) continue
    throw mismatchError(
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
