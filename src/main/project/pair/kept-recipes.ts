import { freeName } from '../../../contract/model/free-name'
import type { KeptRecipe, PairDocument, RecipeSource } from '../../../contract/documents/project'
import type { Recipe } from '../../../contract/model/recipe'
import { changedIn } from './kept-list'

/* Functions that return a pair's list of kept recipes with a change. `nextMark` counts the badges on charts. */

type Recipes = Pick<PairDocument, 'recipes' | 'nextMark'>

/** Adds a recipe. @param source sweep and scores of the recipe @param keptAt time in ISO format */
export function withKept(
  { recipes, nextMark }: Recipes,
  id: string,
  recipe: Recipe,
  source: RecipeSource,
  keptAt: string
): Recipes {
  const added = { id, mark: nextMark, recipe: named(recipe, recipe.name, recipes), keptAt, ...source }
  return { recipes: [...recipes, added], nextMark: nextMark + 1 }
}

/** Replaces a recipe by another one. @throws WorkbenchError `not-found` */
export function withEdited(
  { recipes }: Recipes,
  id: string,
  recipe: Recipe,
  source: RecipeSource,
  keptAt: string
): Pick<Recipes, 'recipes'> {
  return changedRecipe(recipes, id, (kept, others) => ({
    ...kept,
    ...source,
    keptAt,
    recipe: named(recipe, recipe.name, others)
  }))
}

export function withRenamed({ recipes }: Recipes, id: string, name: string): Pick<Recipes, 'recipes'> {
  return changedRecipe(recipes, id, (kept, others) => ({ ...kept, recipe: named(kept.recipe, name, others) }))
}

export const withoutRecipe = ({ recipes }: Recipes, id: string): Pick<Recipes, 'recipes'> => ({
  recipes: recipes.filter((kept) => kept.id !== id)
})

function changedRecipe(
  recipes: readonly KeptRecipe[],
  id: string,
  change: (kept: KeptRecipe, others: readonly KeptRecipe[]) => KeptRecipe
): Pick<Recipes, 'recipes'> {
  return { recipes: changedIn(recipes, id, 'recipe', change) }
}

function named(recipe: Recipe, name: string, others: readonly KeptRecipe[]): Recipe {
  const taken = others.map((other) => other.recipe.name)
  return { ...recipe, name: freeName(name, taken) }
}
