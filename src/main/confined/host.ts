import { type ChildProcess, fork } from 'node:child_process'
import { Socket } from 'node:net'
import { WorkbenchError } from '../../contract/model/problem'
import { builtScript } from '../base/built'
import { keepsTo } from '../base/files/only-folder'
import { nodeProgram } from '../base/node-program'
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
   * @throws WorkbenchError what the process says; `bad-file`, naming the file, when it takes too long or too much memory
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
  private readonly child: ChildProcess
  /** The end of what it has written to its standard output. */
  private said = ''
  /** Set when it is ended from here. */
  private overdue: Overdue | null = null
  private readonly ready: Promise<ConfinedReply>
  /**
   * Who waits for the next message. Not a reaction to `ended` for each: these, and all that was answered, would be kept for as long as
   * the process lives.
   */
  private waiting: Waiting | null = null
  private howItEnded: End | null = null

  constructor(private readonly limits: ConfinedLimits) {
    this.child = fork(builtScript('confined.js'), [JSON.stringify(limits)], {
      // Without one, `fork` runs Electron's own binary as a plain Node.
      execPath: nodeProgram() ?? process.execPath,
      // The flags of whoever runs us as well, as the engine has them.
      execArgv: [...process.execArgv, `--max-old-space-size=${HEAP_MIB}`],
      serialization: 'advanced',
      // V8 writes pages about an end that is expected here; what is written out is the reason of an end.
      stdio: ['ignore', 'pipe', 'ignore', 'ipc']
    })
    this.child.stdout?.on('data', (said) => (this.said = (this.said + String(said)).slice(-LONGEST_REASON)))
    this.ended = new Promise((resolve) => {
      this.child.once('error', ({ message }) =>
        resolve({ how: `could not be started (${message})`, overdue: null })
      )
      // Not at its exit: what it has said may come after that.
      this.child.once('close', (code, signal) =>
        resolve({
          how: signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`,
          overdue: this.overdue ?? overdueOf(this.said)
        })
      )
    })
    this.child.on('message', (message) => this.waiting?.reply(message))
    void this.ended.then((end) => {
      this.howItEnded = end
      this.waiting?.ended(end)
    })
    this.ready = this.nextReply(({ how }) => new Error(`the confined process ${how}`))
  }

  end(): void {
    this.child.kill('SIGKILL')
  }

  async ask(request: ConfinedRequest): Promise<ConfinedReply> {
    this.child.ref()
    this.child.channel?.ref()
    const { work, read } = this.limits
    const longestMs = work.wallMs + (readsFiles(request) ? read.wallMs : 0) + GRACE_MS
    let timer: NodeJS.Timeout | undefined
    try {
      await this.ready
      timer = setTimeout(() => {
        this.overdue = { by: 'clock', ms: longestMs }
        this.child.kill('SIGKILL')
      }, longestMs)
      const reply = this.nextReply((end) => stopped(request, end))
      // A message lost to a death shows as that death; without a callback it would be an uncaught error as well.
      this.child.send(request, () => undefined)
      return await reply
    } finally {
      clearTimeout(timer)
      this.child.unref()
      if (this.child.stdout instanceof Socket) this.child.stdout.unref()
      this.child.channel?.unref()
    }
  }

  private async nextReply(endedEarly: (end: End) => Error): Promise<ConfinedReply> {
    if (this.howItEnded !== null) throw endedEarly(this.howItEnded)
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

/** How a process ended. */
interface End {
  /** In words. */
  readonly how: string
  /** The limit for which it was ended; null when it ended otherwise. */
  readonly overdue: Overdue | null
}

const LONGEST_REASON = 100

/** Nothing else is to write there; should a library, it is no reason. */
function overdueOf(said: string): Overdue | null {
  const [, by, ms] = /\{"by":"(\w+)","ms":(\d+)\}$/.exec(said) ?? []
  return Overdue.safeParse({ by, ms: Number(ms) }).data ?? null
}

function stopped(request: ConfinedRequest, { how, overdue }: End): WorkbenchError {
  const subject = subjectOf(request)
  if (overdue === null) {
    return new WorkbenchError(
      'bad-file',
      `${subject} takes more than the ${HEAP_MIB} MiB of memory that it is given, or crashes what reads it: the process for it ${how}.`
    )
  }
  const { by, ms } = overdue
  return new WorkbenchError(
    'bad-file',
    `${subject} took longer than ${ms / 1000} s${by === 'processor' ? ' of the processor' : ''} and was stopped.`,
    by === 'clock'
      ? 'Look whether its drive answers and whether this machine is busy with other things, and try again.'
      : readsFiles(request)
        ? 'Those of published models take far less: use the files as they were published.'
        : undefined
  )
}
