import type { Selection } from '../documents/crc'
import type { ScoredByBrief } from '../documents/scored-by'
import type { Verdict } from '../documents/verdict'
import { type RestorationSource, sweptRangeModel, weightsKey } from '../model/model'
import type { Recipe } from '../model/recipe'
import { formatScore } from './format'
import type { RecipeCheck } from './recipe-check'
import { scoredByName, scoreWords } from './score-words'
import { verdictText } from './verdict'

export function selects(sweep: RestorationSource & { selection: Selection | null }, recipe: Recipe): boolean {
  const selected = sweep.selection?.selected ?? null
  if (selected === null) return false
  return weightsKey(sweptRangeModel(selected, sweep)) === weightsKey({ kind: 'recipe', recipe })
}

/** Returns a sweep's finding about a recipe, for its badge. @param verdict null unless the sweep selects it */
export function sweepFinding(
  { scoredBy, selection }: { scoredBy: ScoredByBrief; selection: Selection | null },
  verdict: Verdict | null,
  precision: number | null
): RecipeCheck | null {
  if (selection === null) return null
  const isTask = scoredBy.kind === 'task'
  const by = isTask ? `by the task “${scoredByName(scoredBy)}”` : 'by the character task'
  if (verdict !== null)
    return {
      state: verdict.state,
      label: verdict.label,
      words: isTask ? `${by}: ${verdictText(verdict)}` : verdictText(verdict)
    }
  const { minimumValidity } = selection
  if (!isTask || precision === null || precision >= minimumValidity) return null
  const { validity } = scoreWords(scoredBy)
  const words = `${by} below the limit: ${validity} ${formatScore(precision)}, of ${formatScore(minimumValidity)}`
  return { state: 'below', label: 'below the limit', words }
}
