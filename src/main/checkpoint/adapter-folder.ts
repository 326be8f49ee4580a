import { join } from 'node:path'
import { notFoundError, type WorkbenchError } from '../../contract/model/problem'
import { cachedModelFolder, HUB_ID } from '../base/files/paths'
import { quoteName } from '../base/json-object'
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, type AdapterConfig } from './adapter-config'

/** Weight files of whole models. A config.json alone shows none: a trainer may put the base's beside an adapter. */
const WHOLE_MODEL = ['model.safetensors', 'model.safetensors.index.json']

/** Reports whether a folder with these files holds a PEFT adapter instead of a whole model. */
export function isAdapter(names: readonly string[]): boolean {
  return names.includes(ADAPTER_CONFIG) && !WHOLE_MODEL.some((name) => names.includes(name))
}

/** Returns why an adapter's folder cannot be read, by its file names; null if it can, or holds no adapter. */
export function adapterProblem(folder: string, names: readonly string[]): WorkbenchError | null {
  const file = names.find((name) => /^adapter_(?:config\.json|model\.(?:safetensors|bin))$/.test(name))
  if (file === undefined || WHOLE_MODEL.some((name) => names.includes(name))) return null
  const missing = [ADAPTER_CONFIG, ADAPTER_WEIGHTS].find((name) => !names.includes(name))
  if (missing === undefined) return null
  const isPickled = names.includes('adapter_model.bin')
  return notFoundError(
    `${folder} is a PEFT adapter, but ${missing} is missing: it holds ${file}.`,
    isPickled ? 'Load it in PEFT and save it again with save_pretrained, which writes safetensors.' : undefined
  )
}

/**
 * Finds the folder of an adapter's base model: the given one, or else the model of `base_model_name_or_path` in
 * the Hugging Face cache. A path in this field is not followed, because the file may come from somebody else.
 *
 * @param given the base that the user chose.
 * @param named a model that the user also named: it is the base if the field has exactly its path.
 * @throws WorkbenchError `not-found` naming the field and what to do
 */
export function adapterBaseFolder(
  adapter: string,
  { base_model_name_or_path: name, revision }: Pick<AdapterConfig, 'base_model_name_or_path' | 'revision'>,
  given: string | undefined,
  named?: string
): string {
  if (given !== undefined) return given
  if (named !== undefined && named === name) return named
  const field = `${join(adapter, ADAPTER_CONFIG)}: base_model_name_or_path`
  const advice = 'Name the folder of its base model as base (--base).'
  if (name === undefined || name === null || name === '') {
    throw notFoundError(`${field} is missing, so the adapter's base model is unknown.`, advice)
  }
  const folder = cachedModelFolder(name, revision === null || revision === '' ? undefined : revision)
  if (folder !== null) return folder
  throw notFoundError(
    HUB_ID.test(name)
      ? `${field} is ${quoteName(name)}, which is not in the Hugging Face cache.`
      : `${field} is ${quoteName(name)}, a path, which is not followed.`,
    advice
  )
}
