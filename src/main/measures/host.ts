import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { EvaluationResults } from '../../contract/documents/evaluation'
import { WorkbenchError } from '../../contract/model/problem'
import type { SampleLine, SampleRun, SampleRunMeasures } from '../../contract/documents/samples'
import { builtScript } from '../base/built'
import type { Proxies } from './proxy-correlation'
import type { StoredEvaluation } from './results'
import { MeasuringReply, type MeasuringRequest } from './messages'

/** As `runMeasures`, in a thread of its own: thousands of long answers take seconds. */
export async function measureRun(
  { prompts, variants }: Pick<SampleRun, 'prompts' | 'variants'>,
  samples: readonly SampleLine[]
): Promise<SampleRunMeasures> {
  // Tokens are not measured here, and a good part of what would be copied.
  const told = samples.map(({ tokens: _, ...sample }) => sample)
  const reply = await askThread({ kind: 'run', run: { prompts, variants }, samples: told })
  if (reply.kind === 'run') return reply.result
  throw unexpected(reply)
}

/**
 * As `evaluationResults`, in a thread of its own.
 *
 * @throws WorkbenchError as `evaluationResults`
 */
export async function measureEvaluation(
  { run, samples, scores, marks }: StoredEvaluation,
  proxies: Proxies,
  against?: string
): Promise<EvaluationResults> {
  const stored = { run, samples: [...samples], scores: [...scores], marks: [...marks] }
  const reply = await askThread({
    kind: 'evaluation',
    stored,
    proxies,
    ...(against === undefined ? {} : { against })
  })
  if (reply.kind === 'evaluation') return reply.result
  throw unexpected(reply)
}

/** Lends a fresh thread to one request, and ends it however that went. */
async function askThread(request: MeasuringRequest): Promise<MeasuringReply> {
  // Not the flags of whoever runs us: some that node takes, a thread does not.
  const worker = new Worker(builtScript('measures.js'), { execArgv: [], workerData: request })
  const ended = once(worker, 'exit').then(([code]) => {
    throw new Error(`the thread that measures answers ended with exit code ${code}`)
  })
  try {
    const [message]: unknown[] = await Promise.race([once(worker, 'message'), ended])
    return MeasuringReply.parse(message)
  } finally {
    ended.catch(() => undefined)
    await worker.terminate()
  }
}

function unexpected(reply: MeasuringReply): Error {
  if (reply.kind !== 'failed')
    return new Error(`the thread that measures answers replied with a ${reply.kind}`)
  const { code, message, hint } = reply.problem
  return new WorkbenchError(code, message, hint)
}
