import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import { readJsonFile } from '../bounded-file'
import { findChatTemplate, TemplateField } from '../text/chat-template'

/** The tokenizer's config lists every added token; large ones come to a few MB. */
const MAX_TOKENIZER_CONFIG_BYTES = 50_000_000

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
    const template = await findChatTemplate(folder, await templateField(folder))
    return { hasChatTemplate: template !== null, templateProblem: null }
  } catch (error) {
    if (error instanceof WorkbenchError) return { hasChatTemplate: false, templateProblem: error.message }
    throw error
  }
}

async function templateField(folder: string): Promise<z.infer<typeof TemplateField> | undefined> {
  const file = join(folder, 'tokenizer_config.json')
  if (!(await isFile(file))) return undefined
  const parsed = z
    .object({ chat_template: TemplateField.nullish() })
    .safeParse(await readJsonFile(file, MAX_TOKENIZER_CONFIG_BYTES))
  if (!parsed.success) throw new WorkbenchError('bad-file', `${file}: ${describeIssue(parsed.error)}.`)
  return parsed.data.chat_template ?? undefined
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
