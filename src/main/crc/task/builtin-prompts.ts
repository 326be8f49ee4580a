import type { CrcPrompts } from '../../../contract/documents/crc'
import { resourcePath } from '../../base/resources'
import { readPromptFile } from './prompt-file'

const BUILTIN_PROMPT_SETS = [
  { id: 'demo-crc', name: 'Demo: 20 letter and 20 digit prompts for the demo pair' },
  { id: 'crc', name: 'Bare characters: 20 letter and 20 digit prompts for chat models' }
] as const

export type BuiltinPromptsId = (typeof BUILTIN_PROMPT_SETS)[number]['id']

export interface BuiltinPrompts {
  id: BuiltinPromptsId
  name: string
  prompts: CrcPrompts
}

/** The prompt sets that ship with the program: `demo-crc` suits the demo pair, `crc` full-size chat models. */
export async function builtinPrompts(): Promise<BuiltinPrompts[]> {
  return Promise.all(
    BUILTIN_PROMPT_SETS.map(async ({ id, name }) => ({ id, name, prompts: await builtinPromptSet(id) }))
  )
}

export async function builtinPromptSet(id: BuiltinPromptsId): Promise<CrcPrompts> {
  return readPromptFile(resourcePath('prompts', `${id}.json`))
}
