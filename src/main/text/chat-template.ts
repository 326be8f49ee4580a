import { join } from 'node:path'
import { z } from 'zod'
import { fileError, requireValid } from '../../contract/model/problem'
import { readModelJson, readModelText } from '../base/files/model-file'
import { nullIfNotFound } from '../base/files/with-fallback'

/** Published templates have up to about 20 kB. */
const MAX_TEMPLATE_BYTES = 1_000_000

/** A template, or several by name, as in older folders with a separate tool-use template. */
export const TemplateField = z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])

export interface ChatTemplate {
  /** The file that contains the template. */
  file: string
  /** The template, in Jinja. */
  source: string
}

/**
 * Finds the chat template of a folder: chat_template.jinja, tokenizer_config.json, then chat_template.json, as in
 * transformers.
 *
 * @param configField `chat_template` of tokenizer_config.json
 * @returns null if the folder has no template
 */
export async function findChatTemplate(
  folder: string,
  configField: z.infer<typeof TemplateField> | undefined
): Promise<ChatTemplate | null> {
  const jinja = await nullIfNotFound(readModelText(folder, 'chat_template.jinja', MAX_TEMPLATE_BYTES))
  if (jinja !== null) return { file: join(folder, 'chat_template.jinja'), source: jinja }
  if (configField !== undefined) return defaultTemplate(join(folder, 'tokenizer_config.json'), configField)

  const json = await nullIfNotFound(readModelJson(folder, 'chat_template.json', MAX_TEMPLATE_BYTES))
  if (json === null) return null
  const jsonFile = join(folder, 'chat_template.json')
  const parsed = z.object({ chat_template: TemplateField }).safeParse(json)
  const { chat_template: field } = requireValid(parsed, (issue) => fileError(`${jsonFile}: ${issue}`))
  return defaultTemplate(jsonFile, field)
}

function defaultTemplate(file: string, field: z.infer<typeof TemplateField>): ChatTemplate {
  const source = typeof field === 'string' ? field : field.find((template) => template.name === 'default')?.template
  if (source === undefined) {
    const names = typeof field === 'string' ? [] : field.map((template) => template.name)
    throw fileError(
      `${file}: chat_template has no template named "default", only ${names.join(', ') || 'an empty list'}.`
    )
  }
  if (source.length > MAX_TEMPLATE_BYTES) {
    throw fileError(`${file}: chat_template has ${source.length} characters; at most ${MAX_TEMPLATE_BYTES} are read.`)
  }
  return { file, source }
}
