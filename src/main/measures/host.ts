import type { EvaluationResults } from '../../contract/documents/evaluation'
import { WorkbenchError } from '../../contract/model/problem'
import type { SampleLine, SampleRun, SampleRunMeasures } from '../../contract/documents/samples'
import type { Proxies } from './proxy-correlation'
import type { StoredEvaluation } from './results'
import { MeasuringProcess } from './measuring-process'
import type { MeasuringReply, MeasuringRequest } from './messages'

/** Views ask again soon, and a process takes longer to start than most of what is asked takes to measure. */
const SPARE_MS = 30_000
/** A process that has measured more is large. */
const SPARED_SAMPLES = 2_000

let spare: MeasuringProcess | null = null
let sparedFor: NodeJS.Timeout | undefined

function takeSpare(): MeasuringProcess | null {
  clearTimeout(sparedFor)
  const taken = spare
  spare = null
  return taken?.hasEnded === true ? null : taken
}

function keepSpare(kept: MeasuringProcess): void {
  spare = kept
  sparedFor = setTimeout(() => void takeSpare()?.end(), SPARE_MS).unref()
}

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

/** Lends a process to one request, and keeps it for the next if all went well. */
async function askProcess(request: MeasuringRequest): Promise<MeasuringReply> {
  const lent = takeSpare() ?? new MeasuringProcess()
  try {
    const reply = await lent.ask(request)
    const { samples } = request.kind === 'run' ? request : request.stored
    if (spare === null && samples.length <= SPARED_SAMPLES) keepSpare(lent)
    else await lent.end()
    return reply
  } catch (error) {
    await lent.end()
    throw error
  }
}

function unexpected(reply: MeasuringReply): Error {
  if (reply.kind !== 'failed')
    return new Error(`the process that measures answers replied with a ${reply.kind}`)
  const { code, message, hint } = reply.problem
  return new WorkbenchError(code, message, hint)
}
