import { z } from 'zod'
import { PairLocation } from '../../../contract/documents/project'
import type { Migration } from '../../base/files/migrate'
import { pairName } from './pair-list'

const Named = z.looseObject({ name: z.string() })
const Listed = z.object({
  recipes: z.array(z.looseObject({ recipe: Named })).default([]),
  otherCheckpoints: z.array(Named).default([]),
  settings: z
    .looseObject({ samples: z.looseObject({ leftOut: z.array(z.string()).default([]) }).optional() })
    .default({})
})

/**
 * Gives recipes and checkpoints of version 1 ids and marks, in place of their names. The ids are the same at each
 * reading, because the file may be read-only.
 */
export const identifyKept: Migration = (document) => {
  const listed = Listed.safeParse(document)
  // The schema of version 2 reports errors of the document.
  if (!listed.success) return { ...document, revision: 0, nextMark: 0 }
  const { settings } = listed.data
  const recipes = listed.data.recipes.map((kept, mark) => ({ ...kept, id: `recipe-${mark + 1}`, mark }))
  const otherCheckpoints = listed.data.otherCheckpoints.map((kept, place) => ({
    ...kept,
    id: `checkpoint-${place + 1}`,
    mark: recipes.length + place
  }))
  const ids = new Map([
    ...otherCheckpoints.map(({ name, id }) => [name, id] as const),
    ...recipes.map(({ recipe, id }) => [recipe.name, id] as const)
  ])
  const samples = settings.samples && {
    ...settings.samples,
    leftOut: settings.samples.leftOut.map((name) => ids.get(name) ?? name)
  }
  return {
    ...document,
    revision: 0,
    recipes,
    otherCheckpoints,
    nextMark: recipes.length + otherCheckpoints.length,
    settings: { ...settings, ...(samples && { samples }) }
  }
}

/** Moves the one pair of a version 2 project to the list of pairs. */
export const listPairs: Migration = (document) => {
  const parsed = Named.safeParse(document)
  // The schema of version 3 reports errors of the document.
  if (!parsed.success) return document
  const {
    pair: location,
    checkpoints,
    rendering,
    settings,
    recipes,
    otherCheckpoints,
    nextMark,
    ...shared
  } = parsed.data
  const pairFields = { location, checkpoints, rendering, settings, recipes, otherCheckpoints, nextMark }
  const name = pairNameOf(location) ?? shared.name
  return { ...shared, pairs: [{ id: 'pair-1', name, ...pairFields }], nextPair: 2 }
}

/** Returns the name of a new pair at this location; null for an invalid location. */
function pairNameOf(location: unknown): string | null {
  const parsed = PairLocation.safeParse(location)
  return parsed.success ? pairName(parsed.data) : null
}
