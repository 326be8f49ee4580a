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
 * Version 1 knew recipes and checkpoints by their names: from version 2 on each has an id and a mark of its own. The ids are the
 * same whenever this file is read, also where it cannot be written.
 */
export const identifyKept: Migration = (document) => {
  const listed = Listed.safeParse(document)
  // What is wrong with it, the schema of version 2 tells.
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

/** In version 2 a project was one pair: from version 3 on it lists pairs, of which that is the first. */
export const listPairs: Migration = (document) => {
  const found = Named.safeParse(document)
  // What is wrong with it, the schema of version 3 tells.
  if (!found.success) return document
  const {
    pair: location,
    checkpoints,
    rendering,
    settings,
    recipes,
    otherCheckpoints,
    nextMark,
    ...shared
  } = found.data
  const pairFields = { location, checkpoints, rendering, settings, recipes, otherCheckpoints, nextMark }
  const name = pairNameOf(location) ?? shared.name
  return { ...shared, pairs: [{ id: 'pair-1', name, ...pairFields }], nextPair: 2 }
}

/** As a new pair of this place is called; null for a place that is none. */
function pairNameOf(location: unknown): string | null {
  const known = PairLocation.safeParse(location)
  return known.success ? pairName(known.data) : null
}
