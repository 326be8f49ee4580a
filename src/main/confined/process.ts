import { WorkbenchError } from '../../contract/model/problem'
import { withTimeLimit } from '../base/time-limit'
import { type ConfinedReply, ConfinedRequest, subjectOf } from './messages'
import { renderTemplate } from './render-template'
import { parsedYaml } from './parsed-yaml'

/** How long one request may take, from the program that starts this. */
const timeLimitMs = Number(process.argv[2])

/**
 * The process for what files from elsewhere make this program compute. A thread would not do: V8 ends the whole process
 * when a string, a list or a pattern outgrows it, whatever limits its thread has.
 */
function answered(request: ConfinedRequest): ConfinedReply {
  try {
    // Main waits a little longer and then kills; this ends the work of a process whose parent is gone.
    return withTimeLimit(timeLimitMs, subjectOf(request), () =>
      request.kind === 'template'
        ? { kind: 'template', rendered: renderTemplate(request) }
        : { kind: 'yaml', value: parsedYaml(request) }
    )
  } catch (error) {
    // Anything else is a defect: it ends the process, and main hears of that.
    if (!(error instanceof WorkbenchError)) throw error
    return { kind: 'failed', problem: error.problem }
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
process.on('message', (message) => tell(answered(ConfinedRequest.parse(message))))
tell({ kind: 'ready' })
