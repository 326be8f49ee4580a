import type { CategoryScore } from '../contract/crc'
import type { KeptRecipe } from '../contract/project'
import type { RestorationRange } from '../contract/recipe'

/** The wanted name, or the first numbered one that is not taken: sweeps and samples report recipes by name. */
export function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted
  for (let number = 2; taken.includes(name); number += 1) name = `${wanted} (${number})`
  return name
}

const namesOf = (recipes: readonly KeptRecipe[]): string[] => recipes.map((kept) => kept.recipe.name)

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
      recipe: { name: freeName(name, namesOf(recipes)), ranges: [[range.start, range.end]] },
      keptAt: keptAt.toISOString(),
      sweepId: source.sweepId,
      validity: source.score?.validity ?? null,
      diversity: source.score?.diversity ?? null
    }
  ]
}

/** The recipes with one renamed. */
export function withRenamed(recipes: readonly KeptRecipe[], index: number, name: string): KeptRecipe[] {
  const free = freeName(name, namesOf(recipes.toSpliced(index, 1)))
  return recipes.map((kept, place) =>
    place === index ? { ...kept, recipe: { ...kept.recipe, name: free } } : kept
  )
}
