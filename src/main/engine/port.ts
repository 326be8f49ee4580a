import type { Serializable } from 'node:child_process'

/** An argument of the engine process: somebody scrolls and types while it computes, so it takes the processor last. */
export const BESIDE_A_WINDOW = '--beside-a-window'

/** One end of the line between main and the engine process, in the shape oRPC's message-port adapter asks for. */
export interface EnginePort {
  on(event: string, listener: (event?: { data: unknown }) => void): void
  postMessage(data: Serializable): void
}

/** The engine's end: whatever line its parent opened. Null when it was started without a parent. */
export function portToParent(): EnginePort | null {
  // Electron's types claim that every process has this; only a utility process does.
  const parentPort: Electron.ParentPort | undefined = process.parentPort
  if (parentPort !== undefined) {
    return {
      on(event, listener) {
        if (event === 'message') parentPort.on('message', ({ data }) => listener({ data }))
      },
      postMessage: (data) => parentPort.postMessage(data)
    }
  }
  if (process.send === undefined) return null
  return {
    on(event, listener) {
      if (event === 'message') process.on('message', (data) => listener({ data }))
    },
    postMessage: (data) => void process.send?.(data)
  }
}
