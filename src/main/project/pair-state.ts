import type { PairState } from '../../contract/documents/project'
import { MODELS_AWAY } from '../../contract/words/pair-words'
import { isFolder } from '../base/files/path-kinds'
import { problemOf } from '../base/rpc-problems'
import { inspectPair } from '../checkpoint/pair'
import { pairPaths } from './demo'
import type { ProjectPair } from './pair/project-pair'

/** Reads the models of a project's pair and describes them, or the problem, such as missing models. */
export async function readPairState({ document }: Pick<ProjectPair, 'document'>): Promise<PairState> {
  const { base, post } = pairPaths(document.location)
  try {
    return { pair: await inspectPair(base, post), pairProblem: null }
  } catch (error) {
    const problem = problemOf(error)
    if (problem === null) throw error
    const isAway = problem.code === 'not-found' && (await Promise.all([base, post].map(isFolder))).includes(false)
    return {
      pair: null,
      pairProblem: isAway ? { code: 'models-away', message: MODELS_AWAY, hint: problem.message } : problem
    }
  }
}
