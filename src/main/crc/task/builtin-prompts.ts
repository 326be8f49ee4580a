import { isDeepStrictEqual } from 'node:util'
import type { CrcPrompts } from '../../../contract/documents/crc'
import { mapGet } from '../../../contract/model/look-up'
import { resourcePath } from '../../base/resources'
import { readPromptFile } from './prompt-file'

/** Prompt sets of the character task. Each set joins one or more files of resources/prompts. */
const BUILTIN_PROMPT_SETS = [
  { id: 'demo-crc', name: 'Demo: 20 letter and 20 digit prompts for the demo pair', files: ['demo-crc'] },
  { id: 'crc', name: 'Bare characters: 20 letter and 20 digit prompts for chat models', files: ['crc'] },
  {
    id: 'crc-choices',
    name: 'Choices: 20 prompts for an integer, 20 for rock, paper, scissors, for chat models',
    files: ['crc-choices']
  },
  { id: 'crc-four', name: 'Bare characters and choices: four categories of 20', files: ['crc', 'crc-choices'] }
] as const

type BuiltinPromptsId = (typeof BUILTIN_PROMPT_SETS)[number]['id']

/** A prompt set of the program. */
interface BuiltinPrompts {
  id: BuiltinPromptsId
  name: string
  prompts: CrcPrompts
}

/** Loads all built-in prompt sets. */
export async function builtinPrompts(): Promise<BuiltinPrompts[]> {
  return Promise.all(
    BUILTIN_PROMPT_SETS.map(async ({ id, name }) => ({ id, name, prompts: await builtinPromptSet(id) }))
  )
}

export async function builtinPromptSet(id: BuiltinPromptsId): Promise<CrcPrompts> {
  const { files } = mapGet(new Map(BUILTIN_PROMPT_SETS.map((set) => [set.id, set])), id, 'prompt set')
  return (await Promise.all(files.map((file) => readPromptFile(resourcePath('prompts', `${file}.json`))))).flat()
}

/** Finds the built-in set that equals these prompts in text, category and valid set. Returns null if none does. */
export async function builtinSetOf(prompts: CrcPrompts): Promise<BuiltinPromptsId | null> {
  const comparedPrompts = prompts.map(({ text, category, valid }) => ({ text, category, valid }))
  return (await builtinPrompts()).find((set) => isDeepStrictEqual(set.prompts, comparedPrompts))?.id ?? null
}

/** Loads a built-in prompt set by its name, or else the prompts of a file. */
export async function namedPrompts(name: string, file = name): Promise<CrcPrompts> {
  const builtin = BUILTIN_PROMPT_SETS.find(({ id }) => id === name)
  return builtin === undefined ? readPromptFile(file) : builtinPromptSet(builtin.id)
}
