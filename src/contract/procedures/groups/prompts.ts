import { z } from 'zod'
import { CrcPrompts, RenderedPrompt } from '../../documents/crc'
import { ProjectState } from '../../documents/project'
import { ofPair, procedure, seen } from './procedure'

export const promptProcedures = {
  /** The built-in prompt sets. */
  builtin: procedure.output(z.array(z.object({ id: z.string(), name: z.string(), prompts: CrcPrompts }))),
  /** Saves the set that the pair uses: its own where it has one, else the one that the project's pairs share. */
  save: procedure.input(ofPair.extend({ seen, prompts: CrcPrompts })).output(ProjectState),
  /** Gives a pair a set of its own; null has it use the one that the project's pairs share. */
  own: procedure.input(ofPair.extend({ prompts: CrcPrompts.nullable() })).output(ProjectState),
  /** The exact text and tokens each prompt becomes under the project's rendering. */
  render: procedure
    .input(ofPair)
    .output(z.object({ prompts: z.array(RenderedPrompt), notices: z.array(z.string()) }))
}
