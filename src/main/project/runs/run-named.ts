import { inputError, notFoundError } from '../../../contract/model/problem'
import { plural } from '../../../contract/words/format'

/** Finds a run by its id, or by the beginning of its id. @param what noun for errors @throws WorkbenchError */
export function runNamed<Run extends { readonly id: string }>(runs: readonly Run[], id: string, what: string): Run {
  const exact = runs.find((run) => run.id === id)
  const matches = exact === undefined ? runs.filter((run) => run.id.startsWith(id)) : [exact]
  const [run, other] = matches
  if (run === undefined) {
    throw notFoundError(
      `The pair has no ${what} ${JSON.stringify(id)}.`,
      '"slr project list PROJECT" lists the runs with their ids.'
    )
  }
  if (other === undefined) return run
  throw inputError(
    `The ids of ${plural(matches.length, what)} begin with ${JSON.stringify(id)}.`,
    'Give more of the id.'
  )
}
