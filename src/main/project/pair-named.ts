import { WorkbenchError } from '../../contract/model/problem'
import type { Project } from './project'
import type { ProjectPair } from './project-pair'

/**
 * A pair of a project, by its name or id.
 *
 * @param name undefined takes the only one
 * @throws WorkbenchError `bad-input` when there are several and none is named; `not-found`; both list the names
 */
export function pairNamed({ path, pairs, firstPair }: Project, name: string | undefined): ProjectPair {
  const names = pairs.map(({ document }) => document.name).join(', ')
  if (name === undefined) {
    if (pairs.length === 1) return firstPair
    throw new WorkbenchError('bad-input', `${path} has several pairs: ${names}.`, 'Name one with --pair.')
  }
  const found = pairs.find(({ document }) => document.name === name) ?? pairs.find(({ id }) => id === name)
  if (found !== undefined) return found
  throw new WorkbenchError(
    'not-found',
    `${path} has no pair ${JSON.stringify(name)}.`,
    `Its pairs are ${names}.`
  )
}
