import type WebSocket from 'ws'
import { z } from 'zod'
import { parseJson } from '../base/files/bounded-json'

/** The part of a WebSocket that the RPC handler uses. */
type HandledSocket = Pick<WebSocket, 'addEventListener' | 'send'>

type Listener<Event> = ((event: Event) => void) | { handleEvent(event: Event): void }

/** Limits of a window. */
export interface WindowBounds {
  /** Most pending calls, including watched jobs; a window has several dozen. */
  calls: number
  /** Most values in a message; 10,000 prompts with their answers have about 400,000. */
  values: number
  /** Most bytes of unsent replies on a slow connection; the largest reply has about 50 MB. */
  unreadBytes: number
}
const BOUNDS: WindowBounds = { calls: 500, values: 1_000_000, unreadBytes: 64 * 2 ** 20 }

/** Field that every message of the protocol has; the RPC handler checks the others. */
const RpcMessage = z.looseObject({ i: z.string() })

/**
 * Wraps a WebSocket so that the RPC handler receives only messages within limits. A client that exceeds them
 * is disconnected: one that violates the protocol, has too many calls, or reads no replies while it sends
 * more. A single reply may have any size.
 */
export function guardedSocket(
  client: HandledSocket & Pick<WebSocket, 'bufferedAmount' | 'terminate' | 'close'>,
  { calls: maxCalls, values, unreadBytes }: WindowBounds = BOUNDS
): HandledSocket {
  let calls = 0
  let isOver = false
  const end = (how: () => void): boolean => {
    isOver = true
    how()
    return false
  }
  const admits = (data: unknown): boolean => {
    if (isOver) return false
    if (calls >= maxCalls) return end(() => client.terminate())
    return isRpcMessage(data, values) || end(() => client.close(1003, 'not a message of the workbench'))
  }
  return {
    addEventListener<Type extends keyof WebSocket.WebSocketEventMap>(
      type: Type,
      listener: Listener<WebSocket.WebSocketEventMap[Type]>,
      options?: WebSocket.EventListenerOptions
    ) {
      const notifyListener = (event: WebSocket.WebSocketEventMap[Type]): unknown =>
        typeof listener === 'function' ? listener(event) : listener.handleEvent(event)
      client.addEventListener(
        type,
        (event: WebSocket.WebSocketEventMap[Type]) => {
          if (type !== 'message') return void notifyListener(event)
          if (!('data' in event) || !admits(event.data)) return
          calls += 1
          // The handler's promise settles at the end of the call or stream.
          void Promise.resolve(notifyListener(event)).finally(() => (calls -= 1))
        },
        options
      )
    },
    send(data: Parameters<WebSocket['send']>[0]) {
      if (isOver || client.bufferedAmount > unreadBytes) end(() => client.terminate())
      else client.send(data)
    }
  }
}

function isRpcMessage(data: unknown, values: number): boolean {
  if (typeof data !== 'string') return false
  try {
    return RpcMessage.safeParse(parseJson(data, 'the message', { values })).success
  } catch {
    return false
  }
}
