import type { CategoryScore } from '../contract/crc'
import { freeName } from '../contract/free-name'
import type { KeptRecipe } from '../contract/project'
import type { Recipe } from '../contract/recipe'

const namesOf = (recipes: readonly KeptRecipe[]): string[] => recipes.map((kept) => kept.recipe.name)

/** The recipes with one more, with the scores it was kept for; a name that is taken gets a number. */
export function withKept(
  recipes: readonly KeptRecipe[],
  recipe: Recipe,
  source: { sweepId: string | null; score: CategoryScore | null },
  keptAt = new Date()
): KeptRecipe[] {
  return [
    ...recipes,
    {
      recipe: { ...recipe, name: freeName(recipe.name, namesOf(recipes)) },
      keptAt: keptAt.toISOString(),
      sweepId: source.sweepId,
      validity: source.score?.validity ?? null,
      diversity: source.score?.diversity ?? null
    }
  ]
}

/** The recipes with one edited: its own place, a name of its own. */
export function withEdited(
  recipes: readonly KeptRecipe[],
  index: number,
  recipe: Recipe,
  source: { sweepId: string | null; score: CategoryScore | null },
  keptAt = new Date()
): KeptRecipe[] {
  const [edited] = withKept(recipes.toSpliced(index, 1), recipe, source, keptAt).slice(-1)
  return recipes.map((kept, place) => (place === index && edited !== undefined ? edited : kept))
}

/** The recipes with one renamed. */
export function withRenamed(recipes: readonly KeptRecipe[], index: number, name: string): KeptRecipe[] {
  const free = freeName(name, namesOf(recipes.toSpliced(index, 1)))
  return recipes.map((kept, place) =>
    place === index ? { ...kept, recipe: { ...kept.recipe, name: free } } : kept
  )
}
