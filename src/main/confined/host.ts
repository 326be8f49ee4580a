import { WorkbenchError } from '../../contract/model/problem'
import { builtScript } from '../base/built'
import { keepsTo } from '../base/files/only-folder'
import { NodeChild, type NodeChildEnd } from '../base/node-child'
import { endWords, processLost, ranOutOfMemory } from '../base/process-lost'
import { SerialQueue } from '../base/files/serial-queue'
import {
  ConfinedReply,
  type ConfinedLimits,
  type ConfinedRequest,
  HEAP_MIB,
  Overdue,
  readsFiles,
  subjectOf
} from './messages'

/**
 * Real templates, recipes and prompts take milliseconds of the processor, the largest model folders a tenth of a second; to read a
 * tokenizer of 256,000 tokens takes two seconds. A machine that is busy with other things, or a slow drive, has them take longer in all.
 */
export const CONFINED_LIMITS: ConfinedLimits = {
  work: { cpuMs: 3_000, wallMs: 30_000 },
  read: { cpuMs: 20_000, wallMs: 60_000 }
}

/** The process ends itself when its time is up; one that cannot, for it was halted, is killed so much later. */
const GRACE_MS = 5_000

/** A confined process: started when it is first needed and again after it has ended, kept, and no reason for a program to stay. */
export class Confined {
  private readonly queue = new SerialQueue()
  private running: ConfinedProcess | null = null

  constructor(private readonly limits: ConfinedLimits) {}

  /**
   * Has it do something, after whatever it does now.
   *
   * @throws WorkbenchError what the process says; `bad-file`, naming the file, when it takes too long or too much memory; `engine-lost`
   *   when the system ended the process
   */
  ask(request: ConfinedRequest): Promise<ConfinedReply> {
    return this.queue.run(async () => {
      // One that was started before this program was to keep to a folder knows nothing of that.
      if (this.running?.keepsTo !== keepsTo()) {
        this.running?.end()
        this.running = null
      }
      const reply = await (this.running ??= this.started()).ask(request)
      if (reply.kind !== 'failed') return reply
      const { code, message, hint } = reply.problem
      throw new WorkbenchError(code, message, hint)
    })
  }

  private started(): ConfinedProcess {
    const started = new ConfinedProcess(this.limits)
    void started.ended.then(() => {
      if (this.running === started) this.running = null
    })
    return started
  }
}

const confined = new Confined(CONFINED_LIMITS)

/** Has this program's confined process do something: see `Confined.ask`. */
export function askConfined(request: ConfinedRequest): Promise<ConfinedReply> {
  return confined.ask(request)
}

class ConfinedProcess {
  readonly keepsTo = keepsTo()
  readonly ended: Promise<End>
  private readonly child: NodeChild
  /** Set when this program ends the process. */
  private overdue: Overdue | null = null
  private readonly ready: Promise<ConfinedReply>
  /**
   * Receives the next message or the end. A reaction to `ended` for each request would be kept, with what was answered, for as long
   * as the process lives.
   */
  private waiting: Waiting | null = null
  private knownEnd: End | null = null

  constructor(private readonly limits: ConfinedLimits) {
    this.child = new NodeChild(builtScript('confined.js'), {
      args: [JSON.stringify(limits)],
      nodeFlags: [...process.execArgv, `--max-old-space-size=${HEAP_MIB}`]
    })
    this.child.onMessage((message) => this.waiting?.reply(message))
    this.ended = this.child.ended.then(({ how, reason }) => ({
      how,
      reason,
      overdue: this.overdue ?? overdueOf(reason)
    }))
    void this.ended.then((end) => {
      this.knownEnd = end
      this.waiting?.ended(end)
    })
    this.ready = this.nextReply((end) =>
      processLost('The process that reads model folders and tokenizers', end)
    )
  }

  end(): void {
    this.child.kill()
  }

  async ask(request: ConfinedRequest): Promise<ConfinedReply> {
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
      const reply = this.nextReply((end) => stopped(request, end))
      this.child.post(request)
      return await reply
    } finally {
      clearTimeout(timer)
      this.child.holdProgram(false)
    }
  }

  private async nextReply(endedEarly: (end: End) => Error): Promise<ConfinedReply> {
    if (this.knownEnd !== null) throw endedEarly(this.knownEnd)
    try {
      const message = await new Promise<unknown>((resolve, reject) => {
        this.waiting = { reply: resolve, ended: (end) => reject(endedEarly(end)) }
      })
      return ConfinedReply.parse(message)
    } finally {
      this.waiting = null
    }
  }
}

interface Waiting {
  readonly reply: (message: unknown) => void
  readonly ended: (end: End) => void
}

interface End extends NodeChildEnd {
  /** The limit for which the process was ended; null when it ended otherwise. */
  readonly overdue: Overdue | null
}

/** Reads what the process writes before it ends itself. */
function overdueOf(lastLine: string | undefined): Overdue | null {
  const [, by, ms] = /^\{"by":"(\w+)","ms":(\d+)\}$/.exec(lastLine ?? '') ?? []
  return Overdue.safeParse({ by, ms: Number(ms) }).data ?? null
}

function stopped(request: ConfinedRequest, end: End): WorkbenchError {
  const subject = subjectOf(request)
  if (end.overdue !== null) return overdueError(request, end.overdue)
  // The system takes the memory that others need too: the file is not to blame.
  if (end.how.includes('SIGKILL'))
    return processLost(`${subject} was not read: the process that reads it`, end)
  const words = endWords(end)
  return new WorkbenchError(
    'bad-file',
    ranOutOfMemory(words)
      ? `${subject} takes more than the ${HEAP_MIB} MiB of memory that it is given: the process that reads it ${words}.`
      : `${subject} was not read: the process that reads it ${words}.`
  )
}

function overdueError(request: ConfinedRequest, { by, ms }: Overdue): WorkbenchError {
  return new WorkbenchError(
    'bad-file',
    `${subjectOf(request)} took longer than ${ms / 1000} s${by === 'processor' ? ' of the processor' : ''} and was stopped.`,
    by === 'clock'
      ? 'Look whether its drive answers and whether this machine is busy with other things, and try again.'
      : readsFiles(request)
        ? 'Those of published models take far less: use the files as they were published.'
        : undefined
  )
}
