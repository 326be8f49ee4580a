import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect } from '../../fixtures/collect'
import { engineOf } from '../../fixtures/cli'
import { Desktop, type DesktopClient } from '../../fixtures/desktop'
import { demoPrompts } from '../../fixtures/swept-project'
import { textFolder } from '../../fixtures/text-folder'

/** The built desktop entry on the fake Electron, with the test as its page and its user. */

async function sweepFew(client: DesktopClient, path: string, seen: number) {
  const own = { path, pair: 'pair-1' }
  await client.pairs.update({ ...own, seen, changes: { settings: { uniformBlendCount: 0 } } })
  await client.prompts.save({ ...own, seen, prompts: await demoPrompts(4) })
  const { sweepId } = await client.sweeps.start({ path, pair: 'pair-1', fresh: true })
  return { sweepId, events: await collect(await client.sweeps.watch({ path, pair: 'pair-1' })) }
}

/** Kills the engine in a sweep. @returns what the sweep tells of it */
async function noticesOfDeath(
  desktop: Desktop,
  client: DesktopClient,
  path: string,
  signal: NodeJS.Signals
): Promise<string[]> {
  await client.sweeps.start({ path, pair: 'pair-1', fresh: true })
  const notices: string[] = []
  let killed = false
  for await (const event of await client.sweeps.watch({ path, pair: 'pair-1' })) {
    if (event.type === 'progress' && event.progress.phase === 'sweeping' && !killed) {
      killed = true
      process.kill(await engineOf(desktop.pid), signal)
    }
    if (event.type !== 'notice') continue
    notices.push(event.message)
    await client.sweeps.cancel({ path, pair: 'pair-1' })
  }
  return notices
}

/** Each machine has its own, for homes that several machines share. */
const windowFolder = ({ folder }: Desktop): string => join(folder, 'config', 'window', hostname())

/** The window may be gone before its page is answered. */
function answerSaved(client: DesktopClient, waits: boolean): void {
  client.app.editsSaved({ waits }).catch(() => undefined)
}

describe('the desktop entry', { timeout: 180_000 }, () => {
  describe('from its start to its end', () => {
    let desktop: Desktop
    /** Its page, which a crash replaces. */
    let client: DesktopClient
    beforeAll(async () => {
      desktop = Desktop.startShared(await textFolder({}), ['--demo'])
      client = await desktop.connect()
    })
    afterAll(() => desktop.kill())

    it('computes on the given Node, and continues with another engine when that is killed', async () => {
      const { path } = await client.projects.openDemo({ pair: 'blend' })
      expect(await noticesOfDeath(desktop, client, path, 'SIGKILL')).toEqual([
        expect.stringContaining('was killed by SIGKILL (the system does this when memory runs out)')
      ])
      expect(await engineOf(desktop.pid)).toBeGreaterThan(0)
    })

    it('serves its page from a list, hands it a port, and sweeps a demo through it', async () => {
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
      expect((await desktop.fetch('slr://elsewhere/')).status).toBe(404)
      expect(await desktop.until('permissions')).toMatchObject({ allowed: ['clipboard-sanitized-write'] })
      expect(await desktop.until('permission-request')).toMatchObject({ allowed: false })
      expect(await desktop.until('window-open-handler')).toMatchObject({ answer: { action: 'deny' } })
      expect(await desktop.until('window')).toMatchObject({
        options: {
          webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, spellcheck: false }
        }
      })

      const { initialProject, entry } = await client.app.info()
      expect(entry).toBe('desktop')
      const shownBefore = desktop.all('progress-bar').length
      await client.projects.open({ path: initialProject ?? '' })
      // A sweep of the three stages takes three times as long.
      const { path, revision } = await client.projects.openDemo({ pair: 'blend' })
      const { sweepId, events } = await sweepFew(client, path, revision)
      expect(events.at(-1)).toMatchObject({ type: 'finished' })
      const { selected } = await client.sweeps.get({ path, pair: 'pair-1', sweepId })
      expect(selected).toMatchObject({ start: 4, end: 11 })
      // The user looks elsewhere, and comes back.
      expect(await desktop.until('notification')).toMatchObject({ options: { body: 'The sweep is done.' } })
      desktop.order('focus')
      await desktop.until('flashed', ({ flashes }) => flashes === false)
      desktop.order('blur')
      const bar = desktop
        .all('progress-bar')
        .slice(shownBefore)
        .map(({ share }) => share)
      expect(bar[0]).toBe(2)
      expect(bar.at(-1)).toBe(-1)
    })

    it('has in its menus what the page has, and folders where they should be', async () => {
      const { path } = await client.projects.openDemo({ pair: 'blend' })
      await client.app.recent()
      const asked = await client.app.watch()
      desktop.order('choose', { names: ['Edit', 'Undo'] })
      expect((await asked.next()).value).toEqual({ type: 'command', command: 'undo' })
      await desktop.until('menu', ({ items }) => JSON.stringify(items).includes('"Blend demo"'))
      desktop.order('choose', { names: ['File', 'Open recent', 'Blend demo'] })
      expect((await asked.next()).value).toEqual({ type: 'open', path })
      desktop.order('choose', { names: ['Help', 'Show log folder'] })
      expect(await desktop.until('opened-path')).toMatchObject({ path: expect.stringContaining('logs') })

      desktop.order('answer', { value: { canceled: false, filePaths: ['/picked'] } })
      expect(await client.folders.pick({ title: 'Base', start: path })).toBe('/picked')
      expect(await desktop.until('open-dialog')).toMatchObject({ options: { defaultPath: path } })
      await client.folders.show({ path })
      expect(await desktop.until('shown-in-folder')).toMatchObject({ path })
      await client.app.theme({ choice: 'dark' })
      expect(await desktop.until('theme')).toMatchObject({ source: 'dark' })
      desktop.order('context-menu', {
        params: { isEditable: false, selectionText: 'a cell', editFlags: { canCopy: true } }
      })
      expect(await desktop.until('popup')).toMatchObject({ items: [{ name: 'copy', enabled: true }] })
      // It fits a small screen, downloads nothing, and leaves the program's own folder alone.
      expect(await desktop.until('window')).toMatchObject({ options: { width: 1366, height: 728 } })
      expect(await desktop.until('spell-checker')).toMatchObject({ enabled: false })
      expect(await desktop.until('path')).toMatchObject({ path: windowFolder(desktop) })
    })

    it('opens the project of a second start, however that is started', async () => {
      const asked = await client.app.watch()
      const project = join(desktop.folder, 'B.slr')
      desktop.order('minimize')
      const second = await Desktop.start([`--project=${project}`], { env: { FAKE_ELECTRON_SECOND: '1' } })
      const { argv, data } = await second.until('notified-first-instance')
      expect(await second.ended).toBe(0)
      desktop.order('second-instance', { argv, data })
      expect((await asked.next()).value).toEqual({ type: 'open', path: project })
      await desktop.until('restored')
      await desktop.until('focused')
      desktop.order('open-file', { path: '/elsewhere/C.slr' })
      expect((await asked.next()).value).toEqual({ type: 'open', path: '/elsewhere/C.slr' })
      desktop.order('second-instance', { argv, data: { project: null, demo: 'blend' } })
      expect((await asked.next()).value).toEqual({ type: 'open-demo', demo: 'blend' })
    })

    it('loads a page that broke again, and lets it go nowhere else', async () => {
      for (const redirect of [false, true]) {
        const url = `https://example.org/?redirect=${redirect}`
        desktop.order('navigate', { url, redirect })
        expect(await desktop.until('navigated', (told) => told['url'] === url)).toMatchObject({
          prevented: true
        })
      }
      desktop.order('crash-page')
      client = await desktop.connect(1)
      expect(await client.app.info()).toMatchObject({ entry: 'desktop' })
      const log = await readFile(join(windowFolder(desktop), 'logs', 'main.log'), 'utf8')
      expect(log).toContain('The page ended: crashed')
      // The second end within a minute is a question.
      desktop.order('answer', { value: 1 })
      desktop.order('crash-page')
      client = await desktop.connect(2)
      expect(desktop.all('message-box').at(-1)).toMatchObject({
        options: { message: 'The page broke again.' }
      })
    })

    it('asks about a page that hangs until it answers', async () => {
      desktop.order('page-hangs')
      await desktop.until('message-box', ({ options }) => JSON.stringify(options).includes('not answer'))
      expect(await client.app.info()).toMatchObject({ entry: 'desktop' })
      desktop.order('page-answers')
      await desktop.until('message-box-closed')
    })

    it('stays when edits wait for the user, unless they are given up', async () => {
      const asked = await client.app.watch()
      for (const value of [0, 1]) {
        const before = desktop.all('message-box').length
        desktop.order('answer', { value })
        desktop.order('close-window')
        expect((await asked.next()).value).toEqual({ type: 'save-edits' })
        answerSaved(client, true)
        await desktop.until('message-box', () => desktop.all('message-box').length > before)
        expect(desktop.all('message-box').at(-1)).toMatchObject({
          options: { buttons: ['Stay', 'Leave without saving'] }
        })
      }
      expect(await desktop.ended).toBe(0)
    })
  })

  it('ends with its reason where Node is missing', async () => {
    const desktop = await Desktop.start(['--demo'], { env: { SLR_NODE: '/no/node' } })
    expect(await desktop.until('error-box')).toMatchObject({
      content: expect.stringMatching(/^Node is missing: \/no\/node.*\n.*`slr open`/)
    })
    expect(await desktop.ended).toBe(1)
  })

  it('continues without the sandbox only where the user agrees', async () => {
    const desktop = await Desktop.start(['--no-sandbox', '--demo'])
    desktop.order('answer', { value: 0 })
    expect(await desktop.until('message-box')).toMatchObject({
      options: { buttons: ['Quit', 'Continue'], detail: expect.stringContaining('.deb') }
    })
    expect(await desktop.ended).toBe(0)
    expect(desktop.all('window')).toEqual([])
  })

  it.each([
    ['is not loaded', 'fails', /The page was not loaded: ERR_FAILED/],
    ['draws nothing', 'draws-nothing', /The page has drawn nothing for 10 s/]
  ])('shows its window when the page %s, and logs why', async (_, load, words) => {
    const desktop = await Desktop.start(['--demo'], {
      env: { FAKE_ELECTRON_LOAD: load, FAKE_ELECTRON_SPEED: '10' }
    })
    await desktop.until('shown')
    desktop.order('close-window')
    expect(await desktop.ended).toBe(0)
    expect(desktop.stderr).toMatch(words)
  })

  it('quits clean, without a question, when the system shuts down', async () => {
    const desktop = await Desktop.start(['--demo'])
    const client = await desktop.connect()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    const asked = await client.app.watch()
    desktop.order('shut-down')
    await desktop.until('shutdown-delayed')
    expect((await asked.next()).value).toEqual({ type: 'save-edits' })
    answerSaved(client, false)
    expect(await desktop.ended).toBe(0)
    expect(desktop.stderr).toBe('')
    expect(existsSync(join(path, '.lock'))).toBe(false)
    expect(JSON.parse(await readFile(join(path, 'project.json'), 'utf8'))).toMatchObject({
      name: 'Blend demo'
    })
  })

  it('asks before it closes while a job runs, and has the page save its edits', async () => {
    const desktop = await Desktop.start(['--demo'])
    const client = await desktop.connect()
    const { path, revision } = await client.projects.openDemo({ pair: 'blend' })
    const asked = await client.app.watch()
    await client.sweeps.start({ path, pair: 'pair-1', fresh: true })
    expect(await desktop.until('awake')).toMatchObject({ type: 'prevent-app-suspension' })
    desktop.order('answer', { value: 0 })
    desktop.order('close-window')
    expect(await desktop.until('message-box')).toMatchObject({
      options: {
        message: expect.stringMatching(/^The sweep is running/),
        buttons: ['Keep running', 'Stop and quit']
      }
    })
    await client.sweeps.cancel({ path, pair: 'pair-1' })
    await desktop.until('may-sleep')

    // How Windows tells of the end of a session.
    desktop.order('session-ends')
    expect((await asked.next()).value).toEqual({ type: 'save-edits' })
    await client.pairs.update({ path, pair: 'pair-1', seen: revision, changes: { settings: { rho: 0.77 } } })
    answerSaved(client, false)
    expect(await desktop.ended).toBe(0)
    expect(JSON.parse(await readFile(join(path, 'project.json'), 'utf8'))).toMatchObject({
      pairs: [{ settings: { rho: 0.77 } }]
    })
    expect(existsSync(join(path, '.lock'))).toBe(false)
  })
})
