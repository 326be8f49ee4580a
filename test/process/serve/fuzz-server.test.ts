import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { elementAt } from '../../../src/contract/model/look-up'
import type { WorkbenchServer } from '../../../src/main/serve/server'
import { Chance, FUZZ_TIMES } from '../../fixtures/mutations'
import { OwnWorkbench } from '../../fixtures/own-workbench'
import { noEngine } from '../../fixtures/scripted-engine'

/*
 * Writes random bytes from one seed to the port, as anybody on this machine may, and to the connection of a session.
 * In every case, the page is shown to nobody who has not been let in, and the server goes on.
 */

let own: OwnWorkbench
let server: WorkbenchServer
let session: { home: string; cookie: string }

beforeAll(async () => {
  own = await OwnWorkbench.open(noEngine)
  server = await own.serve()
  const { headers } = await fetch(server.newUrl(), { redirect: 'manual' })
  session = {
    home: String(headers.get('location')),
    cookie: String(headers.get('set-cookie')).split(';')[0] ?? ''
  }
})

afterAll(() => own.close())

/**
 * Sends each of some to the server as it is, over a connection of its own. What is not whole by then would be waited for: it ends when
 * a request that came later has been answered.
 *
 * @returns all that came back to each
 */
async function exchange(all: readonly (readonly (string | Buffer)[])[]): Promise<string[]> {
  const open = all.map((parts) => {
    const socket = connect(server.port, '127.0.0.1')
    let said = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (said += chunk))
    socket.on('error', () => undefined)
    const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(said)))
    const written = new Promise<void>((resolve) => {
      socket.on('close', () => resolve())
      socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))), () => resolve())
    })
    return { socket, closed, written }
  })
  await Promise.all(open.map(({ written }) => written))
  for (let later = 0; later < 2; later++) expect(await answers()).toBe(true)
  for (const { socket } of open) socket.end()
  return Promise.all(open.map(({ closed }) => closed))
}

const answers = async (): Promise<boolean> =>
  (
    await fetch(`http://127.0.0.1:${server.port}${session.home}`, {
      headers: { cookie: session.cookie, connection: 'close' }
    })
  ).status === 200

const host = (): string => `127.0.0.1:${server.port}`

/** A request with some of its parts replaced by what no browser sends. */
function request(chance: Chance, letIn: boolean): string {
  const mostly = (usual: string, odd: readonly string[]): string => (chance.below(4) > 0 ? usual : chance.of(odd))
  const now = (times: number, ...lines: string[]): string[] => (chance.below(times) === 0 ? lines : [])
  const { home, cookie } = session
  const lines = [
    `${mostly('GET', ['HEAD', 'POST', 'TRACE', 'CONNECT', 'OPTIONS', 'x'.repeat(50), 'G\0T', ''])} ${mostly(home, [
      ...['/', `${home}rpc`, `${home}../..//etc/passwd`, `${home}%2e%2e/%00`, `http://${host()}${home}`, '*'],
      ...[`//evil.example${home}`, `/?token=${'A'.repeat(chance.below(3_000))}`, `/${'a'.repeat(20_000)}`, '/\u00ff']
    ])} HTTP/${mostly('1.1', ['1.0', '2.0', '9', ''])}`,
    `Host: ${mostly(host(), ['evil.example', `127.0.0.1.evil.example:${server.port}`, '', '127.0.0.1:99999', '[::1]', '\t'])}`,
    `Cookie: ${letIn ? cookie : `${cookie.slice(0, -1)}${chance.of(['', '!', 'é'])}`}`,
    ...now(3, `Sec-Fetch-Site: ${mostly('same-origin', ['same-site', 'cross-site', 'none', ''])}`),
    ...now(4, `Origin: ${mostly(`http://${host()}`, ['http://evil.example', 'null', ''])}`),
    ...now(
      6,
      ...['Connection: Upgrade', `Upgrade: ${mostly('websocket', ['h2c', 'websocket, websocket'])}`],
      `Sec-WebSocket-Version: ${mostly('13', ['8', 'x'])}`,
      `Sec-WebSocket-Key: ${mostly('dGhlIHNhbXBsZSBub25jZQ==', ['x', ''])}`
    ),
    ...(chance.below(12) > 0 ? ['Connection: close'] : []),
    ...now(6, `Content-Length: ${chance.of(['0', '5', '-1', '99999999999', '5, 5'])}`),
    ...now(9, 'Transfer-Encoding: chunked', 'Content-Length: 4'),
    ...now(9, `X: ${'y'.repeat(chance.below(40_000))}`),
    ...now(15, ...Array.from({ length: 3_000 }, (_, i) => `X-${i}: 1`))
  ]
  const text = `${lines.join(mostly('\r\n', ['\n']))}\r\n\r\n`
  return chance.below(4) === 0 ? chance.text(text) : text
}

const LIMIT_MS = 30_000 + 20_000 * FUZZ_TIMES
/** Text that only the page has. */
const PAGE = '<div id="app"'

test('requests of strangers get no part of the page', { timeout: LIMIT_MS }, async () => {
  expect(
    await (
      await fetch(`http://${host()}${session.home}`, {
        headers: { cookie: session.cookie, connection: 'close' }
      })
    ).text()
  ).toContain(PAGE)
  const chance = new Chance(5)
  for (let round = 0; round < 4 * FUZZ_TIMES; round++) {
    const sent = Array.from({ length: 16 }, () => request(chance, false))
    const said = await exchange(sent.map((text) => [text]))
    for (const [i, answer] of said.entries()) {
      expect(answer, JSON.stringify(sent[i]).slice(0, 500)).not.toContain(PAGE)
      expect(answer).not.toMatch(/^HTTP\/1\.1 (?:101|5\d\d)/)
    }
  }
})

/** Headers that no browser sends with a request of the page. */
const FOREIGN = /^(?:Host: (?!127\.0\.0\.1:|localhost:|\[::1\])|Sec-Fetch-Site: (?:same-site|cross-site|none)\r)/m

test('requests of a session are answered or refused by their form', { timeout: LIMIT_MS }, async () => {
  const chance = new Chance(6)
  const seen = { answered: 0, shown: 0 }
  for (let round = 0; round < 3 * FUZZ_TIMES; round++) {
    const sent = Array.from({ length: 16 }, () => request(chance, true))
    const said = await exchange(sent.map((text) => [text]))
    for (const [i, answer] of said.entries()) {
      const text = elementAt(sent, i, 'request')
      expect(answer).not.toMatch(/^HTTP\/1\.1 5\d\d/)
      if (FOREIGN.test(text)) expect(answer, JSON.stringify(text).slice(0, 500)).not.toContain(PAGE)
      if (answer.startsWith('HTTP/1.1 ')) seen.answered += 1
      if (answer.includes(PAGE)) seen.shown += 1
    }
  }
  expect(seen.answered).toBeGreaterThan(15 * FUZZ_TIMES)
  expect(seen.shown).toBeGreaterThan(0)
})

/** A frame as RFC 6455 has it, or nearly. */
function frame(chance: Chance): Buffer {
  const payload = Buffer.from(
    chance.of([
      '',
      '{"i":"1"}',
      chance.text('{"i":"1","p":{"u":"/app/info"}}'),
      '\xff\xfe',
      'x'.repeat(chance.below(70_000)),
      `{"i":"${'['.repeat(500)}"}`,
      '['.repeat(5_000),
      `{"i":"2","p":{"u":"/projects/open","b":{"json":{"path":"/"}}}}`
    ]),
    'latin1'
  )
  const first = chance.of([0x81, 0x81, 0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8a, 0x83, 0xf1, 0x0f])
  const masked = chance.below(6) === 0 ? 0 : 0x80
  const claimed = chance.of([payload.length, payload.length, payload.length, 2 ** 30, 2 ** 52])
  const length =
    claimed < 126
      ? Buffer.from([masked | claimed])
      : claimed < 65_536
        ? Buffer.from([masked | 126, claimed >> 8, claimed & 0xff])
        : Buffer.concat([Buffer.from([masked | 127]), bigEndian(claimed)])
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from([first]), length, masked === 0 ? Buffer.alloc(0) : Buffer.alloc(4), payload])
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

test('what a session sends instead of messages ends its line, and no other', { timeout: LIMIT_MS }, async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const chance = new Chance(7)
  const upgrade = `GET ${session.home}rpc HTTP/1.1\r\nHost: ${host()}\r\nOrigin: http://${host()}\r\nCookie: ${session.cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
  for (let round = 0; round < 3 * FUZZ_TIMES; round++) {
    const lines = Array.from({ length: 12 }, () => [
      upgrade,
      ...Array.from({ length: 1 + chance.below(5) }, () => frame(chance))
    ])
    for (const answer of await exchange(lines)) expect(answer).toMatch(/^HTTP\/1\.1 101/)
  }
  expect(await own.client().app.recent()).toEqual([])
  logged.mockRestore()
})

test('slow bodies and heads delay no other request', { timeout: LIMIT_MS }, async () => {
  const slow = Array.from({ length: 80 }, () => {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(`POST ${session.home} HTTP/1.1\r\nHost: ${host()}\r\nContent-Length: 1000000\r\n`)
    return socket
  })
  expect(await answers()).toBe(true)
  for (const socket of slow) socket.destroy()
})
