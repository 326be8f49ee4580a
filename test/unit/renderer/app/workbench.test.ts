import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PairId, ProjectState } from '../../../../src/contract/documents/project'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import type { ShellEvent } from '../../../../src/contract/procedures/shell'
import type { Connection } from '../../../../src/renderer/app/connection'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { takeDropped } from '../../../../src/renderer/app/shell'
import { complaintOf } from '../../../../src/renderer/ui/complaint'
import { readPlace } from '../../../../src/renderer/app/place'
import { Workbench } from '../../../../src/renderer/app/workbench.svelte'
import { Later } from '../../../fixtures/later'
import { sweepFixture } from '../../../fixtures/project-documents'
import { pairBrief, projectState, ScriptedLine, settled } from '../../../fixtures/scripted-line'
import { Stream } from '../../../fixtures/stream'
import { waitFor } from '../../../fixtures/wait-for'

const INFO = {
  version: '0.2.0',
  versions: { node: '20', onnxruntime: '1', electron: null },
  entry: 'browser',
  projectsFolder: '/projects',
  logFolder: null,
  initialProject: null,
  initialPair: null
}
const TWO = [pairBrief(), pairBrief({ id: 'pair-2', name: 'Second' })]

const stateOf = (path: string, pair: PairId = 'pair-1', changes: Partial<ProjectState> = {}): ProjectState => {
  const state = projectState({ path, pairs: TWO, ...changes })
  return { ...state, document: { ...state.document, id: pair } }
}

/** The page around the window: its address, and whether a dialog is open in it. It has no element. */
const page = { hash: '', pushed: 0, dialog: false }

beforeEach(() => {
  Object.assign(page, { hash: '', pushed: 0, dialog: false })
  vi.stubGlobal('window', {
    location: page,
    history: {
      pushState: (_data: null, _unused: string, hash: string) => {
        page.hash = hash
        page.pushed += 1
      }
    }
  })
  vi.stubGlobal('document', {
    activeElement: null,
    querySelector: () => (page.dialog ? {} : null),
    hidden: true
  })
  vi.stubGlobal('HTMLElement', Map)
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => undefined })
})
afterEach(() => vi.unstubAllGlobals())

/** A window that has connected and is told of the program. */
async function connected(info: object = {}) {
  const line = new ScriptedLine()
  const workbench = await line.openWindow()
  await line.answer('app.info', 0, { ...INFO, ...info })
  return { line, workbench }
}

/** One that shows a project. */
async function showing(state = stateOf('/projects/a.slr')) {
  const window = await connected()
  const { line, workbench } = window
  void workbench.start.openProject(state.path)
  await line.answer('projects.open', 0, state)
  return window
}

describe('a window that connects', () => {
  it('requests recent projects, or opens the one of its address or the command line', async () => {
    const { line, workbench } = await connected()
    await line.answer('app.recent', 0, [{ path: '/a', name: 'a', openedAt: '', result: null }])
    expect([workbench.view, workbench.start.recent.length]).toEqual(['models', 1])

    const asked = await connected({ initialProject: '/asked.slr' })
    expect(asked.line.call('projects.open', 0).input).toEqual({ path: '/asked.slr' })
    page.hash = '#project=/named.slr&step=samples&pair=pair-2'
    const named = await connected({ initialProject: '/asked.slr' })
    expect(named.line.call('projects.open', 0).input).toEqual({ path: '/named.slr', pair: 'pair-2' })
    await named.line.answer('projects.open', 0, stateOf('/named.slr', 'pair-2'))
    expect([named.workbench.view, named.workbench.session?.path]).toEqual(['samples', '/named.slr'])
  })

  it('stays at Models where that was chosen while the page loaded', async () => {
    page.hash = '#project=/named.slr&step=samples'
    const { line, workbench } = await connected()
    workbench.go('models')
    await line.answer('projects.open', 0, stateOf('/named.slr'))
    expect([workbench.view, workbench.session?.path]).toEqual(['models', '/named.slr'])
  })

  it('tries again when the connection is lost, and shows its project again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const ended = new Later<void>()
    const lines = [new ScriptedLine(), new ScriptedLine()]
    let tries = 0
    const workbench = new Workbench((): Promise<Connection> => {
      const line = lines[tries === 1 ? 0 : Math.min(tries, 1)]
      tries += 1
      if (tries === 2 || line === undefined) return Promise.reject(new Error('nobody listens'))
      return Promise.resolve(tries === 1 ? { ...line.connection, closed: ended.promise } : line.connection)
    })
    expect(() => workbench.client).toThrow('not connected')
    void workbench.run()
    await vi.advanceTimersByTimeAsync(0)
    expect(workbench.connected).toBe(true)
    ended.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect([workbench.connected, workbench.lostAttempts]).toEqual([false, 0])
    // Calls that ended with the connection are not reported.
    workbench.complainOf(new Error('the socket is closed'))
    await vi.advanceTimersByTimeAsync(500)
    expect([workbench.lostAttempts, workbench.complaints]).toEqual([1, []])
    await vi.advanceTimersByTimeAsync(1000)
    expect([workbench.connected, workbench.lostAttempts, tries]).toEqual([true, null, 3])
    vi.useRealTimers()
  })
})

describe('a call that the lost line has taken along', () => {
  it('is reported neither before the loss is known nor in the library’s own words', async () => {
    const { line, workbench } = await showing()
    const ended = new Error('[AsyncIdQueue] Queue[6] was closed or aborted while waiting for pulling.')
    ended.name = 'AbortError'
    for (const procedure of ['projects.watch', 'work.watch', 'app.recent']) {
      line.call(procedure, 0).answer.reject(ended)
      await settled()
    }
    expect([workbench.connected, workbench.complaints]).toEqual([true, []])
    expect(workbench.session?.ranges.job.failure).toBeNull()
    expect(complaintOf(ended).message).not.toContain('Queue')
  })
})

describe('the places of a window', () => {
  it('are those of Back and Forward, and of another project or pair where the address names it', async () => {
    const { line, workbench } = await showing()
    const { session } = workbench
    workbench.go('samples')
    page.hash = '#project=/projects/a.slr&step=evaluate'
    await workbench.followAddress()
    expect([workbench.view, workbench.session]).toEqual(['evaluate', session])
    page.hash = '#project=/projects/a.slr&step=ranges&pair=pair-2'
    void workbench.followAddress()
    await line.answer('projects.open', 1, stateOf('/projects/a.slr', 'pair-2'))
    expect([workbench.view, workbench.session?.here.pair]).toEqual(['ranges', 'pair-2'])
    expect(session?.left.aborted).toBe(true)
    // No address says a step: the first one.
    page.hash = '#project=/projects/a.slr&pair=pair-2'
    await workbench.followAddress()
    expect(workbench.view).toBe('models')
  })

  it('stay where they are while a dialog is open', async () => {
    const { workbench } = await showing()
    workbench.go('samples')
    const before = page.hash
    page.hash = '#project=/projects/a.slr&step=evaluate'
    page.dialog = true
    await workbench.followAddress()
    expect([workbench.view, page.hash]).toEqual(['samples', before])
  })

  it('show the stored result that an address names', async () => {
    const { line, workbench } = await showing()
    page.hash = '#project=/projects/a.slr&step=evaluate&shown=old'
    void workbench.followAddress()
    await settled()
    expect(line.of('evaluations.get').at(-1)?.input).toMatchObject({ evaluationId: 'old' })
    void workbench.showResult('older')
    await settled()
    expect(line.of('evaluations.get').at(-1)?.input).toMatchObject({ evaluationId: 'older' })
  })

  it('are opened by Back where no project is shown', async () => {
    const { line, workbench } = await connected()
    await workbench.followAddress()
    expect([line.of('projects.open'), workbench.address, await workbench.saveEdits()]).toEqual([[], null, false])
    expect(await workbench.showPair('pair-1')).toBe(false)
    page.hash = '#project=/projects/a.slr&step=samples'
    void workbench.followAddress()
    await line.answer('projects.open', 0, stateOf('/projects/a.slr'))
    expect([workbench.session?.path, workbench.view]).toEqual(['/projects/a.slr', 'samples'])
  })

  it('are those of Back while another project is opened, which is closed again', async () => {
    const { line, workbench } = await connected()
    void workbench.start.openProject('/projects/b.slr')
    await settled()
    page.hash = '#project=/projects/a.slr&step=samples'
    void workbench.followAddress()
    await line.answer('projects.open', 1, stateOf('/projects/a.slr'))
    await line.answer('projects.open', 0, stateOf('/projects/b.slr'))
    expect([workbench.session?.path, workbench.view]).toEqual(['/projects/a.slr', 'samples'])
    expect(line.call('projects.close', 0).input).toEqual({ path: '/projects/b.slr' })

    // The same holds for calls of the project that is shown meanwhile.
    void workbench.start.openProject('/projects/b.slr')
    await settled()
    page.hash = '#project=/projects/a.slr&step=evaluate'
    await workbench.followAddress()
    await line.answer('projects.open', 2, stateOf('/projects/b.slr'))
    expect([workbench.session?.path, workbench.view]).toEqual(['/projects/a.slr', 'evaluate'])
    expect(line.call('projects.close', 1).input).toEqual({ path: '/projects/b.slr' })
  })

  it('name the result of an address while it is read, and when it could not be read', async () => {
    const [newer, older] = [sweepFixture({ id: 'newer' }), sweepFixture({ id: 'older' })]
    const sweeps = [newer, older].map((sweep) => summarizeSweep(sweep, null))
    page.hash = '#project=/projects/a.slr&step=ranges&shown=older'
    const { line, workbench } = await connected()
    await line.answer('projects.open', 0, stateOf('/projects/a.slr', 'pair-1', { sweeps }))
    // Until nothing follows, because a page that is loaded again meanwhile begins with its address.
    const expectNamed = async (): Promise<void> => {
      for (let turn = 0; turn < 50; turn += 1) {
        expect(workbench.address).toContain('shown=older')
        await Promise.resolve()
      }
    }
    await expectNamed()
    line.call('sweeps.get', 0).answer.reject(new Error('the socket is closed'))
    await expectNamed()
    void workbench.showResult('newer')
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, newer)
    void workbench.showResult('older')
    await line.answer('checks.get', 2, null)
    line.call('sweeps.get', 2).answer.resolve(older)
    await expectNamed()
    expect(workbench.session?.ranges.sweep?.id).toBe('older')
  })

  it('keep the result of an address when the project is attached again while it is read', async () => {
    const sweeps = ['newer', 'older'].map((id) => summarizeSweep(sweepFixture({ id }), null))
    page.hash = '#project=/projects/a.slr&step=ranges&shown=older'
    const { line, workbench } = await connected()
    await line.answer('projects.open', 0, stateOf('/projects/a.slr', 'pair-1', { sweeps }))
    workbench.session?.attach({ ...readPlace(''), view: 'samples' })
    expect(workbench.session?.ranges.current).toBe('older')
  })

  it('are followed no further once Back was pressed again', async () => {
    const sweeps = ['newer', 'older'].map((id) => summarizeSweep(sweepFixture({ id }), null))
    const { line, workbench } = await showing(stateOf('/projects/a.slr', 'pair-1', { sweeps }))
    await line.answer('checks.get', 0, null)
    await line.answer('sweeps.get', 0, sweepFixture({ id: 'newer' }))
    page.hash = '#project=/projects/a.slr&step=ranges&shown=older&metric=gain'
    void workbench.followAddress()
    page.hash = '#project=/projects/a.slr&step=ranges'
    void workbench.followAddress()
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, sweepFixture({ id: 'older' }))
    expect(workbench.session?.ranges.choices.metric).toBe('diversity')
  })

  it('leave what the user chose while the rest of an address was read', async () => {
    const sweeps = ['newer', 'older'].map((id) => summarizeSweep(sweepFixture({ id }), null))
    const { line, workbench } = await showing(stateOf('/projects/a.slr', 'pair-1', { sweeps }))
    await line.answer('checks.get', 0, null)
    await line.answer('sweeps.get', 0, sweepFixture({ id: 'newer' }))
    page.hash = '#project=/projects/a.slr&step=ranges&shown=older&model=0-1'
    void workbench.followAddress()
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, sweepFixture({ id: 'older' }))
    const ranges = workbench.session?.ranges
    expect(ranges?.sweep?.id).toBe('older')
    ranges?.choices.inspect('1-1')
    await line.answer('searches.get', 1, null)
    await line.answer('searches.unfinished', 0, null)
    await settled()
    expect(ranges?.choices.chosen).toBe('1-1')
  })

  it('go to a pair, to a step of it, and to the first where one is there no more', async () => {
    const { line, workbench } = await showing()
    void workbench.showPair('pair-2', { view: 'export', model: null })
    await settled()
    expect(line.call('projects.open', 1).input).toEqual({ path: '/projects/a.slr', pair: 'pair-2' })
    await line.answer('projects.open', 1, stateOf('/projects/a.slr', 'pair-2'))
    expect([workbench.view, workbench.session?.here.pair]).toEqual(['export', 'pair-2'])
    const gone = { path: '/projects/a.slr', pair: 'pair-2' } as const
    await workbench.leavePair({ ...gone, pair: 'pair-1' })
    void workbench.leavePair(gone)
    await settled()
    expect(line.of('projects.open')).toHaveLength(3)
    await line.answer('projects.open', 2, stateOf('/projects/a.slr'))
    expect(workbench.session?.here.pair).toBe('pair-1')
  })

  it('are those that are chosen while a pair is opened, or opened again after a lost line', async () => {
    const { line, workbench } = await showing()
    void workbench.showPair('pair-2')
    await settled()
    workbench.go('samples')
    await line.answer('projects.open', 1, stateOf('/projects/a.slr', 'pair-2'))
    expect([workbench.session?.here.pair, workbench.view]).toEqual(['pair-2', 'samples'])
  })

  it('are left for another project, which main is notified of, with the hidden warnings', async () => {
    const { line, workbench } = await showing(stateOf('/projects/a.slr', 'pair-1', { warnings: ['odd'] }))
    expect(workbench.warnings).toEqual(['odd'])
    workbench.dismissWarning('odd')
    expect(workbench.warnings).toEqual([])
    void workbench.start.openProject('/projects/b.slr')
    await line.answer('projects.open', 1, stateOf('/projects/b.slr', 'pair-1', { warnings: ['odd'] }))
    expect(line.call('projects.close', 0).input).toEqual({ path: '/projects/a.slr' })
    await line.answer('projects.close', 0, undefined)
    expect([workbench.session?.path, workbench.warnings]).toEqual(['/projects/b.slr', ['odd']])
  })

  it('are unchanged when the other project cannot be opened, which is reported once', async () => {
    const { line, workbench } = await showing()
    for (const place of [1, 2]) {
      void workbench.start.openProject('/gone.slr')
      await settled()
      expect([workbench.opening, workbench.start.opening]).toEqual([true, '/gone.slr'])
      line.call('projects.open', place).answer.reject(new WorkbenchError('not-found', 'It is gone.', ''))
      await waitFor(() => expect(workbench.start.opening).toBeNull())
    }
    await waitFor(() => expect(workbench.complaints).toHaveLength(1))
    expect([workbench.session?.path, workbench.opening]).toEqual(['/projects/a.slr', false])
    for (const complaint of workbench.complaints) workbench.dismiss(complaint)
    expect(workbench.complaints).toEqual([])
  })
})

describe('a dialog that lists folders', () => {
  it('shows the newest listing, and none from before it was closed', async () => {
    const line = new ScriptedLine()
    const workbench = await line.openWindow()
    const closing = new AbortController()
    const listings = workbench.folderListings(closing.signal)
    const first = listings.ask('/models')
    const second = listings.ask('/projects')
    await line.answer('folders.list', 1, { path: '/projects' })
    await line.answer('folders.list', 0, { path: '/models' })
    expect([await first, await second]).toEqual([null, { answer: { path: '/projects' } }])
    const typed = listings.ask('/late', 1)
    closing.abort()
    expect(await typed).toBeNull()
    expect(line.of('folders.list')).toHaveLength(2)
  })
})

describe('ways into a project', () => {
  it('opens the demo, asks the page for a project’s folder, and forgets a recent one', async () => {
    const { line, workbench } = await connected()
    const { start } = workbench
    await line.answer('app.recent', 0, [])
    void start.openDemo('blend')
    await settled()
    expect(start.opening).toBe('blend')
    await line.answer('projects.openDemo', 0, stateOf('/projects/Demo.slr'))
    expect([start.opening, workbench.view]).toEqual([null, 'ranges'])
    await start.chooseProject()
    expect(workbench.dialog).toBe('browse')
    void start.forget('/old.slr')
    await line.answer('app.forget', 0, [{ path: '/a', name: 'a', openedAt: '', result: null }])
    expect(start.recent).toHaveLength(1)
  })

  it('makes a project of a pair that lies on this machine, once it was looked for', async () => {
    const { line, workbench } = await connected()
    const { pairs } = workbench.start
    void pairs.search()
    await settled()
    expect(pairs.busy).toBe(true)
    await line.answer('app.localPairs', 0, { pairs: [] })
    await line.answer('app.modelFolders', 0, ['/models'])
    expect([pairs.busy, pairs.folders, pairs.result]).toEqual([false, ['/models'], { pairs: [] }])
    void pairs.add('/more')
    await line.answer('app.addModelFolder', 0, ['/models', '/more'])
    expect([pairs.folders.length, line.of('app.localPairs').length]).toEqual([2, 2])
    void pairs.remove('/more')
    await line.answer('app.removeModelFolder', 0, ['/models'])
    expect([pairs.folders, line.of('app.localPairs').length]).toEqual([['/models'], 3])
    // Earlier results stay in view, and the search is no longer awaited.
    pairs.stop()
    expect([pairs.busy, line.call('app.localPairs', 2).signal?.aborted]).toEqual([false, true])
    expect(pairs.result).toEqual({ pairs: [] })
    const added = pairs.add('/none')
    await settled()
    line.call('app.addModelFolder', 1).answer.reject(new Error('There is no such folder.'))
    await waitFor(() => expect(workbench.complaints).toHaveLength(1))
    expect([await added, line.of('app.localPairs').length]).toEqual([false, 3])

    void pairs.open({
      ...{ base: '/models/base', post: '/models/post', baseName: 'base', postName: 'Org/Post-7B' },
      ...{ family: 'llama', layers: 2, bytes: 1, by: 'name' }
    })
    await settled()
    expect([workbench.start.opening, line.call('projects.create', 0).input]).toEqual([
      '/models/post',
      { folder: '/projects', name: 'Post-7B', base: '/models/base', post: '/models/post' }
    ])
    await line.answer('projects.create', 0, stateOf('/projects/Post-7B.slr'))
    expect([workbench.start.opening, workbench.view]).toEqual([null, 'ranges'])
  })

  it('creates a project under its name, or says why it could not', async () => {
    const { line, workbench } = await connected()
    const { start } = workbench
    const { draft } = start
    expect(draft.folder).toBe('/projects')
    draft.base = '/models/base'
    draft.post = '/models/post'
    void draft.inspect()
    await line.answer('pair.inspect', 0, { compatible: true })
    draft.name = '  '
    expect(draft.blocked).toBe('Name the project.')
    draft.name = 'a/b'
    expect(draft.blocked).toBe('The project’s name holds a path separator.')
    draft.name = ' Mine '
    draft.folder = ''
    expect(draft.blocked).toBe('Choose where to keep the project.')
    draft.folder = '/projects'
    const refused = draft.create()
    expect(draft.blocked).toBe('Creating…')
    await settled()
    line.call('projects.create', 0).answer.reject(new Error('There is one already.'))
    await refused
    expect([draft.problem?.message, draft.blocked]).toEqual(['There is one already.', null])
    const made = draft.create()
    await settled()
    expect(line.call('projects.create', 1).input).toMatchObject({ name: 'Mine' })
    line.call('projects.create', 1).answer.resolve(stateOf('/projects/Mine.slr'))
    await made
    // The next project begins empty.
    expect([workbench.view, start.draft === draft, start.draft.base]).toEqual(['ranges', false, ''])
  })
})

describe('the desktop', () => {
  async function desktop() {
    const window = await connected({ entry: 'desktop' })
    const events = new Stream<ShellEvent>()
    await window.line.answer('app.watch', 0, events)
    return { ...window, events }
  }

  it('has the window do what its menus say, but not under an open dialog', async () => {
    const { line, workbench, events } = await desktop()
    await events.tell({ type: 'command', command: 'report' })
    expect(workbench.dialog).toBeNull()
    await events.tell({ type: 'command', command: 'open' })
    await line.answer('folders.pick', 0, '/projects/a.slr')
    await line.answer('projects.open', 0, stateOf('/projects/a.slr'))
    await events.tell({ type: 'command', command: 'folder' })
    expect(line.call('folders.show', 0).input).toEqual({ path: '/projects/a.slr' })
    await events.tell({ type: 'command', command: 'new' })
    expect(workbench.view).toBe('models')
    for (const command of ['report', 'help'] as const) {
      await events.tell({ type: 'command', command })
      expect(workbench.dialog).toBe(command)
    }
    page.dialog = true
    await events.tell({ type: 'command', command: 'report' }, { type: 'command', command: 'undo' })
    expect(workbench.dialog).toBe('help')
    page.dialog = false
    workbench.session?.history.record({ what: 'x', changes: [1] })
    await events.tell({ type: 'command', command: 'undo' }, { type: 'command', command: 'redo' })
    await line.answer('projects.revert', 0, { ...workbench.session?.state, change: 2 })
    await line.answer('projects.revert', 1, { ...workbench.session?.state, change: 3 })
    expect(workbench.session?.history.undoable).toBe('x')
    await events.tell({ type: 'command', command: 'close' })
    await line.answer('projects.close', 0, undefined)
    expect([workbench.session, workbench.view]).toEqual([null, 'models'])
  })

  it('has it open what another start of the program names, and settle before it is closed', async () => {
    const { line, workbench, events } = await desktop()
    await events.tell({ type: 'open-demo', demo: 'blend' })
    expect(line.call('projects.openDemo', 0).input).toEqual({ pair: 'blend' })
    await line.answer('projects.openDemo', 0, stateOf('/projects/Demo.slr'))
    await events.tell({ type: 'open', path: '/projects/b.slr', pair: 'pair-2' })
    expect(line.call('projects.open', 0).input).toEqual({ path: '/projects/b.slr', pair: 'pair-2' })
    await line.answer('projects.open', 0, stateOf('/projects/Demo.slr'))
    await events.tell({ type: 'save-edits' })
    await waitFor(() => expect(line.call('app.editsSaved', 0).input).toEqual({ waits: false }))
    expect(workbench.session?.path).toBe('/projects/Demo.slr')
  })

  it('takes a project or a model that is dropped on the page', async () => {
    const { line, workbench } = await desktop()
    const drop = (path: string | null): void => {
      vi.stubGlobal('window', {
        ...window,
        ...(path === null ? {} : { slrDesktop: { pathOf: () => path } })
      })
      takeDropped(workbench, new File([], 'x'))
    }
    drop(null)
    expect(workbench.complaints[0]?.message).toBe('A browser does not know the path of a dropped folder.')
    drop('/projects/a.slr')
    await settled()
    expect(line.call('projects.open', 0).input).toEqual({ path: '/projects/a.slr' })
    drop('/models/post')
    drop('/models/base')
    const { base, post } = workbench.start.draft
    expect([workbench.view, base, post]).toEqual(['models', '/models/base', '/models/post'])
  })
})
