import { once } from 'node:events'
import { createServer } from 'node:net'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { type CliProcess, exitStatus, runCli, startCli, waitForOutput } from '../../../fixtures/cli'
import { runHere } from '../../../fixtures/command-line'

const Announced = z.strictObject({ kind: z.literal('address'), schemaVersion: z.literal(1), url: z.url() })
type Environment = Record<string, string>

/** Returns folders of the test, so that nothing is written to those of the user. */
async function testFolders(): Promise<Environment> {
  const folder = await temporaryFolder()
  return { SLR_PROJECTS_DIR: join(folder, 'projects'), SLR_CONFIG_DIR: join(folder, 'config') }
}

/** Starts the built program, which ends with the test. */
function start(args: readonly string[], env: Environment): CliProcess {
  const program = startCli(args, env)
  onTestFinished(() => void program.kill('SIGKILL'))
  return program
}

async function stop(program: CliProcess, signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
  const ended = exitStatus(program)
  program.kill(signal)
  return ended
}

const addressIn = (output: string): string => /http:\S+/.exec(output)?.[0] ?? ''

/** Exchanges an address for a session. */
async function enter(url: string): Promise<{ cookie: string; home: URL }> {
  const { headers } = await fetch(url, { redirect: 'manual' })
  const cookie = headers.get('set-cookie')?.split(';')[0] ?? ''
  return { cookie, home: new URL(headers.get('location') ?? '', url) }
}

/** Starts `slr open --serve`, and enters. */
async function startAndEnter(env: Environment) {
  const program = start(['open', '--serve', '--demo', '--json'], env)
  const { url } = Announced.parse(JSON.parse(await waitForOutput(program.stdout, /\}\n/)))
  return { program, url, ...(await enter(url)) }
}

const pageOf = ({ home, cookie }: { home: URL; cookie: string }): Promise<Response> =>
  fetch(home, { headers: { cookie } })

describe('slr open', () => {
  // Elsewhere a display is taken for granted, and the desktop window would open.
  it.skipIf(process.platform !== 'linux')(
    'uses the browser where there is no display, says so, answers at its address only, and ends on Ctrl-C',
    async () => {
      const env = { ...(await testFolders()), DISPLAY: '', WAYLAND_DISPLAY: '' }
      const program = start(['open', '--demo'], env)
      const [said, remarks] = await Promise.all([
        waitForOutput(program.stdout, /stop/),
        waitForOutput(program.stderr, '\n')
      ])
      expect(remarks).toBe('Using the browser: there is no display for a desktop window.\n')
      expect(said).toMatch(
        /^SLR Workbench: http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{64}\nThe address is for one browser\. .*\nPress Ctrl-C to stop\.\n$/
      )
      const address = addressIn(said)
      expect((await fetch(new URL('/', address), { redirect: 'manual' })).status).toBe(401)
      expect(await (await pageOf(await enter(address))).text()).toContain('<title>SLR Workbench</title>')
      expect(await stop(program)).toBe(130)
      await expect(fetch(address)).rejects.toThrow('fetch failed')
    }
  )

  it.each([['open', '--serve'], ['open']])('refuses to %s what is no project', async (...command) => {
    const folder = await temporaryFolder()
    for (const [name, value] of Object.entries(await testFolders())) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    const { status, stdout, stderr } = await runHere([...command, folder])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(`slr: ${folder} is not a project.`)
  })
})

it('slr open --serve keeps its address for admitted browsers over starts, until its port is taken', async () => {
  const env = await testFolders()
  const first = await startAndEnter(env)
  expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{64}$/)

  // While it runs, another start prints an address for one more browser and ends.
  const { status, stdout } = await runCli(['open', '--serve', '--demo'], env)
  expect(status).toBe(0)
  expect(stdout).toMatch(/^SLR Workbench: http:\S+\nIt is already running\. This address is for one more browser\.\n$/)
  const another = addressIn(stdout)
  expect(new URL(another).host).toBe(new URL(first.url).host)
  expect(another).not.toBe(first.url)
  expect((await enter(another)).cookie).toBeTruthy()

  // One with other folders is refused the port.
  const { port } = new URL(first.url)
  const refused = await runCli(['open', '--serve', '--port', port], await testFolders())
  expect(refused).toMatchObject({ status: 1, stdout: '' })
  expect(refused.stderr).toMatch(`slr: Port ${port} is in use by another program.\nChoose another port`)

  // Its record is for the user only, and holds no secret of a session.
  const folder = join(env['SLR_CONFIG_DIR'] ?? '', 'servers')
  const [name = ''] = await readdir(folder)
  const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777
  if (process.platform !== 'win32') expect([await mode(folder), await mode(join(folder, name))]).toEqual([0o700, 0o600])
  expect(await readFile(join(folder, name), 'utf8')).not.toContain(first.cookie.split('=')[1] ?? 'none')
  await stop(first.program)

  const again = await startAndEnter(env)
  expect((await pageOf(first)).status).toBe(200)
  expect((await pageOf({ ...again, cookie: first.cookie })).status).toBe(401)
  expect((await fetch(first.url, { redirect: 'manual' })).status, 'a token of the first start').toBe(401)
  expect(await stop(again.program, 'SIGTERM')).toBe(143)

  const other = createServer((socket) => socket.destroy()).listen(Number(port), '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const last = start(['open', '--serve', '--demo'], env)
  const [said, remarks] = await Promise.all([waitForOutput(last.stdout, /stop/), waitForOutput(last.stderr, '\n')])
  expect(said).not.toContain(`:${port}/`)
  expect(remarks).toBe(
    `Port ${port} of the last run is in use, so pages that are still open there lose the connection.\n`
  )
})
