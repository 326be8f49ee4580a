import { basename, dirname } from 'node:path'
import { WorkbenchError } from '../../../contract/model/problem'
import { isProject } from '../../project/documents/project-file'
import { openProject } from '../../project/open-project'
import type { ProjectPair } from '../../project/pair/project-pair'

/**
 * Opens the project that stores a document, for viewing.
 *
 * @param file document of a pair, such as `P.slr/pairs/pair-1/evaluations/ID.json`.
 * @param work gets the pair and the id of the document.
 * @throws WorkbenchError as `openProject`; `not-found` for a file in no pair
 */
export async function withPairOfDocument<Result>(
  file: string,
  work: (pair: ProjectPair, id: string) => Promise<Result>
): Promise<Result> {
  const folder = dirname(dirname(file))
  // A project of an earlier version is one pair with its results in the project's folder.
  const project = await openProject((await isProject(folder)) ? folder : dirname(dirname(folder)), 'view')
  try {
    const pair = project.pairs.find((each) => each.folder === folder)
    if (pair !== undefined) return await work(pair, basename(file, '.json'))
    throw new WorkbenchError('not-found', `${file} belongs to no pair of ${project.path}.`)
  } finally {
    await project.close()
  }
}
