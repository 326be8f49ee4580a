import { request } from 'node:http'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Contract } from '../src/contract/contract'
import { createEngineHost } from '../src/main/engine/host'
import { createWorkbench } from '../src/main/workbench/router'
import { startServer, type WorkbenchServer } from '../src/main/serve/server'

/** The real server, page and router; only the folders it writes to are a test's own. */

let folder: string
let workbench: ReturnType<typeof createWorkbench>
let server: WorkbenchServer
let address: URL

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slr-server-'))
  vi.stubEnv('SLR_CONFIG_DIR', join(folder, 'config'))
  vi.stubEnv('SLR_PROJECTS_DIR', join(folder, 'projects'))
  workbench = createWorkbench({
    engine: createEngineHost(),
    entry: 'browser',
    initial: { project: null, demo: false }
  })
  server = await startServer({ router: workbench.router })
  address = new URL(server.url)
})

afterAll(async () => {
  await server.close()
  await workbench.close()
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

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

/** The cookie that the printed address is exchanged for. */
async function signIn(headers: Record<string, string> = {}): Promise<string> {
  const answer = await get(`/${address.search}`, headers)
  return String(answer.headers['set-cookie']).split(';')[0] ?? ''
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

async function openSocket(): Promise<WebSocket> {
  const headers = { Cookie: await signIn(), Origin: address.origin }
  const socket = new WebSocket(`ws://${address.host}/rpc`, { headers })
  await once(socket, 'open')
  return socket
}

describe('the printed address', () => {
  it('is on loopback and carries a token of 256 bits', () => {
    expect(address.hostname).toBe('127.0.0.1')
    expect(Buffer.from(address.searchParams.get('token') ?? '', 'base64url')).toHaveLength(32)
  })

  it('is exchanged for a cookie out of reach of scripts, and leaves the address bar', async () => {
    const { status, headers } = await get(`/${address.search}`)
    expect(status).toBe(303)
    expect(headers['location']).toBe('/')
    expect(String(headers['set-cookie'])).toMatch(
      new RegExp(`^slr-${address.port}=[^;]+; HttpOnly; SameSite=Strict; Path=/$`)
    )
  })

  it('shows the page, which may run nothing but its own scripts', async () => {
    const { status, headers, body } = await get('/', { Cookie: await signIn() })
    expect(status).toBe(200)
    expect(body).toContain('<title>SLR Workbench</title>')
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-store')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(headers['content-security-policy']).toMatch(/^default-src 'none';/)
    expect(headers['content-security-policy']).not.toContain('unsafe')
  })

  it('works through an SSH tunnel from another port, with a cookie of its own', async () => {
    const headers = { Host: 'localhost:9999' }
    const cookie = await signIn(headers)
    expect(cookie).toMatch(/^slr-9999=/)
    expect(await get('/', { ...headers, Cookie: cookie })).toMatchObject({ status: 200 })
  })
})

describe('a request that is refused', () => {
  it.each([
    ['no token', '/'],
    ['a wrong token', '/?token=AAAA'],
    ['no token for a file', '/index.html']
  ])('has %s: it is told to open the printed address', async (_what, path) => {
    const { status, headers, body } = await get(path)
    expect(status).toBe(401)
    expect(headers['set-cookie']).toBeUndefined()
    expect(body).toBe('Open the address that SLR Workbench printed in the terminal.\n')
  })

  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    '192.168.0.1',
    'localhost@evil.example'
  ])('names the host %s, as a rebound name would', async (host) => {
    expect(await get('/', { Host: host, Cookie: await signIn() })).toMatchObject({ status: 403 })
    expect(await get(`/${address.search}`, { Host: host })).toMatchObject({ status: 403 })
  })

  it.each([
    '/../package.json',
    '/../../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fpackage.json',
    '/assets/..%5c..%5cpackage.json',
    '//etc/passwd',
    '/index.html%00',
    '/%',
    'http://127.0.0.1/../main/cli.js'
  ])('asks for a file outside the page: %s', async (path) => {
    expect(await get(path, { Cookie: await signIn() })).toMatchObject({ status: 404 })
  })

  it('uses another method than GET', async () => {
    expect(await get('/', { Cookie: await signIn() }, 'POST')).toMatchObject({ status: 405 })
  })

  it.each([
    ['a wrong Origin', { Origin: 'http://evil.example' }, 403],
    ['the Origin of another port', { Origin: 'http://127.0.0.1:1' }, 403],
    ['no Origin', {}, 403]
  ])('opens a WebSocket with %s', async (_what, headers, status) => {
    expect(await upgradeStatus('/rpc', { Cookie: await signIn(), ...headers })).toBe(status)
  })

  it('opens a WebSocket without the cookie, with a foreign Host, or elsewhere', async () => {
    const Cookie = await signIn()
    expect(await upgradeStatus('/rpc', { Origin: address.origin })).toBe(401)
    const foreign = { Cookie, Host: 'evil.example', Origin: 'http://evil.example' }
    expect(await upgradeStatus('/rpc', foreign)).toBe(403)
    expect(await upgradeStatus('/other', { Cookie, Origin: address.origin })).toBe(404)
    expect(await upgradeStatus('/rpc', { Cookie, Origin: address.origin })).toBe(101)
  })
})

describe('the line to main', () => {
  it('answers the contract, and says what was wrong with a refused input', async () => {
    const socket = await openSocket()
    const client: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ websocket: socket }))
    expect(await client.app.info()).toMatchObject({ entry: 'browser', initialProject: null })
    await expect(client.projects.open({ path: join(folder, 'nothing.slr') })).rejects.toMatchObject({
      code: 'WORKBENCH',
      data: { code: 'not-found', message: expect.stringContaining('nothing.slr') }
    })
    await expect(client.projects.open({ path: '' })).rejects.toMatchObject({
      code: 'WORKBENCH',
      data: { code: 'bad-input', message: expect.stringContaining('path') }
    })
    socket.close()
  })

  it.each([
    ['text that is no JSON', 'hello', 1003],
    ['JSON that is no message', '[1]', 1003],
    ['bytes', Buffer.from([0, 255, 1]), 1003],
    ['more than a message may hold', Buffer.alloc(64 * 2 ** 20 + 1), 1009]
  ])('is cut when it carries %s, and the program goes on', async (_what, message, code) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const socket = await openSocket()
    socket.send(message)
    const [closeCode] = await once(socket, 'close')
    expect(closeCode).toBe(code)
    log.mockRestore()
    expect(await get('/', { Cookie: await signIn() })).toMatchObject({ status: 200 })
  })

  it('survives a message that only looks like one of the protocol', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const socket = await openSocket()
    for (const message of [
      { i: '1' },
      { i: '2', p: {} },
      { i: '3', p: { u: '/app/info', h: { 'content-type': 'multipart/form-data' } } }
    ]) {
      socket.send(JSON.stringify(message))
    }
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
    expect(await get('/', { Cookie: await signIn() })).toMatchObject({ status: 200 })
  })
})

describe('the port', () => {
  it('is refused in words when another program has it', async () => {
    await expect(startServer({ router: workbench.router, port: Number(address.port) })).rejects.toMatchObject(
      { problem: { code: 'bad-input', message: expect.stringContaining(address.port) } }
    )
  })
})
