import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type WebSocket from 'ws'
import { guardedSocket, type WindowBounds } from '../../../../src/main/serve/windows'
import { Later } from '../../../fixtures/later'
import { settled } from '../../../fixtures/scripted-line'

/** A WebSocket whose client the test plays. */
class PlayedSocket {
  bufferedAmount = 0
  readonly events = new EventEmitter()
  readonly terminate = vi.fn()
  readonly close = vi.fn()
  readonly send = vi.fn((text: unknown) => {
    this.bufferedAmount += String(text).length
  })

  addEventListener<Type extends keyof WebSocket.WebSocketEventMap>(
    type: Type,
    listener:
      | ((event: WebSocket.WebSocketEventMap[Type]) => void)
      | { handleEvent(event: WebSocket.WebSocketEventMap[Type]): void }
  ): void {
    this.events.on(type, (event) => (typeof listener === 'function' ? listener(event) : listener.handleEvent(event)))
  }
}

function openSocket(bounds: Partial<WindowBounds> = {}) {
  const client = new PlayedSocket()
  const socket = guardedSocket(client, { calls: 2, callsPerTurn: 2, values: 5, unreadBytes: 10, ...bounds })
  const handled: Later<void>[] = []
  socket.addEventListener('message', () => {
    const call = new Later<void>()
    handled.push(call)
    return call.promise
  })
  const receive = (data: string | Buffer): void => void client.events.emit('message', { data })
  return { ...client, socket, handled, receive }
}

describe('a window', () => {
  it('is ended when it takes no answers, whatever the size of a single one', () => {
    const { socket, terminate, send } = openSocket()
    socket.send('one that is long')
    expect(terminate).not.toHaveBeenCalled()
    socket.send('another')
    expect(terminate).toHaveBeenCalledOnce()
    expect(send).toHaveBeenCalledOnce()
  })

  it('is ended when it sends too many requests at once; finished ones do not count', async () => {
    const { terminate, handled, receive } = openSocket()
    receive('{"i":"1"}')
    receive('{"i":"2"}')
    handled[0]?.resolve()
    await settled()
    receive('{"i":"3"}')
    expect(terminate).not.toHaveBeenCalled()
    for (const id of [4, 5]) receive(`{"i":"${id}"}`)
    expect(terminate).toHaveBeenCalledOnce()
    expect(handled).toHaveLength(3)
  })

  it('starts a few calls in a turn of the event loop, and is closed after the calls before', async () => {
    const { socket, events, handled, receive } = openSocket({ calls: 10 })
    const startedAtClose: number[] = []
    socket.addEventListener('close', () => startedAtClose.push(handled.length))
    for (const id of [1, 2, 3, 4, 5]) receive(`{"i":"${id}"}`)
    events.emit('close', {})
    const starts = [handled.length]
    for (let turn = 0; turn < 3; turn++) {
      await setImmediate()
      starts.push(handled.length)
    }
    expect(starts).toEqual([2, 4, 5, 5])
    expect(startedAtClose).toEqual([5])
  })

  it.each([
    ['["no message"]'],
    ['{"i":"1","p":[1,2,3,4,5,6,7]}'],
    ['{"i":"1","p":[[[[[]]]]]}'],
    ['['.repeat(200)],
    [Buffer.from('{"i":"1"}')]
  ])('is ended by what is no message within bounds, which nobody hears: %.20s', (data) => {
    const { close, handled, receive } = openSocket()
    receive(data)
    receive('{"i":"1"}')
    expect(close).toHaveBeenCalledExactlyOnceWith(1003, 'not a message of the workbench')
    expect(handled).toEqual([])
  })
})
