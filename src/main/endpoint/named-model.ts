import type { Endpoint } from '../../contract/model/external-model'
import { mismatchError } from '../../contract/model/problem'

/** Advice for the error that an endpoint replied with another model than the requested one. */
export const OTHER_MODEL_HINT = 'Name the model as the server does, or take answers of any model.'

/** Matches the date that hosted services append to a model's name, such as `-2024-08-06`. */
const DATE_SUFFIX = /^-\d{4}-?\d{2}-?\d{2}$/

/** Reports whether a reply names the requested model, with or without a date. */
const isNamed = (model: string, replied: string): boolean =>
  replied === model || (replied.startsWith(model) && DATE_SUFFIX.test(replied.slice(model.length)))

/**
 * Checks that the requested model replied.
 *
 * @param replied name of the model in the reply, which may be missing.
 * @param who subject of the error, such as "The judge".
 * @throws WorkbenchError `mismatch` for another model
 */
export function requireNamedModel(
  { model, anyModel, baseUrl }: Pick<Endpoint, 'model' | 'anyModel' | 'baseUrl'>,
  replied: string | null | undefined,
  who: string
): void {
  if (typeof replied !== 'string' || anyModel || isNamed(model, replied)) return
  throw mismatchError(`${who} at ${baseUrl} answered as "${replied}", not as "${model}".`, OTHER_MODEL_HINT)
}
