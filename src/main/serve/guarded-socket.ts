import type WebSocket from 'ws'
import { z } from 'zod'
import { parseJson } from '../base/files/bounded-json'

/** The part of a WebSocket that the RPC handler uses. */
type HandledSocket = Pick<WebSocket, 'addEventListener' | 'send'>

type Listener<Event> = ((event: Event) => void) | { handleEvent(event: Event): void }

/** What a window may ask for. */
export interface WindowBounds {
  /** Calls under way, watched jobs among them; a window has some dozens. */
  calls: number
  /** Values in a message: 10,000 prompts with their answers have some 400,000. */
  values: number
  /** Bytes of answers that a slow connection has yet to carry; the largest answer has some 50 MB. */
  unreadBytes: number
}
const BOUNDS: WindowBounds = { calls: 500, values: 1_000_000, unreadBytes: 64 * 2 ** 20 }

/** What every message of the protocol has; the RPC handler checks all else. */
const RpcMessage = z.looseObject({ i: z.string() })

/**
 * A WebSocket of which the RPC handler hears only messages within bounds. A client that exceeds them is cut off, and the program goes on:
 * one that does not speak the protocol, asks for too much at once, or takes no answers while it asks for more. One answer may be of any size.
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
      const hear = (event: WebSocket.WebSocketEventMap[Type]): unknown =>
        typeof listener === 'function' ? listener(event) : listener.handleEvent(event)
      client.addEventListener(
        type,
        (event: WebSocket.WebSocketEventMap[Type]) => {
          if (type !== 'message') return void hear(event)
          if (!('data' in event) || !admits(event.data)) return
          calls += 1
          // The handler's promise settles when the call is over, a stream at its end.
          void Promise.resolve(hear(event)).finally(() => (calls -= 1))
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
