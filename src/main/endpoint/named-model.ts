import type { Endpoint } from '../../contract/model/outside-model'
import { WorkbenchError } from '../../contract/model/problem'

/** What to do about an endpoint that serves another model than was named. */
export const OTHER_MODEL_HINT = 'Name the model as the server does, or take answers of any model.'

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
  if (typeof said !== 'string' || said === model || anyModel) return
  throw new WorkbenchError(
    'mismatch',
    `${who} at ${baseUrl} answered as "${said}", not as "${model}".`,
    OTHER_MODEL_HINT
  )
}
