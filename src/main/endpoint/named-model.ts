import type { Endpoint } from '../../contract/model/external-model'
import { WorkbenchError } from '../../contract/model/problem'

/** What to do about an endpoint that serves another model than was named. */
export const OTHER_MODEL_HINT = 'Name the model as the server does, or take answers of any model.'

/** Of a name that hosted services take for the newest of several: they answer as the one of a day, such as `-2024-08-06`. */
const OF_A_DAY = /^-\d{4}-?\d{2}-?\d{2}$/

/** Whether a reply's name for its model is that of the model that was asked, or of what it stood for on a day. */
const isNamed = (model: string, said: string): boolean =>
  said === model || (said.startsWith(model) && OF_A_DAY.test(said.slice(model.length)))

/**
 * Holds a reply against the model that was asked.
 *
 * @param said what the reply calls its model; a server may leave it out
 * @param who such as "The judge"
 * @throws WorkbenchError `mismatch` when it is another's, and not any model will do
 */
export function requireNamedModel(
  { model, anyModel, baseUrl }: Pick<Endpoint, 'model' | 'anyModel' | 'baseUrl'>,
  said: string | null | undefined,
  who: string
): void {
  if (typeof said !== 'string' || anyModel || isNamed(model, said)) return
  throw new WorkbenchError(
    'mismatch',
    `${who} at ${baseUrl} answered as "${said}", not as "${model}".`,
    OTHER_MODEL_HINT
  )
}
