import { modelNameFromPath } from '../../../contract/model/called-after'
import { type Rendering, DEFAULT_RENDERING } from '../../../contract/documents/crc'
import {
  DEFAULT_RHO,
  type PairDocument,
  type PairId,
  type PairLocation,
  type ProjectDocument
} from '../../../contract/documents/project'
import { BY_CHARACTERS } from '../../../contract/documents/scored-by'
import { freeName } from '../../../contract/model/free-name'
import { elementAt } from '../../../contract/model/look-up'
import { WorkbenchError } from '../../../contract/model/problem'
import { DEFAULT_UNIFORM_BLENDS } from '../../../contract/model/recipe'

/* The list of a project's pairs, and what becomes of it. */

type Pairs = Pick<ProjectDocument, 'pairs' | 'nextPair'>
type Changed = Pick<Pairs, 'pairs'>

const NO_PAIRS: Pairs = { pairs: [], nextPair: 1 }

/** As a new pair is called. */
export const pairName = (location: PairLocation): string =>
  location.kind === 'demo' ? 'Demo' : modelNameFromPath(location.post)

/** The list of a new project. */
export const firstPair = (
  location: PairLocation,
  rendering: Rendering = DEFAULT_RENDERING,
  name = pairName(location)
): Pairs => withPair(NO_PAIRS, { ...newPair(location), name, rendering }).changed

/** @returns the list with one more at its end, whose name gets a number where it is taken, and that one */
export function withPair(
  { pairs, nextPair }: Pairs,
  pair: Omit<PairDocument, 'id'>,
  place = pairs.length
): { changed: Pairs; added: PairDocument } {
  const name = freeName(pair.name, namesOf(pairs))
  const added: PairDocument = { ...pair, id: `pair-${nextPair}`, name }
  return { changed: { pairs: pairs.toSpliced(place, 0, added), nextPair: nextPair + 1 }, added }
}

export const newPair = (location: PairLocation, name = pairName(location)): Omit<PairDocument, 'id'> => ({
  name,
  location,
  checkpoints: null,
  rendering: DEFAULT_RENDERING,
  settings: {
    scoredBy: BY_CHARACTERS,
    rho: DEFAULT_RHO,
    source: null,
    uniformBlendCount: DEFAULT_UNIFORM_BLENDS,
    device: 'auto',
    memoryBytes: null
  },
  recipes: [],
  otherCheckpoints: [],
  nextMark: 0,
  notes: ''
})

/** With a copy of a pair behind it. @throws WorkbenchError `not-found` */
export function withDuplicate(list: Pairs, id: PairId): { changed: Pairs; added: PairDocument } {
  const place = pairIndex(list, id)
  return withPair(list, elementAt(list.pairs, place, 'pair'), place + 1)
}

/** @throws WorkbenchError `not-found` */
export function withPairNamed(list: Pairs, id: PairId, name: string): Changed {
  const others = list.pairs.filter((pair) => pair.id !== id)
  return withPairChanged(list, id, { name: freeName(name, namesOf(others)) })
}

/** @throws WorkbenchError `not-found` */
export function withPairChanged(list: Pairs, id: PairId, changes: Partial<PairDocument>): Changed {
  const place = pairIndex(list, id)
  return { pairs: list.pairs.with(place, { ...elementAt(list.pairs, place, 'pair'), ...changes }) }
}

/** @param place in the list without it @throws WorkbenchError `not-found` */
export function withPairMoved(list: Pairs, id: PairId, place: number): Changed {
  const from = pairIndex(list, id)
  const moved = elementAt(list.pairs, from, 'pair')
  return { pairs: list.pairs.toSpliced(from, 1).toSpliced(place, 0, moved) }
}

/** @throws WorkbenchError `not-found`; `bad-input` for the only one */
export function withoutPair(list: Pairs, id: PairId): Changed {
  const place = pairIndex(list, id)
  if (list.pairs.length > 1) return { pairs: list.pairs.toSpliced(place, 1) }
  throw new WorkbenchError(
    'bad-input',
    `${elementAt(list.pairs, place, 'pair').name} is the only pair of the project: it cannot be removed.`,
    'Add another pair first, or delete the project’s folder.'
  )
}

/** With a removed one in its place again, or as it is where it is there already. */
export function withPairBack(list: Pairs, pair: PairDocument, place: number): Changed {
  if (list.pairs.some(({ id }) => id === pair.id)) return { pairs: list.pairs }
  return {
    pairs: list.pairs.toSpliced(place, 0, { ...pair, name: freeName(pair.name, namesOf(list.pairs)) })
  }
}

/** @throws WorkbenchError `not-found` when the project has it no more */
export function pairIndex({ pairs }: Pick<Pairs, 'pairs'>, id: PairId): number {
  const place = pairs.findIndex((pair) => pair.id === id)
  if (place >= 0) return place
  throw new WorkbenchError(
    'not-found',
    `The project has no pair ${id}: it was removed.`,
    `Its pairs are ${namesOf(pairs).join(', ')}.`
  )
}

const namesOf = (pairs: readonly { name: string }[]): string[] => pairs.map(({ name }) => name)
