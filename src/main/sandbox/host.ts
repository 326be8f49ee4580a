import { fileError, WorkbenchError } from '../../contract/model/problem'
import { builtScript } from '../base/built'
import { cancellable, throwIfCancelled } from '../base/files/cancelling'
import { restrictionText } from '../base/files/only-folder'
import { NodeChild, type NodeChildEnd } from '../base/node-child'
import { endWords, processLost, ranOutOfMemory } from '../base/process-lost'
import { SerialQueue } from '../base/files/serial-queue'
import { SandboxReply, type SandboxLimits, type SandboxRequest, Overdue, readsFiles, subjectOf } from './messages'

/* Starts the process that parses untrusted files, such as tokenizers and chat templates, and asks it. */

/** Limits of one request. A tokenizer of 256,000 tokens takes two seconds, everything else a tenth. */
export const SANDBOX_LIMITS: SandboxLimits = {
  work: { cpuMs: 3_000, wallMs: 30_000 },
  read: { cpuMs: 20_000, wallMs: 60_000 },
  heapMiB: 1024
}

/** Time that a process has after its limit to end itself, before it is killed. */
const GRACE_MS = 5_000

/** Sends requests to the sandbox process, which is started when it is needed, and again after it ended. */
export class Sandbox {
  private readonly queue = new SerialQueue()
  private running: SandboxProcess | null = null
  private readonly ending = new AbortController()

  constructor(private readonly limits: SandboxLimits) {}

  /**
   * Sends a request after the earlier ones were answered.
   *
   * @throws WorkbenchError of the request; `bad-file` if it takes too much time or memory; `engine-lost`; `cancelled`
   */
  ask(request: SandboxRequest): Promise<SandboxReply> {
    const { signal } = this.ending
    return this.queue.run(() => cancellable(signal, subjectOf(request), () => this.askNow(request)))
  }

  /** Ends the process and all requests, because this program ends. */
  end(): void {
    this.ending.abort()
    this.running?.end()
  }

  private async askNow(request: SandboxRequest): Promise<SandboxReply> {
    throwIfCancelled(this.ending.signal, subjectOf(request))
    // A process that was started earlier does not know the folder that this program is restricted to.
    if (this.running?.restriction !== restrictionText()) {
      this.running?.end()
      this.running = null
    }
    const reply = await (this.running ??= this.start()).ask(request)
    if (reply.kind !== 'failed') return reply
    const { code, message, hint } = reply.problem
    throw new WorkbenchError(code, message, hint)
  }

  private start(): SandboxProcess {
    const process = new SandboxProcess(this.limits)
    void process.ended.then(() => {
      if (this.running === process) this.running = null
    })
    return process
  }
}

const sandbox = new Sandbox(SANDBOX_LIMITS)

/** Ends the one sandbox process of this program for good. */
export const endSandbox = (): void => sandbox.end()

/** Sends a request to the one sandbox process of this program. @param kind the kind of the expected reply */
export async function askSandbox<Kind extends SandboxReply['kind']>(
  request: SandboxRequest,
  kind: Kind
): Promise<Extract<SandboxReply, { kind: Kind }>> {
  const reply = await sandbox.ask(request)
  if (isOfKind(reply, kind)) return reply
  throw new Error(`the sandbox process replied to ${request.kind} with ${reply.kind}`)
}

function isOfKind<Kind extends SandboxReply['kind']>(
  reply: SandboxReply,
  kind: Kind
): reply is Extract<SandboxReply, { kind: Kind }> {
  return reply.kind === kind
}

/** One process. It answers one request at a time. */
class SandboxProcess {
  /** The folder that this program was restricted to when the process started. */
  readonly restriction = restrictionText()
  readonly ended: Promise<ProcessEnd>
  private readonly child: NodeChild
  /** Set when this program ends the process because of its limit. */
  private overdue: Overdue | null = null
  private readonly ready: Promise<SandboxReply>
  /** Receiver of the next message or the end. */
  private pending: PendingReply | null = null
  private endState: ProcessEnd | null = null

  constructor(private readonly limits: SandboxLimits) {
    this.child = new NodeChild(builtScript('sandbox.js'), {
      args: [JSON.stringify(limits)],
      nodeFlags: [...process.execArgv, `--max-old-space-size=${limits.heapMiB}`]
    })
    this.child.onMessage((message) => this.pending?.reply(message))
    this.ended = this.child.ended.then(({ how, reason }) => ({
      how,
      reason,
      overdue: this.overdue ?? overdueOf(reason)
    }))
    void this.ended.then((end) => {
      this.endState = end
      this.pending?.ended(end)
    })
    this.ready = this.nextReply((end) => processLost('The process that reads model folders and tokenizers', end))
  }

  end(): void {
    this.child.kill()
  }

  async ask(request: SandboxRequest): Promise<SandboxReply> {
    this.child.holdProgram(true)
    const { work, read } = this.limits
    const longestMs = work.wallMs + (readsFiles(request) ? read.wallMs : 0) + GRACE_MS
    let timer: NodeJS.Timeout | undefined
    try {
      await this.ready
      timer = setTimeout(() => {
        this.overdue = { by: 'clock', ms: longestMs }
        this.child.kill()
      }, longestMs)
      const reply = this.nextReply((end) => requestError(request, end, this.limits))
      this.child.post(request)
      return await reply
    } finally {
      clearTimeout(timer)
      this.child.holdProgram(false)
    }
  }

  /** Waits for the next message. @param endedEarly the error if the process ends first */
  private async nextReply(endedEarly: (end: ProcessEnd) => Error): Promise<SandboxReply> {
    if (this.endState !== null) throw endedEarly(this.endState)
    try {
      const message = await new Promise<unknown>((resolve, reject) => {
        this.pending = { reply: resolve, ended: (end) => reject(endedEarly(end)) }
      })
      return SandboxReply.parse(message)
    } finally {
      this.pending = null
    }
  }
}

interface PendingReply {
  readonly reply: (message: unknown) => void
  readonly ended: (end: ProcessEnd) => void
}

interface ProcessEnd extends NodeChildEnd {
  /** The exceeded limit; null if the process ended otherwise. */
  readonly overdue: Overdue | null
}

/** Parses the limit that the process wrote to its standard error before it ended itself; null for other last lines. */
function overdueOf(lastLine: string | undefined): Overdue | null {
  const [, by, ms] = /^\{"by":"(\w+)","ms":(\d+)\}$/.exec(lastLine ?? '') ?? []
  return Overdue.safeParse({ by, ms: Number(ms) }).data ?? null
}

function requestError(request: SandboxRequest, end: ProcessEnd, { heapMiB }: SandboxLimits): WorkbenchError {
  const subject = subjectOf(request)
  if (end.overdue !== null) return overdueError(request, end.overdue)
  // The system kills processes when memory is short: the file is not to blame.
  if (end.how.includes('SIGKILL')) return processLost(`${subject} was not read: the process that reads it`, end)
  const words = endWords(end)
  return fileError(
    ranOutOfMemory(words)
      ? `${subject} takes more than the ${heapMiB} MiB of memory that it is given: the process that reads it ${words}.`
      : `${subject} was not read: the process that reads it ${words}.`
  )
}

function overdueError(request: SandboxRequest, { by, ms }: Overdue): WorkbenchError {
  const message = `${subjectOf(request)} took longer than ${ms / 1000} s`
  if (by === 'clock') {
    const hint = 'Look whether its drive answers and whether this machine is busy with other things, and try again.'
    return fileError(`${message} and was stopped.`, hint)
  }
  const hint = 'Files of published models take far less time. Use them as they were published.'
  return fileError(`${message} of the processor and was stopped.`, readsFiles(request) ? hint : undefined)
}
