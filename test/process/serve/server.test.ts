import { request } from 'node:http'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import type { Contract } from '../../../src/contract/procedures/contract'
import { CONNECTION_TIMES } from '../../../src/main/base/http-connections'
import { newKey } from '../../../src/main/serve/one-time-token'
import { isRunning, type WorkbenchServer } from '../../../src/main/serve/server'
import { OwnWorkbench } from '../../fixtures/own-workbench'
import { waitFor } from '../../fixtures/wait-for'

/** The real server, page and router; only the folders it writes to are a test's own. */

let own: OwnWorkbench
let server: WorkbenchServer
let address: URL

beforeAll(async () => {
  own = await OwnWorkbench.open()
  server = await own.serve()
  address = new URL(server.newUrl())
})

afterAll(() => own.close())

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** Not fetch: it normalises paths and refuses to set Host. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: address.hostname, port: address.port, path, headers, method }
    const sent = request(options, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.on('error', reject).end()
  })
}

/** A session that a new address was exchanged for: its cookie, and the path that its page lies at. */
async function signIn(headers: Record<string, string> = {}): Promise<{ Cookie: string; home: string }> {
  const answer = await get(`/${new URL(server.newUrl()).search}`, headers)
  const home = String(answer.headers['location']).replace(/\/$/, '')
  return { Cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '', home }
}

/** The status of a refused upgrade, or 101. */
async function upgradeStatus(path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`ws://${address.host}${path}`, { headers })
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.close()
      resolve(101)
    })
    socket.on('unexpected-response', (_request, response) => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    socket.on('error', reject)
  })
}

async function openSocket(session?: { Cookie: string; home: string }): Promise<WebSocket> {
  const { Cookie, home } = session ?? (await signIn())
  const headers = { Cookie, Origin: address.origin }
  const socket = new WebSocket(`ws://${address.host}${home}/rpc`, { headers })
  await once(socket, 'open')
  return socket
}

describe('a new address', () => {
  it('is on loopback and carries a token that proves 256 bits', () => {
    expect(address.hostname).toBe('127.0.0.1')
    expect(Buffer.from(address.searchParams.get('token') ?? '', 'base64url')).toHaveLength(48)
    expect(server.newUrl()).not.toBe(server.newUrl())
  })

  it('is exchanged for a separate cookie, out of reach of scripts and of other ports', async () => {
    const { search } = new URL(server.newUrl())
    const { status, headers } = await get(`/${search}`)
    expect(status).toBe(303)
    expect(headers['location']).toMatch(/^\/[\w-]{22}\/$/)
    const [, secret, path] =
      new RegExp(`^slr-${address.port}=([\\w-]{43}); HttpOnly; SameSite=Strict; Path=(.*)$`).exec(
        String(headers['set-cookie'])
      ) ?? []
    expect(path).toBe(headers['location'])
    expect(search).not.toContain(secret)
  })

  it('lets in one browser: to the next it gives nothing, and the first it leads home again', async () => {
    const { search } = new URL(server.newUrl())
    const first = await get(`/${search}`)
    const second = await get(`/${search}`)
    expect(second).toMatchObject({ status: 303, headers: { location: first.headers['location'] } })
    expect(second.headers['set-cookie']).toBeUndefined()
    const home = String(first.headers['location'])
    const refusal = (text: string) => ({ status: 401, body: expect.stringContaining(text) })
    expect(await get(home)).toMatchObject(refusal('has not been let in'))
    // Without a session's path nothing tells which browser asks.
    expect(await get('/')).toMatchObject(refusal('This address is incomplete'))
    const Cookie = String(first.headers['set-cookie']).split(';')[0] ?? ''
    expect(await get(home, { Cookie })).toMatchObject({ status: 200 })
  })

  it('is not spent by a HEAD request', async () => {
    const { search } = new URL(server.newUrl())
    expect(await get(`/${search}`, {}, 'HEAD')).toMatchObject({ status: 405 })
    expect((await get(`/${search}`)).headers['set-cookie']).toBeDefined()
  })

  it('shows the page, which may run nothing but its own scripts', async () => {
    const { Cookie, home } = await signIn()
    const { status, headers, body } = await get(`${home}/`, { Cookie })
    expect(status).toBe(200)
    expect(body).toContain('<title>SLR Workbench</title>')
    expect(headers).toMatchObject({
      ...{ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
      ...{ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' },
      ...{ 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin' }
    })
    expect(headers['content-security-policy']).toMatch(/^default-src 'none';/)
    expect(headers['content-security-policy']).not.toContain('unsafe')
  })

  it('works through an SSH tunnel from another port, with a separate cookie', async () => {
    const headers = { Host: 'localhost:9999' }
    const { Cookie, home } = await signIn(headers)
    expect(Cookie).toMatch(/^slr-9999=/)
    expect(await get(`${home}/`, { ...headers, Cookie })).toMatchObject({ status: 200 })
  })
})

describe('a request that is refused', () => {
  it.each([
    ['no token', '/'],
    ['a wrong token', '/?token=AAAA'],
    ['no token for a file', '/index.html']
  ])('has %s: it is told to open the printed address, on a page without scripts', async (_what, path) => {
    const { status, headers, body } = await get(path)
    expect(status).toBe(401)
    expect(headers['set-cookie']).toBeUndefined()
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^ ]+';/)
    expect(body).toContain('<p>Open the address that SLR Workbench printed in the terminal.</p>')
    expect(body).not.toContain('<script')
  })

  it("has the cookie of one session at another's path", async () => {
    const [one, other] = [await signIn(), await signIn()]
    expect(await get(`${one.home}/`, { Cookie: other.Cookie })).toMatchObject({ status: 401 })
  })

  const HOSTS = ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '192.168.0.1', 'localhost@evil.example']
  it.each(HOSTS)('names the host %s, as a rebound name would', async (host) => {
    const { Cookie, home } = await signIn()
    expect(await get(`${home}/`, { Host: host, Cookie })).toMatchObject({ status: 403 })
    expect(await get(`/${address.search}`, { Host: host })).toMatchObject({ status: 403 })
    expect(await get(`/running?nonce=${'A'.repeat(22)}`, { Host: host })).toMatchObject({ status: 403 })
  })

  it.each([
    ['/../package.json', 401],
    ['/../../package.json', 401],
    ['/%2e%2e/%2e%2e/package.json', 401],
    ['/..%2f..%2fpackage.json', 404],
    ['/assets/..%5c..%5cpackage.json', 404],
    ['//etc/passwd', 404],
    ['/index.html%00', 404],
    ['/%', 404]
  ])('asks for a file outside the page: %s', async (path, status) => {
    const { Cookie, home } = await signIn()
    expect(await get(`${home}${path}`, { Cookie })).toMatchObject({ status })
  })

  it('is one to a proxy', async () => {
    const { Cookie } = await signIn()
    expect(await get('http://127.0.0.1/../main/cli.js', { Cookie })).toMatchObject({ status: 401 })
  })

  it.each(['cross-site', 'same-site', 'none'])('is for a part of a page that is %s', async (site) => {
    const { Cookie, home } = await signIn()
    const elsewhere = { Cookie, 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors' }
    expect(await get(`${home}/`, elsewhere)).toMatchObject({ status: 403 })
    for (const change of [{ 'Sec-Fetch-Mode': 'navigate' }, { 'Sec-Fetch-Site': 'same-origin' }])
      expect(await get(`${home}/`, { ...elsewhere, ...change })).toMatchObject({ status: 200 })
    const socket = { Cookie, Origin: address.origin, 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'websocket' }
    expect(await upgradeStatus(`${home}/rpc`, socket)).toBe(403)
  })

  it('uses another method than GET', async () => {
    const { Cookie, home } = await signIn()
    expect(await get(`${home}/`, { Cookie }, 'POST')).toMatchObject({ status: 405 })
  })

  it('opens a WebSocket without the cookie, with a foreign Host or Origin, or elsewhere', async () => {
    const { Cookie, home } = await signIn()
    const origins: Record<string, string>[] = [{ Origin: 'http://evil.example' }, { Origin: 'http://127.0.0.1:1' }, {}]
    for (const headers of origins) expect(await upgradeStatus(`${home}/rpc`, { Cookie, ...headers })).toBe(403)
    expect(await upgradeStatus(`${home}/rpc`, { Origin: address.origin })).toBe(401)
    const foreign = { Cookie, Host: 'evil.example', Origin: 'http://evil.example' }
    expect(await upgradeStatus(`${home}/rpc`, foreign)).toBe(403)
    expect(await upgradeStatus('/rpc', { Cookie, Origin: address.origin })).toBe(401)
    expect(await upgradeStatus(`${home}/other`, { Cookie, Origin: address.origin })).toBe(404)
    expect(await upgradeStatus(`${home}/rpc`, { Cookie, Origin: address.origin })).toBe(101)
  })
})

describe('connections that say nothing', () => {
  it('are waited for ten seconds', () => {
    expect(CONNECTION_TIMES).toMatchObject({ silent: 10_000, headersTimeout: 10_000, requestTimeout: 15_000 })
  })

  it('are few, however many are opened, and end after a while; every request is answered', async () => {
    const patient = { server, address }
    const soonMs = { silent: 1_000, headersTimeout: 1_000, connectionsCheckingInterval: 100 }
    server = await own.serve({ times: { ...CONNECTION_TIMES, ...soonMs } })
    address = new URL(server.newUrl())
    onTestFinished(() => {
      ;({ server, address } = patient)
    })
    const { Cookie, home } = await signIn()
    const client = await openSocket()
    const silent = Array.from({ length: 200 }, () => connect(Number(address.port), address.hostname))
    const ended = silent.map(async (socket, index) => {
      socket.on('error', () => undefined)
      socket.resume()
      // Every other one begins a request and never ends it.
      if (index % 2 === 0) socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n')
      await once(socket, 'close')
      return index
    })
    const soon = 136
    await Promise.all(ended.slice(0, soon))
    expect(silent.filter((socket) => !socket.destroyed).length).toBeLessThanOrEqual(64)
    expect(await get(`${home}/`, { Cookie })).toMatchObject({ status: 200 })
    await Promise.all(ended)
    expect(client.readyState).toBe(WebSocket.OPEN)
    client.close()
  })
})

describe('the line to main', () => {
  it('answers the contract, and explains a refused input', async () => {
    const socket = await openSocket()
    const client: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ websocket: socket }))
    expect(await client.app.info()).toMatchObject({ entry: 'browser', initialProject: null })
    for (const [path, code, text] of [
      [join(own.folder, 'nothing.slr'), 'not-found', 'nothing.slr'],
      ['', 'bad-input', 'path']
    ] as const) {
      const data = { code, message: expect.stringContaining(text) }
      await expect(client.projects.open({ path })).rejects.toMatchObject({ code: 'WORKBENCH', data })
    }
    socket.close()
  })

  it.each([
    ['text that is no JSON', 'hello', 1003],
    ['JSON that is no message', '[1]', 1003],
    ['a message that nests too deep', `{"i": "1", "p": ${'['.repeat(200)}${']'.repeat(200)}}`, 1003],
    ['bytes', Buffer.from([0, 255, 1]), 1003],
    ['more than a message may hold', Buffer.alloc(64 * 2 ** 20 + 1), 1009]
  ])('is cut when it carries %s, and the program goes on', async (_what, message, code) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const socket = await openSocket()
    socket.send(message)
    const [closeCode] = await once(socket, 'close')
    expect(closeCode).toBe(code)
    log.mockRestore()
    const { Cookie, home } = await signIn()
    expect(await get(`${home}/`, { Cookie })).toMatchObject({ status: 200 })
  })

  it('survives a message that only looks like one of the protocol', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const socket = await openSocket()
    const form = { u: '/app/info', h: { 'content-type': 'multipart/form-data' } }
    for (const message of [{ i: '1' }, { i: '2', p: {} }, { i: '3', p: form }]) socket.send(JSON.stringify(message))
    const client: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ websocket: socket }))
    expect(await client.app.info()).toMatchObject({ entry: 'browser' })
    socket.close()
    log.mockRestore()
  })

  it('outlives a connection that speaks no HTTP', async () => {
    const raw = connect(Number(address.port), address.hostname)
    raw.write('\u0000nonsense\r\n\r\n')
    raw.resume()
    await once(raw, 'close')
    const { Cookie, home } = await signIn()
    expect(await get(`${home}/`, { Cookie })).toMatchObject({ status: 200 })
  })
})

describe('the port', () => {
  it('is refused in words when another program has it', async () => {
    await expect(own.serve({ port: Number(address.port) })).rejects.toMatchObject({
      problem: { code: 'bad-input', message: expect.stringContaining(address.port) }
    })
  })
})

describe('a server of the last time', () => {
  it.each([
    ['answers nothing', () => undefined, 100],
    ['closes every connection', (socket: Socket) => socket.destroy(), undefined],
    ['answers something else', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'), undefined]
  ])('is not taken to run when another program has its port and %s', async (_, answer, limitMs) => {
    const other = createServer(answer).listen(0, address.hostname)
    await once(other, 'listening')
    const { port } = z.object({ port: z.number() }).parse(other.address())
    expect(await isRunning({ port, key: newKey() }, limitMs)).toBe(false)
    other.close()
  })
})

describe('the windows', () => {
  it('are bounded in number, and the next is refused with the reason', async () => {
    const session = await signIn()
    const open = await Promise.all(Array.from({ length: 32 }, () => openSocket(session)))
    const headers = { Cookie: session.Cookie, Origin: address.origin }
    expect(await upgradeStatus(`${session.home}/rpc`, headers)).toBe(503)
    const closed = open.map((socket) => once(socket, 'close'))
    for (const socket of open) socket.close()
    await Promise.all(closed)
    await waitFor(async () => expect(await upgradeStatus(`${session.home}/rpc`, headers)).toBe(101))
  })
})

describe('wrong tokens', () => {
  it('are looked at so often in a minute, and who is in stays in', async () => {
    const session = await signIn()
    const statuses = new Set<number>()
    for (let tries = 0; tries < 70; tries++) statuses.add((await get('/?token=AAAA')).status)
    expect([...statuses]).toEqual([401, 429])
    expect(await get(`/${new URL(server.newUrl()).search}`)).toMatchObject({ status: 429 })
    expect(await get(`${session.home}/`, { Cookie: session.Cookie })).toMatchObject({ status: 200 })
  })
})
