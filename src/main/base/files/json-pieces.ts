import { fileError, type WorkbenchError } from '../../../contract/model/problem'
import { yieldEvery20ms } from './yield-every-20ms'
import { MAX_JSON_DEPTH } from './json-depth'

export const CUT_OFF = 'it ends too early, as if it had been cut off'

// Parses JSON of up to several hundred megabytes without stopping other requests. A first scan finds the lists and
// objects that are larger than a piece. These are parsed member by member; JSON.parse parses the pieces between.

/** Bytes that JSON.parse receives at once, which takes a few milliseconds. */
const PIECE_BYTES = 2 ** 17
/** Bytes that are scanned before other requests go first. */
const SCAN_BYTES = 2 ** 20
/** Maximum size of a piece that cannot be divided, such as a string. Documents have no longer strings. */
const MAX_UNDIVIDED_BYTES = 16_000_000
/** Limits of values and containers. The largest stored sweep has ten million numbers in a million lists. */
const MAX_VALUES = 20_000_000
const MAX_CONTAINERS = 5_000_000
/** Most members of a large object. The largest are vocabularies of tokenizers, with up to about 300,000 tokens. */
const MAX_MEMBERS = 1_000_000

const [OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [0x5b, 0x7b, 0x5d, 0x7d]
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** Parses JSON of any length and limited content in pieces, so that other requests go first in between. */
export async function parseJsonBytes(bytes: Buffer, what: string, signal?: AbortSignal): Promise<unknown> {
  const start = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0
  return new PieceReader(bytes, what, signal).read(start)
}

class PieceReader {
  private readonly yieldIfDue: () => Promise<void>
  /** End of each list or object that is larger than a piece, by its start; positions are bytes, ends exclusive. */
  private readonly large = new Map<number, number>()

  constructor(
    private readonly bytes: Buffer,
    private readonly what: string,
    signal: AbortSignal | undefined
  ) {
    this.yieldIfDue = yieldEvery20ms(signal)
  }

  async read(start: number): Promise<unknown> {
    await this.findLarge(start)
    const [from, to] = this.trimmed(start, this.bytes.length)
    return this.large.get(from) === to ? this.parseLarge(from, to) : this.parsePiece('', from, to, '')
  }

  private async findLarge(start: number): Promise<void> {
    const { bytes } = this
    const open: number[] = []
    let [values, containers] = [0, 0]
    for (let at = start; at < bytes.length;) {
      await this.yieldIfDue()
      for (const end = at + SCAN_BYTES; at < Math.min(end, bytes.length); at++) {
        switch (bytes[at]) {
          case QUOTE:
            at = this.endOfText(at) - 1
            break
          case COMMA:
            values += 1
            if (values > MAX_VALUES) throw this.tooLarge(`has more than ${MAX_VALUES} values`)
            break
          case OPEN_LIST:
          case OPEN_OBJECT:
            open.push(at)
            containers += 1
            if (open.length > MAX_JSON_DEPTH) throw this.tooLarge(`nests more than ${MAX_JSON_DEPTH} deep`)
            if (containers > MAX_CONTAINERS) throw this.tooLarge(`has more than ${MAX_CONTAINERS} lists and objects`)
            break
          case CLOSE_LIST:
          case CLOSE_OBJECT: {
            const opened = open.pop()
            if (opened === undefined) throw this.notJson('a bracket is closed that was not opened')
            if (at + 1 - opened > PIECE_BYTES) this.large.set(opened, at + 1)
          }
        }
      }
    }
    if (open.length > 0) throw this.notJson(CUT_OFF)
  }

  /** Parses a list or object that is larger than a piece, including its brackets. */
  private async parseLarge(start: number, end: number): Promise<unknown> {
    const isList = this.bytes[start] === OPEN_LIST
    if (this.bytes[end - 1] !== (isList ? CLOSE_LIST : CLOSE_OBJECT)) throw this.notJson('brackets do not match')
    const list: unknown[] = []
    const object: Record<string, unknown> = {}
    let members = 0
    let from = start + 1
    for await (const { to, large } of this.divide(start + 1, end - 1)) {
      const isLast = to === end - 1
      if (large === null) {
        const [first, last] = this.trimmed(from, to)
        if (first === last && (!isLast || from > start + 1)) throw this.notJson('a value is missing')
        const part = isList ? this.parsePiece('[', from, to, ']') : this.parsePiece('{', from, to, '}')
        if (Array.isArray(part)) for (const element of part) list.push(element)
        else for (const [key, value] of Object.entries(part ?? {})) setMember(object, key, value)
        members += Array.isArray(part) ? 0 : Object.keys(part ?? {}).length
      } else if (isList) {
        this.requireAlone(from, large.start, large.end, to)
        list.push(await this.parseLarge(large.start, large.end))
      } else {
        const key = this.keyBefore(from, large.start)
        this.requireAlone(large.start, large.start, large.end, to)
        setMember(object, key, await this.parseLarge(large.start, large.end))
        members += 1
      }
      if (members > MAX_MEMBERS) throw this.tooLarge(`has an object of more than ${MAX_MEMBERS} names`)
      from = to + 1
    }
    return isList ? list : object
  }

  /**
   * Divides a large list or object at commas into parts: full pieces of small members, and single large members.
   * @returns for each part its end, and its large member; null for a piece of small members
   */
  private async *divide(
    start: number,
    end: number
  ): AsyncGenerator<{ to: number; large: { start: number; end: number } | null }> {
    let large: { start: number; end: number } | null = null
    let [partStart, memberStart, depth] = [start, start, 0]
    for (let at = start; at < end; at++) {
      const structure = this.bytes[at]
      if (structure === QUOTE) at = this.endOfText(at) - 1
      else if (structure === OPEN_LIST || structure === OPEN_OBJECT) {
        const memberEnd = this.large.get(at)
        if (memberEnd === undefined) depth += 1
        else {
          if (depth > 0 || large !== null) throw this.notJson('a comma is missing')
          if (memberStart > partStart) yield { to: memberStart - 1, large: null }
          large = { start: at, end: memberEnd }
          at = memberEnd - 1
        }
      } else if (structure === CLOSE_LIST || structure === CLOSE_OBJECT) depth -= 1
      else if (structure === COMMA && depth === 0) {
        memberStart = at + 1
        if (large === null && at - partStart < PIECE_BYTES) continue
        await this.yieldIfDue()
        yield { to: at, large }
        large = null
        partStart = at + 1
      }
    }
    yield { to: end, large }
  }

  /** Checks that a large member is the only content of its part. */
  private requireAlone(from: number, start: number, end: number, to: number): void {
    const [first, last] = this.trimmed(from, to)
    if (first !== start || last !== end) throw this.notJson('a comma is missing')
  }

  private keyBefore(from: number, to: number): string {
    const [first, last] = this.trimmed(from, to)
    const key = this.bytes[last - 1] === COLON ? this.parsePiece('', first, last - 1, '') : null
    if (typeof key !== 'string') throw this.notJson('a name is missing')
    return key
  }

  /** Parses bytes as JSON between the texts `before` and `after`, which are brackets or empty. */
  private parsePiece(before: string, from: number, to: number, after: string): unknown {
    if (to - from > MAX_UNDIVIDED_BYTES) throw this.tooLarge(`holds a text of more than ${MAX_UNDIVIDED_BYTES} bytes`)
    let text: string
    try {
      text = UTF8.decode(this.bytes.subarray(from, to))
    } catch {
      throw fileError(`${this.what} is not UTF-8 text.`)
    }
    try {
      return JSON.parse(before + text + after)
    } catch {
      throw this.notJson(`something is wrong between its bytes ${from} and ${to}`)
    }
  }

  /** Finds the position after the quote that closes the string at `start`, or the end of the text. */
  private endOfText(start: number): number {
    const { bytes } = this
    for (let at = start + 1; ;) {
      const quote = bytes.indexOf(QUOTE, at)
      if (quote === -1) return bytes.length
      let escapes = quote
      while (escapes > at && bytes[escapes - 1] === 0x5c) escapes--
      if ((quote - escapes) % 2 === 0) return quote + 1
      at = quote + 1
    }
  }

  /** Excludes surrounding white space. */
  private trimmed(from: number, to: number): [number, number] {
    let [first, last] = [from, to]
    while (first < last && isBlank(this.bytes[first])) first++
    while (last > first && isBlank(this.bytes[last - 1])) last--
    return [first, last]
  }

  private tooLarge(complaint: string): WorkbenchError {
    return fileError(`${this.what} ${complaint}.`)
  }

  private notJson(complaint: string): WorkbenchError {
    return fileError(`${this.what} is not JSON: ${complaint}.`)
  }
}

/** Preserves byte order marks inside the text. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Sets a member as JSON.parse does: `__proto__` is a name like any other. */
function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}
