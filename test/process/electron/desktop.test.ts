import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Desktop, type DesktopClient } from '../../fixtures/desktop'

/** The built desktop entry on the fake Electron, with the test as its page and its user. */

async function sweepDemo(client: DesktopClient, path: string) {
  const { sweepId } = await client.sweeps.start({ path, fresh: true })
  const events = []
  for await (const event of await client.sweeps.watch({ path })) events.push(event)
  return { sweepId, events }
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

  it('lives on when its engine is killed in a sweep, and ends the sweep with another', async () => {
    const desktop = await Desktop.start(['--demo'])
    const client = await desktop.connect()
    const { path } = await client.projects.openDemo()
    await client.sweeps.start({ path, fresh: true })
    const { pid } = await desktop.until('utility-process')
    process.kill(Number(pid), 'SIGKILL')
    const events = []
    for await (const event of await client.sweeps.watch({ path })) events.push(event)
    expect(events.at(-1)).toMatchObject({ type: 'finished' })
    expect(desktop.all('utility-process')).toHaveLength(2)
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
