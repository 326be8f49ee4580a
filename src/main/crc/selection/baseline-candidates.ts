import {
  type BaselineComparison,
  type RangeScore,
  type Score,
  ScoredHalf,
  type SweepDocument
} from '../../../contract/documents/crc'
import type { Baseline } from '../../../contract/model/sampling-baseline'
import { samplerOfSweep } from '../../../contract/documents/scored-by'
import { layersModel, weightsKey } from '../../../contract/model/model'
import { findRange, halfStrengths } from '../../../contract/model/strengths'
import type { Tempered } from './what-if'

/** Fields of a sweep that are needed to select a range and to compare it with baselines. */
export type SelectionInput = Pick<
  SweepDocument,
  | 'layerCount'
  | 'source'
  | 'prompts'
  | 'scoredBy'
  | 'whatIf'
  | 'holdOutSplit'
  | 'post'
  | 'ranges'
  | 'recipes'
  | 'checkpoints'
  | 'uniformBlends'
  | 'baselines'
>

/** A scored model that the selected range can be compared with. */
export interface Candidate {
  baseline: BaselineComparison['baseline']
  score: Score
}

export const baselinesOfKind = (
  { uniformBlends, baselines }: Pick<SelectionInput, 'uniformBlends' | 'baselines'>,
  kind: Baseline['kind']
): { baseline: Baseline; score: Score }[] =>
  kind === 'uniform-blend' || kind === 'depth-ramp'
    ? blendsOf(uniformBlends).filter(({ baseline }) => baseline.kind === kind)
    : baselines.filter(({ baseline }) => baseline.kind === kind).map((score) => ({ baseline: score.baseline, score }))

/** Lists the blends without uniform ones of strength 0, which is post, and strength 1, which is a range. */
const blendsOf = (uniformBlends: SelectionInput['uniformBlends']): { baseline: Baseline; score: Score }[] =>
  uniformBlends.flatMap((score): { baseline: Baseline; score: Score }[] => {
    const { strength, last } = score
    if (last !== undefined) return [{ baseline: { kind: 'depth-ramp', strength, last }, score }]
    return strength > 0 && strength < 1 ? [{ baseline: { kind: 'uniform-blend', strength }, score }] : []
  })

/** Lists scores of the selected range under samplers other than the sweep's, if they differ from its own scores. */
export function otherwiseDrawn(
  sweep: SelectionInput,
  { start, end, validity, diversity }: RangeScore,
  tempered: readonly Tempered[]
): Candidate[] {
  const sweepSampler = samplerOfSweep(sweep)
  return tempered
    .filter(({ sampler }) => sampler.temperature !== sweepSampler.temperature || sampler.minP !== sweepSampler.minP)
    .filter(({ score }) => score.validity !== validity || score.diversity !== diversity)
    .map(({ sampler, score }) => ({
      baseline: { kind: 'tempered', range: { start, end }, ...sampler },
      score
    }))
}

/** Lists the other checkpoints that the sweep scored as whole models. */
export const otherCheckpoints = ({ checkpoints }: Pick<SelectionInput, 'checkpoints'>): Candidate[] =>
  checkpoints.map(({ path, fingerprint, name, ...score }) => ({
    baseline: { kind: 'checkpoint', path, fingerprint, name },
    score
  }))

/** Lists scored recipes that restore only one half of the selected range's layers. */
export function halvesAlone({ recipes, layerCount, source }: SelectionInput, { start, end }: RangeScore): Candidate[] {
  const scored = new Map(recipes.map((score) => [weightsKey({ kind: 'recipe', recipe: score.recipe }), score]))
  return ScoredHalf.options.flatMap((half): Candidate[] => {
    const range = { start, end }
    const score = scored.get(weightsKey(layersModel(halfStrengths(range, half, layerCount, source))))
    return score === undefined ? [] : [{ baseline: { kind: 'half', half, range }, score }]
  })
}

/** Lists the other scored ranges of the selected length: the first, the middle and the last. */
export function controls({ ranges, layerCount }: SelectionInput, selected: RangeScore): Candidate[] {
  const length = selected.end - selected.start + 1
  const latest = layerCount - length
  const positions = [
    ['earliest', 0],
    ['median', Math.floor(latest / 2)],
    ['latest', latest]
  ] as const
  const seen = new Set([selected.start])
  return positions.flatMap(([position, start]): Candidate[] => {
    const range = { start, end: start + length - 1 }
    const score = findRange(ranges, range)
    if (seen.has(start) || score === undefined) return []
    seen.add(start)
    return [{ baseline: { kind: 'control', place: position, range }, score }]
  })
}
