import { WorkbenchError } from '../../../contract/model/problem'
import { plural } from '../../../contract/words/format'

/**
 * The run of that id, or the only one whose id begins so.
 *
 * @param what they are, such as "sweep"
 * @throws WorkbenchError `not-found`; `bad-input` for several
 */
export function runNamed<Run extends { readonly id: string }>(
  runs: readonly Run[],
  id: string,
  what: string
): Run {
  const whole = runs.find((run) => run.id === id)
  const found = whole === undefined ? runs.filter((run) => run.id.startsWith(id)) : [whole]
  const [run, other] = found
  if (run === undefined) {
    throw new WorkbenchError(
      'not-found',
      `The pair has no ${what} ${JSON.stringify(id)}.`,
      '"slr project list PROJECT" lists the runs with their ids.'
    )
  }
  if (other === undefined) return run
  throw new WorkbenchError(
    'bad-input',
    `The ids of ${plural(found.length, what)} begin with ${JSON.stringify(id)}.`,
    'Give more of the id.'
  )
}
