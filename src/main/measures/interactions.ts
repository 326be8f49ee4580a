import { type EvaluationRun, type Interaction, variantSettingsKey } from '../../contract/documents/evaluation'
import { elementAt } from '../../contract/model/look-up'
import { sameModel } from '../../contract/model/model'
import type { Measures } from './evaluation-cell'
import { mainDifferences, subtract } from './main-differences'

/** Indices of four variants: two models, each with changed settings and with the settings of the reference. */
interface ModelsAndSettings {
  readonly variant: number
  /** The same model with the settings of the reference. */
  readonly plain: number
  /** The model of the reference with the settings of the variant. */
  readonly changed: number
}

/**
 * Compares how sampling and prompting settings change each model, and how they change the reference's model. On each
 * prompt, the interaction is (variant - plain) - (changed - reference). A variant is omitted if the run lacks one of
 * the others.
 * @param measures [prompt][variant]
 * @param reference index of the variant that others are compared with
 */
export function compareSettingEffects(
  { task, variants }: Pick<EvaluationRun, 'task' | 'variants'>,
  measures: readonly (readonly Measures[])[],
  reference: number
): Interaction[] {
  const settings = variants.map((entry) => variantSettingsKey(entry, task.settings.sampling))
  const modelOf = (index: number) => elementAt(variants, index, 'variant').variant
  const indicesOf = (model: number, key: string | undefined): number[] =>
    [...variants.keys()].filter((index) => settings[index] === key && sameModel(modelOf(index), modelOf(model)))
  const groups = [...variants.keys()].flatMap((variant): ModelsAndSettings[] => {
    if (sameModel(modelOf(variant), modelOf(reference)) || settings[variant] === settings[reference]) return []
    const [plain] = indicesOf(variant, settings[reference])
    const [changed] = indicesOf(reference, settings[variant])
    return plain === undefined || changed === undefined ? [] : [{ variant, plain, changed }]
  })
  const differences = mainDifferences(
    task.kind,
    measures,
    groups.map(({ variant, plain, changed }) => ({
      differenceOf: (valueOf) =>
        subtract(subtract(valueOf(variant), valueOf(plain)), subtract(valueOf(changed), valueOf(reference))),
      key: String(variant)
    }))
  )
  return groups.map(({ variant, plain, changed }, index) => ({
    variant: modelOf(variant).name,
    plain: modelOf(plain).name,
    reference: modelOf(changed).name,
    differences: elementAt(differences, index, 'interaction')
  }))
}
