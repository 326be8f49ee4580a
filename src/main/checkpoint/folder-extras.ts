import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { WorkbenchError } from '../../contract/model/problem'
import { findChatTemplate } from '../text/chat-template'
import { readTokenizerConfig } from '../text/tokenizer-config'

/** What a model folder holds beside config and weights. Nothing of it is required. */
export interface FolderExtras {
  hasTokenizer: boolean
  hasChatTemplate: boolean
  hasGenerationConfig: boolean
  /** Why the chat template cannot be read; null when it can or when there is none. */
  templateProblem: string | null
}

/** Looks without loading: a large tokenizer takes a second to build. */
export async function findFolderExtras(folder: string): Promise<FolderExtras> {
  return {
    hasTokenizer: await isFile(join(folder, 'tokenizer.json')),
    hasGenerationConfig: await isFile(join(folder, 'generation_config.json')),
    ...(await findTemplate(folder))
  }
}

async function findTemplate(
  folder: string
): Promise<Pick<FolderExtras, 'hasChatTemplate' | 'templateProblem'>> {
  try {
    const { chatTemplate } = await readTokenizerConfig(folder)
    const template = await findChatTemplate(folder, chatTemplate)
    return { hasChatTemplate: template !== null, templateProblem: null }
  } catch (error) {
    if (error instanceof WorkbenchError) return { hasChatTemplate: false, templateProblem: error.message }
    throw error
  }
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
