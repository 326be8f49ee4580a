import type { EvaluationResults } from '../../contract/documents/evaluation'
import { WorkbenchError } from '../../contract/model/problem'
import type { SampleLine, SampleRun, SampleRunMeasures } from '../../contract/documents/samples'
import { startHelper } from '../base/helper-process'
import type { Proxies } from './proxy-correlation'
import type { StoredEvaluation } from './results'
import { MeasuringReply, type MeasuringRequest } from './messages'

/** As `runMeasures`, in a process of its own: thousands of long answers take seconds. */
export async function measureRun(
  { prompts, variants }: Pick<SampleRun, 'prompts' | 'variants'>,
  samples: readonly SampleLine[]
): Promise<SampleRunMeasures> {
  // Tokens are not measured here, and a good part of what would be copied.
  const told = samples.map(({ tokens: _, ...sample }) => sample)
  const reply = await askProcess({ kind: 'run', run: { prompts, variants }, samples: told })
  if (reply.kind === 'run') return reply.result
  throw unexpected(reply)
}

/**
 * As `evaluationResults`, in a process of its own.
 *
 * @throws WorkbenchError as `evaluationResults`
 */
export async function measureEvaluation(
  { run, samples, scores, marks, pairs, forms }: StoredEvaluation,
  proxies: Proxies,
  against?: string
): Promise<EvaluationResults> {
  const stored = {
    run,
    samples: [...samples],
    scores: [...scores],
    marks: [...marks],
    pairs: [...pairs],
    forms: [...forms]
  }
  const reply = await askProcess({
    kind: 'evaluation',
    stored,
    proxies,
    ...(against === undefined ? {} : { against })
  })
  if (reply.kind === 'evaluation') return reply.result
  throw unexpected(reply)
}

/** Lends a fresh process to one request, and ends it however that went. */
async function askProcess(request: MeasuringRequest): Promise<MeasuringReply> {
  const helper = startHelper('measures.js', 'the process that measures answers')
  try {
    const reply = new Promise<unknown>((resolve) => {
      helper.onMessage(resolve)
    })
    helper.post(request)
    return MeasuringReply.parse(await Promise.race([reply, helper.ended]))
  } finally {
    await helper.end()
  }
}

function unexpected(reply: MeasuringReply): Error {
  if (reply.kind !== 'failed')
    return new Error(`the process that measures answers replied with a ${reply.kind}`)
  const { code, message, hint } = reply.problem
  return new WorkbenchError(code, message, hint)
}
