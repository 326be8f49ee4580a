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
  /** Most calls that start in a turn of the event loop, because each may keep it for milliseconds. */
  callsPerTurn: number
  /** Most values in a message; 10,000 prompts with 40 answers each have about 450,000. */
  values: number
  /** Most bytes of unsent replies on a slow connection; the largest reply has about 50 MB. */
  unreadBytes: number
}
const BOUNDS: WindowBounds = { calls: 500, callsPerTurn: 16, values: 500_000, unreadBytes: 64 * 2 ** 20 }

/** Field that every message of the protocol has; the RPC handler checks the others. */
const RpcMessage = z.looseObject({ i: z.string() })

/**
 * Wraps a WebSocket so that the RPC handler receives only messages within limits, a few in each turn of the event
 * loop. A client that exceeds the limits is disconnected: one that violates the protocol, has too many calls, or reads
 * no replies while it sends more. A single reply may have any size.
 */
export function guardedSocket(
  client: HandledSocket & Pick<WebSocket, 'bufferedAmount' | 'terminate' | 'close'>,
  { calls: maxCalls, callsPerTurn, values, unreadBytes }: WindowBounds = BOUNDS
): HandledSocket {
  const startInTurn = turnQueue(callsPerTurn)
  let calls = 0
  let isOver = false
  const end = (how: () => void): void => {
    isOver = true
    how()
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
          if (!('data' in event)) return startInTurn(() => void notifyListener(event))
          if (isOver) return
          if (calls >= maxCalls) return end(() => client.terminate())
          calls += 1
          startInTurn(() => {
            if (isOver) return
            if (!isRpcMessage(event.data, values))
              return end(() => client.close(1003, 'not a message of the workbench'))
            // The handler's promise settles at the end of the call or stream.
            void Promise.resolve(notifyListener(event)).finally(() => (calls -= 1))
          })
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

/** Starts tasks in the order of their calls, at most `perTurn` in each turn of the event loop. */
function turnQueue(perTurn: number): (task: () => void) => void {
  const waiting: (() => void)[] = []
  let startedInTurn = 0
  const start = (task: () => void): void => {
    if (startedInTurn === 0) setImmediate(startTurn)
    startedInTurn += 1
    task()
  }
  const startTurn = (): void => {
    startedInTurn = 0
    for (const task of waiting.splice(0, perTurn)) start(task)
  }
  return (task) => {
    if (startedInTurn < perTurn) start(task)
    else waiting.push(task)
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
