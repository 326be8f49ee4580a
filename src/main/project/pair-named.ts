import type { PairDocument } from '../../contract/documents/project'
import { elementAt } from '../../contract/model/look-up'
import { WorkbenchError } from '../../contract/model/problem'
import type { Project } from './project'
import type { ProjectPair } from './pair/project-pair'

/**
 * A pair of a project, by its name or id.
 *
 * @param name undefined takes the only one
 * @throws WorkbenchError `bad-input` when there are several and none is named; `not-found`; both list the names
 */
export function pairNamed({ path, pairs, document }: Project, name: string | undefined): ProjectPair {
  const named = documentNamed(path, document.pairs, name)
  return elementAt(pairs, document.pairs.indexOf(named), 'pair')
}

/** The same among the pairs that a project.json lists. @param path of the project, for messages */
export function documentNamed(
  path: string,
  pairs: readonly PairDocument[],
  name: string | undefined
): PairDocument {
  const names = pairs.map((pair) => pair.name).join(', ')
  if (name === undefined) {
    if (pairs.length === 1) return elementAt(pairs, 0, 'pair')
    throw new WorkbenchError('bad-input', `${path} has several pairs: ${names}.`, 'Name one with --pair.')
  }
  const found = pairs.find((pair) => pair.name === name) ?? pairs.find(({ id }) => id === name)
  if (found !== undefined) return found
  throw new WorkbenchError(
    'not-found',
    `${path} has no pair ${JSON.stringify(name)}.`,
    `Its pairs are ${names}.`
  )
}
