import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CliProcess, exitStatus, startCli, waitForOutput } from '../../fixtures/cli'

/** The built `slr open` and `slr open --serve`, as they run on a machine without a display. */

let folder: string
const started: CliProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slr-open-'))
})

afterEach(async () => {
  for (const program of started.splice(0)) program.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

function startWithoutDisplay(...args: string[]): CliProcess {
  const program = startCli(args, {
    DISPLAY: '',
    WAYLAND_DISPLAY: '',
    SLR_CONFIG_DIR: join(folder, 'config'),
    SLR_PROJECTS_DIR: join(folder, 'projects')
  })
  started.push(program)
  return program
}

async function printedAddress(program: CliProcess): Promise<string> {
  const said = await waitForOutput(program.stdout, /http:\S+\n/)
  return /http:\S+/.exec(said)?.[0] ?? ''
}

describe.skipIf(process.platform !== 'linux')('slr open without a display', () => {
  it('says in a line that it uses the browser, and prints an address that shows the workbench', async () => {
    const program = startWithoutDisplay('open', '--demo')
    const remark = waitForOutput(program.stderr, '\n')
    const address = await printedAddress(program)
    expect(await remark).toBe('Using the browser: there is no display for a desktop window.\n')
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{64}$/)

    const exchange = await fetch(address, { redirect: 'manual' })
    const cookie = exchange.headers.get('set-cookie')?.split(';')[0] ?? ''
    const page = await fetch(new URL(exchange.headers.get('location') ?? '', address), {
      headers: { cookie }
    })
    expect(await page.text()).toContain('<title>SLR Workbench</title>')
  })
})

describe('slr open --serve', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends in order on %s', async (signal) => {
    const program = startWithoutDisplay('open', '--serve')
    const address = await printedAddress(program)
    const ended = exitStatus(program)
    program.kill(signal)
    expect(await ended).toBe(signal === 'SIGINT' ? 130 : 143)
    await expect(fetch(address)).rejects.toThrow('fetch failed')
  })

  it('says in words that a port is taken', async () => {
    const address = await printedAddress(startWithoutDisplay('open', '--serve'))
    const second = startWithoutDisplay('open', '--serve', '--port', new URL(address).port)
    const [said, status] = await Promise.all([waitForOutput(second.stderr, '\n'), exitStatus(second)])
    expect(said).toContain(`Port ${new URL(address).port} is in use by another program.`)
    expect(status).toBe(1)
  })
})
