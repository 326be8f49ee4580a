import type { BaselineComparison } from '../documents/crc'
import type { BetterModel, EvaluationFinding, VerdictStep } from '../documents/verdict'
import type { RestorationSource } from '../model/model'
import { baselineName, modelsPerToken } from './baseline-words'
import { capitalised } from './format'
import { baselinePhrase, comparedModel } from './model-phrase'

/** Describes a baseline as a better model. @param basis answers on which it is better */
export const betterModelOf = (
  baseline: BaselineComparison,
  basis: BetterModel['basis'],
  restoring: RestorationSource
): BetterModel => ({
  name: baselineName(baseline),
  phrase: baselinePhrase(baseline),
  model: comparedModel(baseline, restoring),
  basis,
  modelsPerToken: modelsPerToken(baseline),
  failsCheck: false
})

/** Says in a sentence that a variant of an evaluation did better. */
export const betterClause = ({ phrase, inBoth }: NonNullable<EvaluationFinding['better']>): string =>
  `${capitalised(phrase)} did better${inBoth ? ' on both' : ''}.`

/** Suggests to keep a recipe, and to compare any other model. */
export function actionFor({ model, phrase, modelsPerToken }: BetterModel): VerdictStep {
  if (model?.kind === 'recipe') return { kind: 'keep', text: `Keep ${phrase} and compare it with the range.` }
  const runs = modelsPerToken === 2 ? ` It runs two models for each token.` : ''
  return { kind: 'compare', text: `Compare the range with ${phrase}.${runs}` }
}
