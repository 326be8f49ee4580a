import { type CheckResult, type FullAnswerScores, passesCheck } from '../documents/answer-check'
import { FEW_SHOT_WORD } from '../model/few-shot'
import type { ModelTone } from '../model/model-style'
import type { Recipe } from '../model/recipe'
import { type Baseline, BASELINE_FAMILIES } from '../model/sampling-baseline'
import { independentBaselineName } from './baseline-words'

/** Row of a table of a full-answer check. */
export interface CheckedRow {
  name: string
  tone: ModelTone
  scores: FullAnswerScores
  /** True if the model passes the check; null for post. */
  passes: boolean | null
  recipe: Recipe | null
  baseline: Baseline | null
}

/** Lists post, the recipes, the baselines, and base after a few-shot prompt. */
export function checkedRows(check: CheckResult, rho: number): CheckedRow[] {
  const row = (
    name: string,
    tone: ModelTone,
    scores: FullAnswerScores,
    { recipe = null, baseline = null }: Partial<CheckedRow> = {}
  ): CheckedRow => ({ name, tone, scores, passes: passesCheck(scores, check, rho), recipe, baseline })
  return [
    { ...row('post', 'post', check.post), passes: null },
    ...check.models.map((model) => row(model.recipe.name, 'hybrid', model, model)),
    ...check.baselines.map((model) => {
      const { baseline } = model
      return row(independentBaselineName(baseline), BASELINE_FAMILIES[baseline.kind].tone, model, { baseline })
    }),
    ...(check.fewShot === undefined ? [] : [row(FEW_SHOT_WORD, 'base', check.fewShot)])
  ]
}
