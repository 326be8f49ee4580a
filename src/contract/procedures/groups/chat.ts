import { eventIterator } from '@orpc/contract'
import { ChatEvent, ChatQuestion } from '../chat'
import { pairInput, procedure } from './procedure'

export const chatProcedures = {
  /** Streams the next answers of some models to their conversations. Nothing is stored. */
  answer: procedure.input(pairInput.extend(ChatQuestion.shape)).output(eventIterator(ChatEvent))
}
