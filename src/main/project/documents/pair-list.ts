import { NO_VARIANT_CHANGES } from '../../../contract/documents/variant-selection'
import { DEMO_PAIRS } from '../../../contract/model/demo-pair'
import { modelNameFromPath } from '../../../contract/model/called-after'
import { DEFAULT_RENDERING } from '../../../contract/documents/crc'
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
import { inputError, notFoundError } from '../../../contract/model/problem'
import { DEFAULT_UNIFORM_BLENDS } from '../../../contract/model/recipe'

/* The list of a project's pairs, and functions that return a changed list. */

type Pairs = Pick<ProjectDocument, 'pairs' | 'nextPair'>
type PairsOnly = Pick<Pairs, 'pairs'>

const NO_PAIRS: Pairs = { pairs: [], nextPair: 1 }

/** Returns the default name of a pair, from its post model. */
export const pairName = (location: PairLocation): string =>
  location.kind === 'demo' ? DEMO_PAIRS[location.pair].name : modelNameFromPath(location.post)

/** Returns the list of a new project, with its first pair. */
export const firstPair = (location: PairLocation): Pairs => withPair(NO_PAIRS, newPair(location)).changed

/** Adds a pair, by default at the end. If its name is taken, a number is added to the name. */
export function withPair(
  { pairs, nextPair }: Pairs,
  pair: Omit<PairDocument, 'id'>,
  position = pairs.length
): { changed: Pairs; added: PairDocument } {
  const name = freeName(pair.name, namesOf(pairs))
  const added: PairDocument = { ...pair, id: `pair-${nextPair}`, name }
  return { changed: { pairs: pairs.toSpliced(position, 0, added), nextPair: nextPair + 1 }, added }
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
    memoryBytes: null,
    variants: NO_VARIANT_CHANGES
  },
  recipes: [],
  otherCheckpoints: [],
  nextMark: 0,
  notes: ''
})

/** Adds a copy of a pair behind the original. @throws WorkbenchError `not-found` */
export function withDuplicate(list: Pairs, id: PairId): { changed: Pairs; added: PairDocument } {
  const index = pairIndex(list, id)
  return withPair(list, elementAt(list.pairs, index, 'pair'), index + 1)
}

export function withPairNamed(list: Pairs, id: PairId, name: string): PairsOnly {
  const others = list.pairs.filter((pair) => pair.id !== id)
  return withPairChanged(list, id, { name: freeName(name, namesOf(others)) })
}

export function withPairChanged(list: Pairs, id: PairId, changes: Partial<PairDocument>): PairsOnly {
  const index = pairIndex(list, id)
  return { pairs: list.pairs.with(index, { ...elementAt(list.pairs, index, 'pair'), ...changes }) }
}

/** Moves a pair. @param position index in the list without the pair @throws WorkbenchError `not-found` */
export function withPairMoved(list: Pairs, id: PairId, position: number): PairsOnly {
  const from = pairIndex(list, id)
  const moved = elementAt(list.pairs, from, 'pair')
  return { pairs: list.pairs.toSpliced(from, 1).toSpliced(position, 0, moved) }
}

/** Removes a pair. @throws WorkbenchError `not-found`; `bad-input` for the only pair */
export function withoutPair(list: Pairs, id: PairId): PairsOnly {
  const index = pairIndex(list, id)
  if (list.pairs.length > 1) return { pairs: list.pairs.toSpliced(index, 1) }
  throw inputError(
    `${elementAt(list.pairs, index, 'pair').name} is the only pair of the project: it cannot be removed.`,
    'Add another pair first, or delete the project’s folder.'
  )
}

/** Returns the index of a pair in the list. @throws WorkbenchError `not-found` for a removed pair */
export function pairIndex({ pairs }: Pick<Pairs, 'pairs'>, id: PairId): number {
  const index = pairs.findIndex((pair) => pair.id === id)
  if (index >= 0) return index
  throw notFoundError(`The project has no pair ${id}: it was removed.`, `Its pairs are ${namesOf(pairs).join(', ')}.`)
}

const namesOf = (pairs: readonly { name: string }[]): string[] => pairs.map(({ name }) => name)
