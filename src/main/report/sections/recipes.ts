import { formatScore, formatUtc } from '../../../contract/words/format'
import { recipeCheck } from '../../../contract/words/recipe-check'
import { DEFAULT_RHO } from '../../../contract/documents/project'
import type { Recipe } from '../../../contract/model/recipe'
import type { Report } from '../../../contract/documents/report'
import { selects, sweepFinding } from '../../../contract/words/sweep-finding'
import { scoredByName } from '../../../contract/words/score-words'
import { describeStrengths, sourcesOf } from '../../../contract/model/strengths'
import { type TableCell, emptySection, numberColumn, type Section, textColumn } from '../blocks'

/** What a recipe takes of base or other checkpoints, counted from layer 0. */
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

/** Recipes that the user kept. */
export function keptSection({ recipes, sweep }: Report): Section {
  const section = { id: 'recipes', title: 'Kept recipes' }
  if (recipes.length === 0) return emptySection(section, 'No recipe was kept.')
  return {
    ...section,
    blocks: [
      {
        kind: 'table',
        label: 'Recipes, with the scores seen when they were kept',
        columns: [
          textColumn('Recipe'),
          textColumn('restores'),
          textColumn('scored by'),
          numberColumn('validity', 'or precision'),
          numberColumn('diversity', 'or coverage'),
          textColumn('whole answers'),
          textColumn('kept')
        ],
        rows: recipes.map(({ recipe, scoredBy, sweepId, validity, diversity, keptAt }): TableCell[] => [
          { text: recipe.name, tone: 'hybrid' },
          { text: describeRecipe(recipe) },
          { text: validity === null ? '–' : scoredByName(scoredBy) },
          { text: validity === null ? '–' : formatScore(validity) },
          { text: diversity === null ? '–' : formatScore(diversity) },
          { text: wholeWords({ recipe, scoredBy, sweepId, validity }, sweep) },
          { text: formatUtc(keptAt) }
        ])
      }
    ]
  }
}

type Kept = Pick<Report['recipes'][number], 'recipe' | 'scoredBy' | 'sweepId' | 'validity'>

/** The full answers of a recipe: by a task its scores are of them, by the character task the check says. */
function wholeWords({ recipe, scoredBy, sweepId, validity }: Kept, sweep: Report['sweep']): string {
  const sweepValidity = sweepId === sweep?.id ? validity : null
  if (sweep?.scoredBy.kind === 'task') {
    const found = sweepFinding(sweep, selects(sweep, recipe) ? sweep.verdict : null, sweepValidity)
    if (found !== null) return found.words
    return scoredBy.kind === 'task' ? 'its scores are of them' : 'told by the sweep of the character task'
  }
  const evidence = {
    check: sweep?.check ?? null,
    rho: sweep?.selection?.rho ?? DEFAULT_RHO,
    selection: sweep?.selection ?? null
  }
  return recipeCheck(evidence, recipe, scoredBy.kind === 'crc' ? sweepValidity : null).words
}
