import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { StoredTurn } from '../../documents/conversation'
import { ProjectState } from '../../documents/project'
import { ChatEvent, ChatQuestion } from '../chat'
import { pairInput, procedure } from './procedure'

export const chatProcedures = {
  /** Streams the next answers of some models to their conversations. Nothing is stored. */
  answer: procedure.input(pairInput.extend(ChatQuestion.shape)).output(eventIterator(ChatEvent)),
  /** Returns the stored turns of the conversation, oldest first. */
  turns: procedure.input(pairInput).output(z.array(StoredTurn)),
  /** Stores a turn: in place of the one with its id, otherwise at the end. */
  saveTurn: procedure.input(pairInput.extend({ turn: StoredTurn })).output(ProjectState),
  /** Removes turns. Unknown ids are ignored. */
  clear: procedure.input(pairInput.extend({ turns: z.array(z.uuid()).min(1).max(10_000) })).output(ProjectState)
}
