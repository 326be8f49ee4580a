import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { engineOf } from '../../fixtures/cli'
import { Desktop, type DesktopClient } from '../../fixtures/desktop'

/** The built desktop entry on the fake Electron, with the test as its page and its user. */

async function sweepDemo(client: DesktopClient, path: string) {
  const { sweepId } = await client.sweeps.start({ path, fresh: true })
  const events = []
  for await (const event of await client.sweeps.watch({ path })) events.push(event)
  return { sweepId, events }
}

/** Kills the engine in a sweep. @returns what the sweep tells of it */
async function noticesOfDeath(
  desktop: Desktop,
  client: DesktopClient,
  path: string,
  signal: NodeJS.Signals
): Promise<string[]> {
  await client.sweeps.start({ path, fresh: true })
  const notices: string[] = []
  let killed = false
  for await (const event of await client.sweeps.watch({ path })) {
    if (event.type === 'progress' && event.progress.phase === 'sweeping' && !killed) {
      killed = true
      process.kill(await engineOf(desktop.pid), signal)
    }
    if (event.type !== 'notice') continue
    notices.push(event.message)
    await client.sweeps.cancel({ path })
  }
  return notices
}

describe('the desktop entry', () => {
  it('serves its page from a list, hands it a port, and sweeps the demo through it', async () => {
    const desktop = await Desktop.start(['--demo'])
    const loaded = await desktop.until('loaded')
    expect(loaded).toMatchObject({
      status: 200,
      headers: { 'content-security-policy': expect.stringContaining("default-src 'none'") }
    })
    const page = (await desktop.fetch('slr://workbench/')).body.toString()
    for (const [, file] of page.matchAll(/(?:src|href)="\.(\/assets[^"]+)"/g)) {
      expect((await desktop.fetch(`slr://workbench${file}`)).status).toBe(200)
    }
    expect((await desktop.fetch('slr://workbench/../package.json')).status).toBe(404)
    expect(await desktop.until('permissions')).toMatchObject({ allowed: ['clipboard-sanitized-write'] })
    expect(await desktop.until('permission-request')).toMatchObject({ allowed: false })
    expect(await desktop.until('window-open-handler')).toMatchObject({ answer: { action: 'deny' } })
    expect(await desktop.until('window')).toMatchObject({
      options: { webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false } }
    })

    const client = await desktop.connect()
    const { initialProject, entry } = await client.app.info()
    expect(entry).toBe('desktop')
    const { path } = await client.projects.open({ path: initialProject ?? '' })
    const { sweepId, events } = await sweepDemo(client, path)
    expect(events.at(-1)).toMatchObject({ type: 'finished' })
    const { selected } = await client.sweeps.get({ path, sweepId })
    expect(selected).toMatchObject({ start: 4, end: 11 })
    const bar = desktop.all('progress-bar').map(({ share }) => share)
    expect(bar[0]).toBe(2)
    expect(bar.at(-1)).toBe(-1)
  })

  it('computes on the Node that it is handed, and goes on with another engine when that is killed', async () => {
    const desktop = await Desktop.start(['--demo'])
    const client = await desktop.connect()
    const { path } = await client.projects.openDemo()
    expect(await noticesOfDeath(desktop, client, path, 'SIGKILL')).toEqual([
      expect.stringContaining('was killed by SIGKILL (the system does this when memory runs out)')
    ])
    expect(await engineOf(desktop.pid)).toBeGreaterThan(0)
    expect(desktop.all('utility-process')).toEqual([])
  })

  it('without a Node computes in a utility process, in less memory, and tells how it ended', async () => {
    const desktop = await Desktop.start(['--demo'], { env: { SLR_NODE: '/no/node' } })
    const client = await desktop.connect()
    const { path } = await client.projects.openDemo()
    for (const [signal, said] of [
      ['SIGKILL', 'was killed by SIGKILL (the system does this when memory runs out)'],
      ['SIGABRT', 'was killed by SIGABRT'],
      ['SIGTRAP', "was killed by SIGTRAP (Chromium's allocator does this when memory runs out)"],
      ['SIGSEGV', 'was killed by SIGSEGV (an error in native code)'],
      // How the fake has V8 meet a fatal error.
      ['SIGUSR2', 'was killed by SIGABRT in v8::ArrayBuffer::New']
    ] as const) {
      expect(await noticesOfDeath(desktop, client, path, signal)).toEqual([expect.stringContaining(said)])
    }
    const { document } = await client.projects.open({ path })
    await client.projects.update({
      path,
      seen: document.revision,
      changes: { settings: { memoryBytes: 64 * 2 ** 30 } }
    })
    expect(await client.sweeps.plan({ path })).toMatchObject({
      memoryBytes: 12 * 2 ** 30,
      memoryLimitBytes: 12 * 2 ** 30
    })
    expect(desktop.stderr).toBe('')
  })

  it('quits clean when its window is closed', async () => {
    const desktop = await Desktop.start(['--demo'])
    const client = await desktop.connect()
    const { path } = await client.projects.openDemo()
    desktop.order('close-window')
    expect(await desktop.ended).toBe(0)
    expect(desktop.stderr).toBe('')
    expect(existsSync(join(path, '.lock'))).toBe(false)
    expect(JSON.parse(await readFile(join(path, 'project.json'), 'utf8'))).toMatchObject({ name: 'Demo' })
  })
})
