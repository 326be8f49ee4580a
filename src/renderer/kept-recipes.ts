import type { CategoryScore } from '../contract/crc'
import type { KeptRecipe } from '../contract/project'
import type { RestorationRange } from '../contract/recipe'

/** A name no other recipe has: sweeps report recipes by name. */
export function freeName(wanted: string, recipes: readonly KeptRecipe[]): string {
  const taken = new Set(recipes.map((kept) => kept.recipe.name))
  let name = wanted
  for (let number = 2; taken.has(name); number += 1) name = `${wanted} (${number})`
  return name
}

/** The recipes with one more: a range, with the scores it was kept for. */
export function withKept(
  recipes: readonly KeptRecipe[],
  range: RestorationRange,
  name: string,
  source: { sweepId: string | null; score: CategoryScore | null },
  keptAt = new Date()
): KeptRecipe[] {
  return [
    ...recipes,
    {
      recipe: { name: freeName(name, recipes), ranges: [[range.start, range.end]] },
      keptAt: keptAt.toISOString(),
      sweepId: source.sweepId,
      validity: source.score?.validity ?? null,
      diversity: source.score?.diversity ?? null
    }
  ]
}

/** The recipes with one renamed. */
export function withRenamed(recipes: readonly KeptRecipe[], index: number, name: string): KeptRecipe[] {
  const free = freeName(name, recipes.toSpliced(index, 1))
  return recipes.map((kept, place) =>
    place === index ? { ...kept, recipe: { ...kept.recipe, name: free } } : kept
  )
}
