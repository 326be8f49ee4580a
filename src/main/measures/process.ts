import { WorkbenchError } from '../../contract/model/problem'
import { ignoreInterrupt, pipeToParent } from '../base/parent-pipe'
import { evaluationResults } from './results'
import { runMeasures } from './run-measures'
import { type MeasuringReply, MeasuringRequest } from './messages'

/** The process that measures answers, so that main goes on answering: one reply to each request, which come one after the other (host.ts). */
function measured(request: MeasuringRequest): MeasuringReply {
  try {
    if (request.kind === 'run') return { kind: 'run', result: runMeasures(request.run, request.samples) }
    return { kind: 'evaluation', result: evaluationResults(request.stored, request.proxies, request.against) }
  } catch (error) {
    // Anything else is a defect: it ends the process, and main hears of that.
    if (!(error instanceof WorkbenchError)) throw error
    return { kind: 'failed', problem: error.problem }
  }
}

const pipe = pipeToParent()
ignoreInterrupt()
pipe.onMessage((request) => pipe.post(measured(MeasuringRequest.parse(request))))
