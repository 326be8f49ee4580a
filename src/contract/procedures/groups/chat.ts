import { eventIterator } from '@orpc/contract'
import { ChatEvent, ChatQuestion } from '../chat'
import { pairInput, procedure } from './procedure'

export const chatProcedures = {
  /**
   * Streams the next answers of some models, each to its own conversation, as they are generated. Nothing is stored.
   * It is rejected while a job of the project runs, and cancelled by one that starts.
   */
  answer: procedure.input(pairInput.extend(ChatQuestion.shape)).output(eventIterator(ChatEvent))
}
