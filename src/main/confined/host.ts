import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { WorkbenchError } from '../../contract/model/problem'
import { builtScript } from '../base/built'
import { nodeProgram } from '../base/node-program'
import { SerialQueue } from '../base/files/serial-queue'
import { ConfinedReply, type ConfinedRequest, HEAP_MIB, subjectOf } from './messages'

/** How long one request may take. */
export interface ConfinedLimits {
  /** The process stops itself then. */
  timeMs: number
  /** What keeps it from that is killed then. */
  killAfterMs: number
  /** What a tokenizer takes to be read, in addition. */
  readMs: number
}

/** Real templates, recipes and prompts take milliseconds; to read a tokenizer of 256,000 tokens takes two seconds, more on a busy machine. */
export const CONFINED_LIMITS: ConfinedLimits = { timeMs: 3_000, killAfterMs: 5_000, readMs: 20_000 }

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
      const asked = (this.running ??= new ConfinedProcess(this.limits))
      void asked.ended.then(() => {
        if (this.running === asked) this.running = null
      })
      const reply = await asked.ask(request)
      if (reply.kind !== 'failed') return reply
      const { code, message, hint } = reply.problem
      throw new WorkbenchError(code, message, hint)
    })
  }
}

const confined = new Confined(CONFINED_LIMITS)

/** Has this program's confined process do something: see `Confined.ask`. */
export function askConfined(request: ConfinedRequest): Promise<ConfinedReply> {
  return confined.ask(request)
}

class ConfinedProcess {
  /** How it ended. */
  readonly ended: Promise<string>
  private readonly child: ChildProcess
  private readonly ready: Promise<ConfinedReply>

  constructor(private readonly limits: ConfinedLimits) {
    this.child = fork(builtScript('confined.js'), [String(limits.timeMs), String(limits.readMs)], {
      // Without one, `fork` runs Electron's own binary as a plain Node.
      execPath: nodeProgram() ?? process.execPath,
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
      serialization: 'advanced',
      // V8 writes pages about an end that is expected here.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc']
    })
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(`could not be started (${error.message})`))
      this.child.once('exit', (code, signal) =>
        resolve(signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`)
      )
    })
    this.ready = this.nextReply((how) => new Error(`the confined process ${how}`))
  }

  async ask(request: ConfinedRequest): Promise<ConfinedReply> {
    this.child.ref()
    this.child.channel?.ref()
    const killAfterMs = this.limits.killAfterMs + (isOfText(request) ? this.limits.readMs : 0)
    let late = false
    let timer: NodeJS.Timeout | undefined
    try {
      await this.ready
      timer = setTimeout(() => {
        late = true
        this.child.kill('SIGKILL')
      }, killAfterMs)
      const reply = this.nextReply((how) => stopped(request, late ? killAfterMs : null, how))
      // A message lost to a death shows as that death; without a callback it would be an uncaught error as well.
      this.child.send(request, () => undefined)
      return await reply
    } finally {
      clearTimeout(timer)
      this.child.unref()
      this.child.channel?.unref()
    }
  }

  private async nextReply(endedEarly: (how: string) => Error): Promise<ConfinedReply> {
    const ended = this.ended.then((how) => {
      throw endedEarly(how)
    })
    const [message]: unknown[] = await Promise.race([once(this.child, 'message'), ended])
    return ConfinedReply.parse(message)
  }
}

function isOfText({ kind }: ConfinedRequest): boolean {
  return kind !== 'template' && kind !== 'yaml' && kind !== 'import'
}

/** @param lateMs after how long it was killed; null when it ended by itself */
function stopped(request: ConfinedRequest, lateMs: number | null, how: string): WorkbenchError {
  const subject = subjectOf(request)
  return new WorkbenchError(
    'bad-file',
    lateMs !== null
      ? `${subject} took longer than ${lateMs / 1000} s and was stopped.`
      : `${subject} takes more than the ${HEAP_MIB} MiB of memory that it is given, or crashes what reads it: the process for it ${how}.`
  )
}
