import { expect, it, vi } from 'vitest'
import { endedWhenUnread } from '../../../../src/main/serve/windows'

it('ends a window that takes no answers, whatever the size of a single one', () => {
  const client = {
    bufferedAmount: 0,
    addEventListener: vi.fn(),
    terminate: vi.fn(),
    send: vi.fn((text: string) => {
      client.bufferedAmount += text.length
    })
  }
  const socket = endedWhenUnread(client, 10)
  socket.send('one that is long')
  expect(client.terminate).not.toHaveBeenCalled()
  socket.send('another')
  expect(client.terminate).toHaveBeenCalledOnce()
  expect(client.send).toHaveBeenCalledOnce()
})
