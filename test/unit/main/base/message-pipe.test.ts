import { once } from 'node:events'
import { createServer, connect, type Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeFrame, FrameReader, MessagePipe } from '../../../../src/main/base/message-pipe'

const copyOf = (message: unknown): unknown[] => new FrameReader().read(encodeFrame(message))

describe('a message', () => {
  it.each([
    ['numbers', [0, -0, 1.5, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 40), 5e-324]],
    ['negative zeros inside objects', { best: -0, lists: [[-0, 0], { deep: -0 }] }],
    ['undefined and null', { left: undefined, list: [undefined, null], text: '' }],
    ['bigint', [1n, -(2n ** 63n), 2n ** 70n]],
    ['Map and Set', [new Map([[1, { a: new Set(['x']) }]]), new Set([1, 'a'])]],
    ['Date', new Date(5)],
    ['text of several alphabets', '日本語 ¡ émoji 😀 '.repeat(5_000)]
  ])('keeps %s', (_, message) => {
    expect(copyOf(message)).toEqual([message])
  })

  it.each([
    ...[new Int8Array([-1, 1]), new Uint8Array([1, 255]), new Uint8ClampedArray([255]), new Int16Array([-300])],
    ...[new Uint16Array([65535]), new Int32Array([-70000]), new Uint32Array([2 ** 32 - 1])],
    ...[new Float32Array([1.5, -0, NaN]), new Float64Array([Math.PI, -0]), new BigInt64Array([-5n])],
    ...[new BigUint64Array([5n]), new Float32Array([0, 1, 2, 3]).subarray(1, 3), new Float64Array()]
  ])('keeps the type and the values of an array (%#)', (array) => {
    const [{ values, index }] = [...new FrameReader().read(encodeFrame({ index: 1, values: array }))].map((message) =>
      Object(message)
    )
    expect(index).toBe(1)
    expect(values).toStrictEqual(array)
  })

  it('keeps an error, its message and its cause', () => {
    const [error] = copyOf(new RangeError('too large', { cause: 'a file' }))
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'too large', cause: 'a file' })
  })

  it('is not encoded when it is too long', () => {
    expect(() => encodeFrame('x'.repeat(100), 50)).toThrow('a message of 100 bytes, more than 50')
  })
})

describe('the reader of frames', () => {
  it('reads the same messages however their bytes are cut', () => {
    const messages = ['first', { list: [1, 2, 3] }, new Float32Array(300), null, 'last']
    const bytes = Buffer.concat(messages.map((message) => encodeFrame(message)))
    for (const size of [1, 2, 7, 8, 9, 100, bytes.length]) {
      const reader = new FrameReader()
      const read: unknown[] = []
      for (let start = 0; start < bytes.length; start += size)
        read.push(...reader.read(bytes.subarray(start, start + size)))
      expect(read).toEqual(messages)
      expect(reader.inFrame).toBe(false)
    }
  })

  it('refuses bytes that are no frame, a frame that is too long, and a body that cannot be decoded', () => {
    expect(() => new FrameReader().read(Buffer.from('Warning: something'))).toThrow('bytes that are no message')
    expect(() => new FrameReader(50).read(encodeFrame('x'.repeat(100)).subarray(0, 8))).toThrow(
      'a message of 100 bytes, more than 50'
    )
    const cut = encodeFrame(['one', 'two'])
    cut.writeUInt32BE(4, 4)
    expect(() => new FrameReader().read(cut)).toThrow(/^a message that cannot be read/)
  })
})

/** Both ends of a real pipe. */
async function pipes(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a server without a port')
  const near = connect(address.port, '127.0.0.1')
  const [far] = await once(server, 'connection')
  return [near, far]
}

/** Resolves with the reason for which a pipe ended. */
const endOf = (pipe: MessagePipe): Promise<Error | null> => new Promise((resolve) => pipe.onEnd(resolve))

describe('a pipe of messages', () => {
  it('carries messages of 30 MB and small ones in order, and holds back what the other end has not read', async () => {
    const [near, far] = await pipes()
    const [sender, receiver] = [new MessagePipe(near), new MessagePipe(far)]
    const large = new Float32Array(7_500_000).map((_, index) => index)
    for (const message of ['before', large, 'x'.repeat(30_000_000), 'after']) sender.post(message)
    // Nothing is read yet: of 60 MB no more than a part waits in the stream.
    expect(near.writableLength).toBeLessThan(2 ** 21)
    const received: unknown[] = []
    await new Promise<void>((resolve) =>
      receiver.onMessage((message) => {
        received.push(message)
        if (message === 'after') resolve()
      })
    )
    const [before, values, text] = received
    expect(before).toBe('before')
    // Element by element, the comparison of so long an array would take minutes.
    if (!(values instanceof Float32Array)) throw new Error('the array is no Float32Array')
    expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(large.buffer))).toBe(0)
    expect(text).toHaveLength(30_000_000)
    near.destroy()
  })

  it.each([
    ['null when the other end closes it between messages', encodeFrame('whole'), null],
    ['a torn frame', encodeFrame('torn').subarray(0, 10), 'the beginning of a message and no more'],
    ['bytes that are no frame', Buffer.from('console.log to the wrong place'), 'bytes that are no message'],
    ['a frame that is too long', Buffer.from('534c5254ffffffff', 'hex'), /4294967295 bytes, more than 1073741824/]
  ])('ends with %s', async (_, bytes, reason) => {
    const [near, far] = duplexPair()
    const pipe = new MessagePipe(far)
    pipe.onMessage(() => undefined)
    const ended = endOf(pipe)
    near.end(bytes)
    const broken = await ended
    if (reason === null) expect(broken).toBeNull()
    else expect(broken?.message).toMatch(reason)
    expect(pipe.isOpen).toBe(false)
    // A message to nobody is no error.
    pipe.post('late')
  })
})
