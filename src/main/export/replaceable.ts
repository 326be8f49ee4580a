import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inputError, type WorkbenchError } from '../../contract/model/problem'
import { listNames } from '../../contract/words/format'
import { errorMessage } from '../base/files/bounded-file'
import { isFile } from '../base/files/path-kinds'
import { quoteName } from '../base/json-object'
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../checkpoint/adapter-config'
import { isAdapter } from '../checkpoint/adapter-folder'
import { readWeightFile, readWeightFiles } from '../checkpoint/weight-files'
import { MERGEKIT_FILE, MODEL_CARD } from './copied-files'

/** Files of model folders beside their weights, as transformers, mergekit and publishers name them. */
const MODEL_FILES = new Set([
  'config.json',
  'generation_config.json',
  'model.safetensors.index.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'tokenizer.model',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'sentencepiece.bpe.model',
  'spiece.model',
  'chat_template.jinja',
  'chat_template.json',
  'preprocessor_config.json',
  'processor_config.json',
  MODEL_CARD,
  MERGEKIT_FILE,
  'mergekit_config.yml',
  '.gitattributes'
])
const LICENCE = /^(LICEN[CS]E|NOTICE|USE_POLICY)(\.(txt|md))?$/

/**
 * Makes sure that a folder with a model can be replaced, because it contains no other files.
 *
 * @param copied names of post's files, which a model folder may also contain.
 * @returns false for an empty folder.
 * @throws WorkbenchError `bad-input` for a folder without a model, or with other files
 */
export async function holdsOnlyModel(folder: string, copied: ReadonlySet<string>): Promise<boolean> {
  const names = (await readdir(folder)).sort()
  if (names.length === 0) return false
  if (!names.includes('config.json') && !isAdapter(names)) throw notReplaced(folder, 'holds no model (no config.json)')
  const weights = await weightNames(folder, isAdapter(names))
  const foreign: string[] = []
  for (const name of names) {
    const isModelFile = MODEL_FILES.has(name) || LICENCE.test(name) || weights.has(name) || copied.has(name)
    if (!isModelFile || !(await isFile(join(folder, name)))) foreign.push(quoteName(name))
  }
  if (foreign.length === 0) return true
  throw notReplaced(folder, `holds files that are not part of a model: ${listNames(foreign, 8)}`)
}

/** Lists the weight files of a model, or the files of an adapter. */
async function weightNames(folder: string, ofAdapter: boolean): Promise<Set<string>> {
  try {
    if (ofAdapter) return new Set([(await readWeightFile(folder, ADAPTER_WEIGHTS)).name, ADAPTER_CONFIG])
    return new Set((await readWeightFiles(folder)).map(({ name }) => name))
  } catch (error) {
    throw notReplaced(folder, `holds no model that can be read (${errorMessage(error).replace(/\.$/, '')})`)
  }
}

function notReplaced(folder: string, why: string): WorkbenchError {
  return inputError(
    `${folder} is not empty and ${why}, so it is not replaced.`,
    'Name a folder that does not exist yet.'
  )
}
