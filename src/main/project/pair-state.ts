import type { PairState } from '../../contract/documents/project'
import { problemOf } from '../base/rpc-problems'
import { inspectPair } from '../checkpoint/pair'
import { pairPaths } from './demo'
import type { ProjectPair } from './pair/project-pair'

/** Looks at a project's pair. */
export async function readPairState({ document }: Pick<ProjectPair, 'document'>): Promise<PairState> {
  const { base, post } = pairPaths(document.location)
  return inspectPair(base, post).then(
    (pair) => ({ pair, pairProblem: null }),
    (error: unknown) => {
      const pairProblem = problemOf(error)
      if (pairProblem === null) throw error
      return { pair: null, pairProblem }
    }
  )
}
