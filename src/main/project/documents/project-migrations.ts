import { z } from 'zod'
import { PairLocation } from '../../../contract/documents/project'
import type { Migration } from '../../base/files/migrate'
import { pairName } from './pair-list'

const Named = z.looseObject({ name: z.string() })
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
