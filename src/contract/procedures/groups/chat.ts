import { eventIterator } from '@orpc/contract'
import { ChatEvent, ChatQuestion } from '../chat'
import { ofPair, procedure } from './procedure'

export const chatProcedures = {
  /**
   * The next answers of some models, each to its own conversation, as they are written; stored nowhere. Refused while a job of
   * the project runs, and cancelled by one that starts.
   */
  answer: procedure.input(ofPair.extend(ChatQuestion.shape)).output(eventIterator(ChatEvent))
}
