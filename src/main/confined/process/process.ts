import { WorkbenchError } from '../../../contract/model/problem'
import { withTimeLimit } from '../../base/time-limit'
import { type ConfinedReply, ConfinedRequest, subjectOf } from '../messages'
import { readTaskFile } from '../../evaluation/task-file'
import { readSamplePrompts } from '../../samples/prompts'
import { findChatTemplate } from '../../text/chat-template'
import { readTokenizerConfig } from '../../text/tokenizer-config'
import { parsedYaml } from '../parsed-yaml'
import { renderTemplate } from '../render-template'
import { Texts } from './texts'

/** How long one request may take, and how long reading a tokenizer, from the program that starts this. */
const [timeLimitMs = NaN, readLimitMs = NaN] = process.argv.slice(2).map(Number)

const texts = new Texts(readLimitMs)

/**
 * The process for what files from elsewhere make this program compute. A thread would not do: V8 ends the whole process
 * when a string, a list or a pattern outgrows it, whatever limits its thread has.
 */
async function answered(request: ConfinedRequest): Promise<ConfinedReply> {
  try {
    const work = await workOf(request)
    // Main waits a little longer and then kills; this ends the work of a process whose parent is gone.
    return withTimeLimit(timeLimitMs, subjectOf(request), work)
  } catch (error) {
    // Anything else is a defect: it ends the process, and main hears of that.
    if (!(error instanceof WorkbenchError)) throw error
    return { kind: 'failed', problem: error.problem }
  }
}

async function workOf(request: ConfinedRequest): Promise<() => ConfinedReply> {
  switch (request.kind) {
    case 'template':
      return () => ({ kind: 'template', rendered: renderTemplate(request) })
    case 'yaml':
      return () => ({ kind: 'yaml', value: parsedYaml(request) })
    case 'import': {
      const { as, file, content } = request
      return () => ({
        kind: 'imported',
        value: as === 'task' ? readTaskFile(file, content, undefined) : readSamplePrompts(file, content)
      })
    }
    case 'find-template': {
      const { chatTemplate } = await readTokenizerConfig(request.folder)
      const found = (await findChatTemplate(request.folder, chatTemplate)) !== null
      return () => ({ kind: 'found-template', found })
    }
    default: {
      const text = await texts.of(request)
      return () => Texts.answer(text, request)
    }
  }
}

function tell(reply: ConfinedReply): void {
  process.send?.(reply)
}

if (process.send === undefined) {
  console.error('This is a process of SLR Workbench. The program starts it by itself; run `slr` instead.')
  process.exit(2)
}
process.on('disconnect', () => process.exit(0))
process.on('message', (message) => void answered(ConfinedRequest.parse(message)).then(tell))
tell({ kind: 'ready' })
