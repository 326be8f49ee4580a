import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { WorkbenchError } from '../../contract/model/problem'
import { readModelBytes } from '../base/files/model-file'
import { MAX_TOKENIZER_BYTES } from '../text/text-model'
import { askSandbox } from '../sandbox/host'

/** Optional files of a model folder besides config and weights. */
export interface FolderExtras {
  hasTokenizer: boolean
  hasChatTemplate: boolean
  hasGenerationConfig: boolean
  /** Reason why the chat template cannot be read; null if it can, or if there is no template. */
  templateProblem: string | null
}

/** Checks which optional files exist, without loading them: a large tokenizer takes a second to build. */
export async function findFolderExtras(folder: string): Promise<FolderExtras> {
  return {
    hasTokenizer: await isFile(join(folder, 'tokenizer.json')),
    hasGenerationConfig: await isFile(join(folder, 'generation_config.json')),
    ...(await findTemplate(folder))
  }
}

async function findTemplate(folder: string): Promise<Pick<FolderExtras, 'hasChatTemplate' | 'templateProblem'>> {
  try {
    // The sandbox process reads the settings, because they may list every token and take long to parse.
    const file = join(folder, 'tokenizer_config.json')
    const { found } = await askSandbox({ kind: 'find-template', folder, file }, 'found-template')
    return { hasChatTemplate: found, templateProblem: null }
  } catch (error) {
    if (error instanceof WorkbenchError) return { hasChatTemplate: false, templateProblem: error.message }
    throw error
  }
}

/** Reports whether the tokenizer.json of two folders differ in any byte; false if one cannot be read. */
export async function tokenizersDiffer(folderA: string, folderB: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [folderA, folderB].map((folder) =>
      readModelBytes(folder, 'tokenizer.json', MAX_TOKENIZER_BYTES).catch(() => undefined)
    )
  )
  return a !== undefined && b !== undefined && !a.equals(b)
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
