import type { PairDocument } from '../../contract/documents/project'
import { elementAt } from '../../contract/model/look-up'
import { inputError, notFoundError } from '../../contract/model/problem'
import type { Project } from './project'
import type { ProjectPair } from './pair/project-pair'

/** Returns a pair by its name or id, or the only pair. @throws WorkbenchError that lists the names */
export function pairNamed({ path, pairs, document }: Project, name: string | undefined): ProjectPair {
  const named = documentNamed(path, document.pairs, name)
  return elementAt(pairs, document.pairs.indexOf(named), 'pair')
}

/** Returns the document of a pair by its name or id, as {@link pairNamed}. @param path path of the project in errors */
export function documentNamed(path: string, pairs: readonly PairDocument[], name: string | undefined): PairDocument {
  const names = pairs.map((pair) => pair.name).join(', ')
  if (name === undefined) {
    if (pairs.length === 1) return elementAt(pairs, 0, 'pair')
    throw inputError(`${path} has several pairs: ${names}.`, 'Name one with --pair.')
  }
  const pair = pairs.find((other) => other.name === name) ?? pairs.find(({ id }) => id === name)
  if (pair !== undefined) return pair
  throw notFoundError(`${path} has no pair ${JSON.stringify(name)}.`, `Its pairs are ${names}.`)
}
