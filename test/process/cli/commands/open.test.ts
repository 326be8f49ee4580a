import { once } from 'node:events'
import { createServer } from 'node:net'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { type CliProcess, exitStatus, runCli, startCli, waitForOutput } from '../../../fixtures/cli'
import { runHere } from '../../../fixtures/command-line'

const Announced = z.strictObject({ kind: z.literal('address'), schemaVersion: z.literal(1), url: z.url() })

/** Nothing a test opens may end up in the user's own folders. */
async function ownFolders(): Promise<Record<string, string>> {
  const folder = await temporaryFolder()
  return { SLR_PROJECTS_DIR: join(folder, 'projects'), SLR_CONFIG_DIR: join(folder, 'config') }
}

describe('slr open --serve', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('prints the address with its token, answers there, and ends on Ctrl-C', async () => {
    const child = startCli(['open', '--serve', '--demo', '--json'], await ownFolders())
    const ended = exitStatus(child)
    const { url } = Announced.parse(JSON.parse(await waitForOutput(child.stdout, /\}\n/)))
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{64}$/)
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(303)
    expect((await fetch(new URL('/', url), { redirect: 'manual' })).status).toBe(401)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    await expect(fetch(url)).rejects.toThrow()
  })

  it('advises where to look for pairs', async () => {
    const child = startCli(['open', '--serve'], await ownFolders())
    const ended = exitStatus(child)
    const said = await waitForOutput(child.stdout, /stop/)
    expect(said).toMatch(
      /^SLR Workbench: http:\/\/127\.0\.0\.1:\d+\/\?token=\S+\nThe address is for one browser\. .*\nPress Ctrl-C to stop\.\n$/
    )
    child.kill('SIGTERM')
    expect(await ended).toBe(143)
  })

  it('refuses a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = z.object({ port: z.number() }).parse(other.address())
    const { status, stdout, stderr } = await runCli(
      ['open', '--serve', '--port', String(port)],
      await ownFolders()
    )
    other.close()
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(`slr: Port ${port} is in use by another program.\nChoose another port`)
  })

  it.each([['open', '--serve'], ['open']])('refuses to %s what is no project', async (...command) => {
    const folder = await temporaryFolder()
    for (const [name, value] of Object.entries(await ownFolders())) vi.stubEnv(name, value)
    const { status, stdout, stderr } = await runHere([...command, folder])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(`slr: ${folder} is not a project.`)
  })
})

/** Starts `slr open --serve`, enters, and tells how; the program is the caller's to stop. */
async function startAndEnter(
  env: Record<string, string>,
  args: readonly string[] = []
): Promise<{ child: CliProcess; url: string; cookie: string; home: URL }> {
  const child = startCli(['open', '--serve', '--demo', '--json', ...args], env)
  const { url } = Announced.parse(JSON.parse(await waitForOutput(child.stdout, /\}\n/)))
  const { headers } = await fetch(url, { redirect: 'manual' })
  const cookie = headers.get('set-cookie')?.split(';')[0] ?? ''
  return { child, url, cookie, home: new URL(headers.get('location') ?? '', url) }
}

async function stop(child: CliProcess): Promise<void> {
  const ended = exitStatus(child)
  child.kill('SIGINT')
  await ended
}

const statusOf = async (home: URL, cookie: string): Promise<number> =>
  (await fetch(home, { headers: { cookie } })).status

describe('slr open --serve, once more', () => {
  it('while it runs: prints an address for one more browser and ends', async () => {
    const env = await ownFolders()
    const first = await startAndEnter(env)
    const { status, stdout } = await runCli(['open', '--serve', '--demo'], env)
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^SLR Workbench: http:\S+\nIt is already running\. This address is for one more browser\.\n$/
    )
    const another = /http:\S+/.exec(stdout)?.[0] ?? ''
    expect(new URL(another).host).toBe(new URL(first.url).host)
    expect(another).not.toBe(first.url)
    const entered = await fetch(another, { redirect: 'manual' })
    expect(entered.headers.get('set-cookie')).toBeTruthy()
    await stop(first.child)
  })

  it('after it ended: keeps its address for admitted browsers, and for no others', async () => {
    const env = await ownFolders()
    const first = await startAndEnter(env)
    await stop(first.child)
    const again = await startAndEnter(env)
    expect(await statusOf(first.home, first.cookie)).toBe(200)
    expect(await statusOf(again.home, first.cookie)).toBe(401)
    expect((await fetch(first.url, { redirect: 'manual' })).status, 'a token of the first start').toBe(401)
    await stop(again.child)
  })

  it('after it ended, with its port taken: takes another and says so', async () => {
    const env = await ownFolders()
    const first = await startAndEnter(env)
    await stop(first.child)
    const port = Number(new URL(first.url).port)
    const other = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
    await once(other, 'listening')
    const child = startCli(['open', '--serve', '--demo'], env)
    const [said, remarks] = await Promise.all([
      waitForOutput(child.stdout, /stop/),
      waitForOutput(child.stderr, '\n')
    ])
    expect(said).not.toContain(`:${port}/`)
    expect(remarks).toBe(
      `Port ${port} of the last time is taken: pages that are still open there do not go on.\n`
    )
    await stop(child)
    other.close()
  })

  it.skipIf(process.platform === 'win32')('keeps what it remembers from others', async () => {
    const env = await ownFolders()
    const { child, cookie } = await startAndEnter(env)
    const folder = join(env['SLR_CONFIG_DIR'] ?? '', 'servers')
    const [name = ''] = await readdir(folder)
    const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777
    expect([await mode(folder), await mode(join(folder, name))]).toEqual([0o700, 0o600])
    const secret = cookie.split('=')[1] ?? 'none'
    expect(await readFile(join(folder, name), 'utf8')).not.toContain(secret)
    await stop(child)
  })
})

describe('slr open', () => {
  // Elsewhere a display is taken for granted, and the desktop window would open.
  it.skipIf(process.platform !== 'linux')(
    'uses the browser where there is no display, and says so',
    async () => {
      const child = startCli(['open', '--demo'], {
        ...(await ownFolders()),
        DISPLAY: '',
        WAYLAND_DISPLAY: ''
      })
      const ended = exitStatus(child)
      const [address, remarks] = await Promise.all([
        waitForOutput(child.stdout, /stop/),
        waitForOutput(child.stderr, /\n/)
      ])
      expect(address).toMatch(/^SLR Workbench: http:\/\/127\.0\.0\.1:/)
      expect(remarks).toBe('Using the browser: there is no display for a desktop window.\n')
      child.kill('SIGINT')
      expect(await ended).toBe(130)
    }
  )
})
