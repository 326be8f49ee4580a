import { formatScore, formatUtc } from '../../../contract/words/format'
import { recipeCheck } from '../../../contract/words/recipe-check'
import { DEFAULT_RHO } from '../../../contract/documents/project'
import type { Recipe } from '../../../contract/model/recipe'
import type { Report } from '../../../contract/documents/report'
import { selects, sweepFinding } from '../../../contract/words/sweep-finding'
import { scoredByName } from '../../../contract/words/score-words'
import { describeStrengths, sourcesOf } from '../../../contract/model/strengths'
import { block, emptySection, numberColumn, type Section, type TableCell, textColumn } from '../blocks'

/** Describes the layers that a recipe restores, and their sources. */
export function describeRecipe(recipe: Recipe): string {
  if ('layers' in recipe) {
    const sources = sourcesOf(recipe.layers)
    const named = sources.map(({ name, fingerprint }) => `${name}: fingerprint ${fingerprint}`)
    return sources.length === 0
      ? `layers of base: ${describeStrengths(recipe.layers)}`
      : `layers, of base where no other checkpoint is named: ${describeStrengths(recipe.layers)} (${named.join('; ')})`
  }
  const ranges = recipe.ranges.map(([start, end]) => (start === end ? String(start) : `${start}–${end}`))
  return `layers of base: ${ranges.join(', ')}`
}

/** Lists the recipes that the user has kept, with their scores and full-answer checks. */
export function keptSection({ recipes, sweep }: Report): Section {
  const section = { id: 'recipes', title: 'Kept recipes' }
  if (recipes.length === 0) return emptySection(section, 'No recipe was kept.')
  const columns = [
    textColumn('Recipe'),
    textColumn('restores'),
    textColumn('scored by'),
    numberColumn('validity', 'or precision'),
    numberColumn('diversity', 'or coverage'),
    textColumn('full answers'),
    textColumn('kept')
  ]
  const rows = recipes.map((kept): TableCell[] => [
    { text: kept.recipe.name, tone: 'hybrid' },
    { text: describeRecipe(kept.recipe) },
    { text: kept.validity === null ? '–' : scoredByName(kept.scoredBy) },
    { text: kept.validity === null ? '–' : formatScore(kept.validity) },
    { text: kept.diversity === null ? '–' : formatScore(kept.diversity) },
    { text: fullAnswerWords(kept, sweep) },
    { text: formatUtc(kept.keptAt) }
  ])
  return {
    ...section,
    blocks: [block.table('Recipes, with the scores seen when they were kept', columns, rows)]
  }
}

/** Describes the full answers of a recipe: the scores by a task, or the full-answer check of the character task. */
function fullAnswerWords(
  { recipe, scoredBy, sweepId, validity }: Report['recipes'][number],
  sweep: Report['sweep']
): string {
  const sweepValidity = sweepId === sweep?.id ? validity : null
  if (sweep?.scoredBy.kind === 'task') {
    const finding = sweepFinding(sweep, selects(sweep, recipe) ? sweep.verdict : null, sweepValidity)
    if (finding !== null) return finding.words
    return scoredBy.kind === 'task' ? 'its scores are of full answers' : 'see the sweep of the character task'
  }
  const evidence = {
    check: sweep?.check ?? null,
    rho: sweep?.selection?.rho ?? DEFAULT_RHO,
    selection: sweep?.selection ?? null
  }
  return recipeCheck(evidence, recipe, scoredBy.kind === 'crc' ? sweepValidity : null).words
}
