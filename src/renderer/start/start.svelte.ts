import type { PairId, ListedProject } from '../../contract/documents/project'
import { projectNameComplaint } from '../../contract/model/project-name'
import { PairDraft } from '../app/pair-draft.svelte'
import { complaintOf } from '../ui/complaint'
import { LocalPairList } from './local-pairs.svelte'
import type { Workbench } from '../app/workbench.svelte'

/** The Start view: recent projects, and the project being made. */
export class Start {
  recent = $state.raw<readonly ListedProject[]>([])
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

  /** @param pair of it; left out: its first */
  async openProject(path: string, pair?: PairId): Promise<void> {
    this.busyWith = path
    await this.workbench.open(() =>
      this.workbench.client.projects.open(pair === undefined ? { path } : { path, pair })
    )
    this.busyWith = null
  }
}

/** A new project being filled in. */
export class NewProject extends PairDraft {
  folder = $state('')
  creating = $state(false)

  constructor(private readonly workbench: Workbench) {
    super(workbench)
    this.folder = workbench.info?.projectsFolder ?? ''
    this.post = workbench.start.dropped
    workbench.start.dropped = ''
  }

  /** Why the project cannot be created as it is filled in; null when it can. */
  get blocked(): string | null {
    if (this.creating) return 'Creating…'
    if (this.unfit !== null) return this.unfit
    if (this.name.trim() === '') return 'Name the project.'
    const complaint = projectNameComplaint(this.name)
    if (complaint !== null) return `The project’s name ${complaint}.`
    return this.folder === '' ? 'Choose where to keep the project.' : null
  }

  /** True when the project was made and opened. */
  async create(): Promise<boolean> {
    const { base, post, folder } = this
    const name = this.name.trim()
    this.creating = true
    this.problem = null
    try {
      const state = await this.workbench.client.projects.create({ folder, name, base, post })
      await this.workbench.open(() => Promise.resolve(state))
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
