import type { EvaluationResults } from '../../contract/documents/evaluation'
import { WorkbenchError } from '../../contract/model/problem'
import type { SampleLine, SampleRun, SampleRunMeasures } from '../../contract/documents/samples'
import { unlessCancelled } from '../base/files/cancelling'
import { startHelper } from '../base/helper-process'
import { MeasuringReply, type MeasuringRequest, type Proxies, type StoredEvaluation } from './messages'

/** Time that an idle measuring process is kept, because starting one takes longer than most requests. */
const IDLE_MS = 30_000
/** A process that received more answers than this ends after its reply, because it would keep their memory. */
const MAX_REUSED_SAMPLES = 2_000

let idleProcess: MeasuringProcess | null = null
let idleTimer: NodeJS.Timeout | undefined

function takeIdleProcess(): MeasuringProcess | null {
  clearTimeout(idleTimer)
  const process = idleProcess
  idleProcess = null
  return process?.hasEnded === true ? null : process
}

function keepIdleProcess(process: MeasuringProcess): void {
  idleProcess = process
  idleTimer = setTimeout(() => void takeIdleProcess()?.end(), IDLE_MS).unref()
}

/** Runs `runMeasures` in another process, because long answers take seconds to minutes. */
export async function measureRun(
  { prompts, variants }: Pick<SampleRun, 'prompts' | 'variants'>,
  samples: readonly SampleLine[],
  signal?: AbortSignal
): Promise<SampleRunMeasures> {
  // Tokens are omitted, because they are not measured and are a large part of the message.
  const samplesWithoutTokens = samples.map(({ tokens: _, ...sample }) => sample)
  const run = { prompts, variants }
  const reply = await askProcess({ kind: 'run', run, samples: samplesWithoutTokens }, signal)
  if (reply.kind === 'run') return reply.result
  throw unexpected(reply)
}

/**
 * Runs `evaluationResults` in another process.
 * @param against name of the variant that others are compared with; post by default
 * @throws WorkbenchError as `evaluationResults`; `cancelled` if the signal is aborted
 */
export async function measureEvaluation(
  { run, samples, scores, judgeScores, pairs, forms }: StoredEvaluation,
  proxies: Proxies,
  against?: string,
  signal?: AbortSignal
): Promise<EvaluationResults> {
  const stored = { run, samples, scores, judgeScores, pairs, forms }
  const request: MeasuringRequest = { kind: 'evaluation', stored, proxies }
  if (against !== undefined) request.against = against
  const reply = await askProcess(request, signal)
  if (reply.kind === 'evaluation') return reply.result
  throw unexpected(reply)
}

/** Sends a request to the idle process, or to a new one. A process that replied is kept for the next request. */
async function askProcess(request: MeasuringRequest, signal?: AbortSignal): Promise<MeasuringReply> {
  const process = takeIdleProcess() ?? new MeasuringProcess()
  try {
    const replying = process.ask(request)
    const reply = await (signal === undefined ? replying : unlessCancelled(signal, 'Measuring', replying))
    const { samples } = request.kind === 'run' ? request : request.stored
    if (idleProcess === null && samples.length <= MAX_REUSED_SAMPLES) keepIdleProcess(process)
    else await process.end()
    return reply
  } catch (error) {
    await process.end()
    throw error
  }
}

/** Returns the error of a failed request, or the error for a reply of the wrong kind. */
function unexpected(reply: MeasuringReply): Error {
  if (reply.kind !== 'failed') return new Error(`the process that measures answers replied with a ${reply.kind}`)
  const { code, message, hint } = reply.problem
  return new WorkbenchError(code, message, hint)
}

interface PendingReply {
  readonly resolve: (message: unknown) => void
  readonly reject: (reason: unknown) => void
}

/** A process that runs process.ts. It answers one request at a time. */
export class MeasuringProcess {
  private readonly helper = startHelper('measures.js', 'The process that measures answers')
  /** Settles the promise of the request in progress. */
  private pending: PendingReply | null = null
  /** Error with which the process ended; null while it runs. */
  private endReason: { reason: unknown } | null = null

  constructor() {
    this.helper.onMessage((message) => this.pending?.resolve(message))
    this.helper.ended.catch((reason: unknown) => {
      this.endReason = { reason }
      this.pending?.reject(reason)
    })
  }

  get hasEnded(): boolean {
    return this.endReason !== null
  }

  /** Sends a request after the previous reply. @throws WorkbenchError `engine-lost` when the process ended */
  async ask(request: MeasuringRequest): Promise<MeasuringReply> {
    if (this.endReason !== null) throw this.endReason.reason
    this.helper.holdProgram(true)
    try {
      const reply = new Promise<unknown>((resolve, reject) => {
        this.pending = { resolve, reject }
      })
      this.helper.post(request)
      return MeasuringReply.parse(await reply)
    } finally {
      this.pending = null
      this.helper.holdProgram(false)
    }
  }

  end(): Promise<void> {
    return this.helper.end()
  }
}
