import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { temporaryFolder } from './fixtures/checkpoint-builder'
import { exitStatus, runCli, startCli, waitForOutput } from './fixtures/cli'

/** Nothing a test opens may end up in the user's own folders. */
async function ownFolders(): Promise<Record<string, string>> {
  const folder = await temporaryFolder()
  return { SLR_PROJECTS_DIR: join(folder, 'projects'), SLR_CONFIG_DIR: join(folder, 'config') }
}

describe('slr serve', () => {
  it('prints the address with its token, answers there, and ends on Ctrl-C', async () => {
    const child = startCli(['serve', '--demo', '--json'], await ownFolders())
    const ended = exitStatus(child)
    const { url } = z
      .strictObject({ url: z.url() })
      .parse(JSON.parse(await waitForOutput(child.stdout, /\}\n/)))
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=.{20,}/)
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(303)
    expect((await fetch(new URL('/', url), { redirect: 'manual' })).status).toBe(401)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    await expect(fetch(url)).rejects.toThrow()
  })

  it('tells people where to look', async () => {
    const child = startCli(['serve'], await ownFolders())
    const ended = exitStatus(child)
    const said = await waitForOutput(child.stdout, /stop/)
    expect(said).toMatch(/^SLR Workbench: http:\/\/127\.0\.0\.1:\d+\/\?token=\S+\nPress Ctrl-C to stop\.\n$/)
    child.kill('SIGTERM')
    expect(await ended).toBe(143)
  })

  it('refuses a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = z.object({ port: z.number() }).parse(other.address())
    const { status, stdout, stderr } = await runCli(['serve', '--port', String(port)], await ownFolders())
    other.close()
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(`slr: Port ${port} is in use by another program.\nChoose another port`)
  })

  it.each(['serve', 'open'])('refuses to %s what is no project', async (command) => {
    const folder = await temporaryFolder()
    const { status, stdout, stderr } = await runCli([command, folder], await ownFolders())
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(`slr: ${folder} is not a project.`)
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
