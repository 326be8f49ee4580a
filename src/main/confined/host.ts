import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { WorkbenchError } from '../../contract/model/problem'
import { builtPath } from '../base/built'
import { nodeProgram } from '../base/node-program'
import { SerialQueue } from '../base/files/serial-queue'
import { ConfinedReply, type ConfinedRequest, HEAP_MIB, subjectOf, TIME_LIMIT_MS } from './messages'

/** The process stops itself at its limit; what keeps it from that gets a little more. */
const KILL_AFTER_MS = TIME_LIMIT_MS + 2_000

const queue = new SerialQueue()
let running: ConfinedProcess | null = null

/**
 * Has the confined process do something, after whatever it does now. It is started when it is first needed, kept, and
 * keeps no program from ending.
 *
 * @throws WorkbenchError what the process says; `bad-file`, naming the file, when it takes too long or too much memory
 */
export function askConfined(request: ConfinedRequest): Promise<ConfinedReply> {
  return queue.run(async () => {
    const asked = (running ??= new ConfinedProcess())
    void asked.ended.then(() => {
      if (running === asked) running = null
    })
    const reply = await asked.ask(request)
    if (reply.kind !== 'failed') return reply
    const { code, message, hint } = reply.problem
    throw new WorkbenchError(code, message, hint)
  })
}

class ConfinedProcess {
  /** How it ended. */
  readonly ended: Promise<string>
  private readonly child: ChildProcess
  private readonly ready: Promise<ConfinedReply>

  constructor() {
    this.child = fork(builtPath('main', 'confined.js'), [], {
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
    let late = false
    let timer: NodeJS.Timeout | undefined
    try {
      await this.ready
      timer = setTimeout(() => {
        late = true
        this.child.kill('SIGKILL')
      }, KILL_AFTER_MS)
      const reply = this.nextReply((how) => stopped(request, late, how))
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

function stopped(request: ConfinedRequest, late: boolean, how: string): WorkbenchError {
  const subject = subjectOf(request)
  return new WorkbenchError(
    'bad-file',
    late
      ? `${subject} took longer than ${KILL_AFTER_MS / 1000} s and was stopped.`
      : `${subject} takes more than the ${HEAP_MIB} MiB of memory that it is given, or crashes what reads it: the process for it ${how}.`
  )
}
