import {
  type EvaluationRun,
  type Interaction,
  type MeasureDifference,
  variantSettingsKey
} from '../../contract/documents/evaluation'
import { elementAt } from '../../contract/model/look-up'
import type { MeasureId } from '../../contract/model/measures'
import { sameModel } from '../../contract/model/model'
import { taskKindFacts } from '../../contract/model/task-kinds'
import type { Measures } from './evaluation-cell'
import { pairedDifferences } from './statistics'

/**
 * Compares the effect of settings on each model with that on the reference's model, by prompt: (variant - plain) -
 * (same settings of the reference - reference). @param measures [prompt][variant]
 */
export function interactions(
  { task, variants }: Pick<EvaluationRun, 'task' | 'variants'>,
  measures: readonly (readonly Measures[])[],
  reference: number
): Interaction[] {
  const settings = variants.map((entry) => variantSettingsKey(entry, task.settings.sampling))
  const modelOf = (index: number) => elementAt(variants, index, 'variant').variant
  const indexOf = (model: number, key: string | undefined): number =>
    variants.findIndex(({ variant }, index) => settings[index] === key && sameModel(variant, modelOf(model)))
  const cells = [...variants.keys()].flatMap((variant) => {
    if (sameModel(modelOf(variant), modelOf(reference)) || settings[variant] === settings[reference]) return []
    const [plain, changed] = [indexOf(variant, settings[reference]), indexOf(reference, settings[variant])]
    return plain === -1 || changed === -1 ? [] : [[variant, plain, changed, reference] as const]
  })
  const { diversity, quality } = taskKindFacts(task.kind).mainMeasures
  const comparisons = [...diversity, ...quality].map((id) => ({
    id,
    differences: pairedDifferences(
      cells.map((indices) =>
        measures.flatMap((prompt) => {
          const [a, b, c, d] = indices.map((index) => prompt[index]?.[id])
          return a === undefined || b === undefined || c === undefined || d === undefined ? [] : [a - b - (c - d)]
        })
      )
    )
  }))
  const nameOf = (index: number): string => modelOf(index).name
  return cells.map(([variant, plain, changed], index) => ({
    ...{ variant: nameOf(variant), plain: nameOf(plain), reference: nameOf(changed) },
    differences: Object.fromEntries(
      comparisons.flatMap(({ id, differences }): [MeasureId, MeasureDifference][] => {
        const difference = differences[index] ?? null
        return difference === null ? [] : [[id, difference]]
      })
    )
  }))
}
