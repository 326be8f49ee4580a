import { z } from 'zod'
import { CrcPrompts, RenderedPrompt } from '../../documents/crc'
import { ProjectState } from '../../documents/project'
import { pairInput, procedure, seenRevision } from './procedure'

export const promptProcedures = {
  builtin: procedure.output(z.array(z.object({ id: z.string(), name: z.string(), prompts: CrcPrompts }))),
  /** Saves the prompt set that the pair uses: its own, or the one that the project's pairs share. */
  save: procedure.input(pairInput.extend({ seen: seenRevision, prompts: CrcPrompts })).output(ProjectState),
  /** Gives a pair a separate prompt set. Null makes it use the set that the project's pairs share. */
  separate: procedure.input(pairInput.extend({ prompts: CrcPrompts.nullable() })).output(ProjectState),
  render: procedure
    .input(pairInput)
    .output(z.object({ prompts: z.array(RenderedPrompt), notices: z.array(z.string()) }))
}
