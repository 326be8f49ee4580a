import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { addExtension, Packr, RESERVE_START_SPACE } from 'msgpackr/pack'
import { errorMessage } from './files/bounded-file'

// Messages between processes over a pipe. The messages of Node's `fork` have another encoding under Electron.
// A frame is one message: a mark of its encoding, its length as a big-endian uint32, then UTF-8 text or MessagePack.

const TEXT_MARK = 0x534c5254
const VALUE_MARK = 0x534c5256
const HEADER_BYTES = 8

/** Limit of a message, whose largest in this program take about 30 MB. */
const MAX_BODY_BYTES = 2 ** 30

/** Longer frames are written in parts of this size, one after the other as the pipe accepts them. */
const PART_BYTES = 2 ** 20

/** Represents negative zero, which measures may contain and MessagePack lacks. */
class NegativeZero {
  readonly value = '-0'
}
addExtension({ Class: NegativeZero, type: 1, pack: () => new Uint8Array(1), unpack: () => -0 })
const NEGATIVE_ZERO = new NegativeZero()

// Typed arrays, Map, Set, Error, bigint and undefined keep their types.
const packr = new Packr({ moreTypes: true })

/** Size above which the encoder's buffer is replaced, so that it does not keep large messages in memory. */
const MAX_KEPT_BYTES = 2 ** 16
const BUFFER_BYTES = 2 ** 13

/** Encodes a message: a string as UTF-8, any other value as MessagePack. @throws Error if it is too long */
export function encodeFrame(message: unknown, maxBytes = MAX_BODY_BYTES): Buffer {
  const isText = typeof message === 'string'
  const frame = isText ? textFrame(message) : valueFrame(message)
  const bodyBytes = frame.length - HEADER_BYTES
  if (bodyBytes > maxBytes) throw new Error(`a message of ${bodyBytes} bytes, more than ${maxBytes}`)
  frame.writeUInt32BE(isText ? TEXT_MARK : VALUE_MARK, 0)
  frame.writeUInt32BE(bodyBytes, 4)
  return frame
}

function textFrame(text: string): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(text))
  frame.write(text, HEADER_BYTES)
  return frame
}

function valueFrame(value: unknown): Buffer {
  const marked = hasNegativeZero(value) ? markNegativeZeros(value) : value
  const frame = packr.pack(marked, RESERVE_START_SPACE | HEADER_BYTES)
  if (frame.length > MAX_KEPT_BYTES) packr.useBuffer(Buffer.allocUnsafeSlow(BUFFER_BYTES))
  return frame
}

function hasNegativeZero(value: unknown): boolean {
  if (typeof value === 'number') return Object.is(value, -0)
  if (Array.isArray(value)) return value.some(hasNegativeZero)
  return isPlainObject(value) && Object.values(value).some(hasNegativeZero)
}

/** Copies a value and replaces its negative zeros by objects. */
function markNegativeZeros(value: unknown): unknown {
  if (Object.is(value, -0)) return NEGATIVE_ZERO
  if (Array.isArray(value)) return value.map(markNegativeZeros)
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, markNegativeZeros(item)]))
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Collects the chunks of bytes that arrive, and decodes the frames in them. */
export class FrameReader {
  private readonly chunks: Buffer[] = []
  private bytes = 0
  /** Number of bytes that must have arrived before the next check. */
  private neededBytes = HEADER_BYTES

  constructor(private readonly maxBytes = MAX_BODY_BYTES) {}

  /** True if only the beginning of a frame has arrived. */
  get inFrame(): boolean {
    return this.bytes > 0
  }

  /** Adds a chunk. @returns the messages that it completes @throws Error for bytes that are no frame */
  read(chunk: Buffer): unknown[] {
    this.chunks.push(chunk)
    this.bytes += chunk.length
    if (this.bytes < this.neededBytes) return []
    const all = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.bytes)
    const messages: unknown[] = []
    let start = 0
    this.neededBytes = HEADER_BYTES
    while (all.length - start >= HEADER_BYTES) {
      const bodyBytes = this.bodyBytes(all, start)
      const end = start + HEADER_BYTES + bodyBytes
      if (all.length < end) {
        this.neededBytes = HEADER_BYTES + bodyBytes
        break
      }
      messages.push(decodeBody(all.readUInt32BE(start), all.subarray(start + HEADER_BYTES, end)))
      start = end
    }
    this.chunks.length = 0
    this.bytes = all.length - start
    if (this.bytes > 0) this.chunks.push(all.subarray(start))
    return messages
  }

  private bodyBytes(bytes: Buffer, start: number): number {
    if (![TEXT_MARK, VALUE_MARK].includes(bytes.readUInt32BE(start))) throw new Error('bytes that are no message')
    const bodyBytes = bytes.readUInt32BE(start + 4)
    if (bodyBytes > this.maxBytes) throw new Error(`a message of ${bodyBytes} bytes, more than ${this.maxBytes}`)
    return bodyBytes
  }
}

function decodeBody(mark: number, body: Buffer): unknown {
  if (mark === TEXT_MARK) return body.toString()
  try {
    const message: unknown = packr.unpack(body)
    return message
  } catch (error) {
    throw new Error(`a message that cannot be read (${errorMessage(error)})`, { cause: error })
  }
}

export class MessagePipe {
  private readonly reader = new FrameReader()
  private readonly events = new EventEmitter<{ message: [unknown]; end: [Error | null] }>()
  /** Parts of frames that the pipe has not accepted yet. */
  private readonly unwritten: Buffer[] = []
  private ended = false

  constructor(private readonly stream: Duplex) {
    stream.on('drain', () => this.write())
    stream.on('end', () => this.end(this.reader.inFrame ? new Error('the beginning of a message and no more') : null))
    // The other process has ended, which `NodeChild` or the end of this process reports.
    stream.on('error', () => this.end(null))
    stream.on('close', () => this.end(null))
  }

  get isOpen(): boolean {
    return !this.ended && this.stream.writable
  }

  /** Sends a message after earlier ones; it is lost if the other process ends before reading it. */
  post(message: unknown): void {
    const frame = encodeFrame(message)
    if (!this.isOpen) return
    for (let start = 0; start < frame.length; start += PART_BYTES)
      this.unwritten.push(frame.subarray(start, start + PART_BYTES))
    this.write()
  }

  onMessage(listener: (message: unknown) => void): void {
    this.events.on('message', listener)
    if (this.events.listenerCount('message') === 1) this.stream.on('data', (chunk: Buffer) => this.read(chunk))
  }

  /** Adds a listener for the end of the pipe. It receives null, or the error of a malformed message. */
  onEnd(listener: (broken: Error | null) => void): void {
    this.events.on('end', listener)
  }

  private read(chunk: Buffer): void {
    if (this.ended) return
    let messages
    try {
      messages = this.reader.read(chunk)
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)))
      this.stream.destroy()
      return
    }
    for (const message of messages) this.events.emit('message', message)
  }

  private write(): void {
    while (this.isOpen && !this.stream.writableNeedDrain) {
      const part = this.unwritten.shift()
      if (part === undefined) return
      this.stream.write(part)
    }
  }

  private end(broken: Error | null): void {
    if (this.ended) return
    this.ended = true
    this.unwritten.length = 0
    this.events.emit('end', broken)
  }
}
