import { WorkbenchError } from '../../contract/model/problem'
import { ignoreInterrupt, pipeToParent } from '../base/parent-pipe'
import { evaluationResults } from './results'
import { runMeasures } from './run-measures'
import { type MeasuringReply, MeasuringRequest } from './messages'

/** Replies to a request of host.ts. This file runs in a process of its own, which measures answers. */
function measure(request: MeasuringRequest): MeasuringReply {
  try {
    if (request.kind === 'run') return { kind: 'run', result: runMeasures(request.run, request.samples) }
    return { kind: 'evaluation', result: evaluationResults(request.stored, request.proxies, request.against) }
  } catch (error) {
    // Any other error is a defect. It ends this process, and main reports it.
    if (!(error instanceof WorkbenchError)) throw error
    return { kind: 'failed', problem: error.problem }
  }
}

const pipe = pipeToParent()
ignoreInterrupt()
pipe.onMessage((request) => pipe.post(measure(MeasuringRequest.parse(request))))
