import type { PairReport } from '../../contract/documents/pair'
import type { RecentProject } from '../../contract/documents/project'
import { complaintOf, type Complaint } from '../ui/complaint'
import { calledAfter } from '../../contract/model/called-after'
import { Latest } from '../app/latest.svelte'
import { LocalPairList } from './local-pairs.svelte'
import type { Workbench } from '../app/workbench.svelte'

/** The Start view: recent projects, and the project being made. */
export class Start {
  recent = $state.raw<readonly RecentProject[]>([])
  /** A model folder that was dropped on the page, for the next new project. */
  dropped = ''
  /** Which way in is being opened, so that its button can say so. */
  busyWith = $state<string | null>(null)

  readonly pairs: LocalPairList

  constructor(private readonly workbench: Workbench) {
    this.pairs = new LocalPairList(workbench)
  }

  async refresh(): Promise<void> {
    this.recent = (await this.workbench.attempt(() => this.workbench.client.app.recent())) ?? []
  }

  async forget(path: string): Promise<void> {
    const recent = await this.workbench.attempt(() => this.workbench.client.app.forget({ path }))
    if (recent !== null) this.recent = recent
  }

  async openDemo(): Promise<void> {
    this.busyWith = 'demo'
    await this.workbench.open(() => this.workbench.client.projects.openDemo())
    this.busyWith = null
  }

  /** Asks for a project's folder: with the system's dialog, or the page's where there is none. */
  async chooseProject(): Promise<void> {
    const { info, client } = this.workbench
    if (info?.entry !== 'desktop') {
      this.workbench.dialog = 'browse'
      return
    }
    const path = await this.workbench.attempt(() =>
      client.folders.pick({ title: 'Open project', start: info.projectsFolder })
    )
    if (path !== null) await this.openProject(path)
  }

  async openProject(path: string): Promise<void> {
    this.busyWith = path
    await this.workbench.open(() => this.workbench.client.projects.open({ path }))
    this.busyWith = null
  }
}

/** A new project being filled in; the pair is inspected as soon as both folders are known. */
export class NewProject {
  base = $state('')
  post = $state('')
  folder = $state('')
  report = $state.raw<PairReport | null>(null)
  problem = $state.raw<Complaint | null>(null)
  creating = $state(false)
  private readonly inspecting = new Latest<{ base: string; post: string }>()
  private typedName = $state<string | null>(null)

  constructor(private readonly workbench: Workbench) {
    this.folder = workbench.info?.projectsFolder ?? ''
    this.post = workbench.start.dropped
    workbench.start.dropped = ''
  }

  /** Follows the post folder until the user types a name. */
  get name(): string {
    return this.typedName ?? (this.post === '' ? '' : calledAfter(this.post))
  }

  set name(name: string) {
    this.typedName = name
  }

  /** Why the project cannot be created as it is filled in; null when it can. */
  get blocked(): string | null {
    if (this.creating) return 'Creating…'
    if (this.base === '' || this.post === '') return 'Choose the folders of both models.'
    if (this.inspecting.awaited !== null) return 'Reading both…'
    if (this.report === null) return 'The models cannot be read; see above.'
    if (!this.report.compatible) return 'The models do not fit together; see above.'
    if (this.name.trim() === '') return 'Name the project.'
    return this.folder === '' ? 'Choose where to keep the project.' : null
  }

  async inspect(): Promise<void> {
    const { base, post } = this
    this.report = null
    this.problem = null
    this.inspecting.drop()
    if (base === '' || post === '') return
    try {
      const inspected = await this.inspecting.ask({ base, post }, (signal) =>
        this.workbench.client.pair.inspect({ base, post }, { signal })
      )
      if (inspected !== null) this.report = inspected.answer
    } catch (error) {
      this.problem = complaintOf(error)
    }
  }

  /** True when the project was made and opened. */
  async create(): Promise<boolean> {
    const { base, post, folder } = this
    const name = this.name.trim()
    this.creating = true
    this.problem = null
    try {
      const state = await this.workbench.client.projects.create({ folder, name, base, post })
      await this.workbench.open(() => Promise.resolve(state), 'pair')
      void this.workbench.start.refresh()
      return true
    } catch (error) {
      this.problem = complaintOf(error)
      return false
    } finally {
      this.creating = false
    }
  }
}
