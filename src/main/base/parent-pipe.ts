import { Socket } from 'node:net'
import { MessagePipe } from './message-pipe'

/** Environment variable with the file descriptor of the pipe to the program that started a process. */
export const PIPE_VARIABLE = 'SLR_PIPE'

/** Opens the pipe to the program that started this process, with which the process ends. */
export function pipeToParent(): MessagePipe {
  const descriptor = process.env[PIPE_VARIABLE]
  if (descriptor === undefined) {
    console.error('This is a process of SLR Workbench. The program starts it by itself; run `slr` instead.')
    process.exit(2)
  }
  const pipe = new MessagePipe(new Socket({ fd: Number(descriptor), readable: true, writable: true }))
  pipe.onEnd((broken) => {
    if (broken !== null) console.error(`The program sent ${broken.message}.`)
    process.exit(broken === null ? 0 : 1)
  })
  return pipe
}

/** Ignores Ctrl-C, which reaches every process of a terminal. */
export function ignoreInterrupt(): void {
  process.on('SIGINT', () => undefined)
}
