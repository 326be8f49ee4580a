/** Argument that lowers the priority of the engine process, so that the window stays responsive. */
export const BESIDE_A_WINDOW = '--beside-a-window'

export interface RpcPort {
  on(event: string, listener: (event?: { data: unknown }) => void): void
  postMessage(data: unknown): void
}

interface PipeEnd {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
}

/** Adapts one end of a pipe to oRPC. @param onClose receives the listener that fails the calls in flight */
export function rpcPort(end: PipeEnd, onClose: (listener: () => void) => void = () => undefined): RpcPort {
  return {
    on(event, listener) {
      if (event === 'message') end.onMessage((data) => listener({ data }))
      if (event === 'close') onClose(listener)
    },
    postMessage: (data) => end.post(data)
  }
}
