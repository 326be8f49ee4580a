import type { PairReport } from '../../contract/pair'
import type { RecentProject } from '../../contract/project'
import { complaintOf, type Complaint } from '../connection'
import { folderName } from '../folder-path'
import type { Workbench } from './workbench.svelte'

/** The Start view: recent projects, and the project being made. */
export class Start {
  recent = $state.raw<readonly RecentProject[]>([])
  /** Which way in is being opened, so that its button can say so. */
  busyWith = $state<string | null>(null)

  constructor(private readonly workbench: Workbench) {}

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
  busy = $state<'inspecting' | 'creating' | null>(null)
  private typedName = $state<string | null>(null)

  constructor(private readonly workbench: Workbench) {
    this.folder = workbench.info?.projectsFolder ?? ''
  }

  /** Follows the post folder until the user types a name. */
  get name(): string {
    return this.typedName ?? (this.post === '' ? '' : folderName(this.post))
  }

  set name(name: string) {
    this.typedName = name
  }

  get ready(): boolean {
    return (
      this.base !== '' &&
      this.post !== '' &&
      this.folder !== '' &&
      this.name.trim() !== '' &&
      this.busy === null
    )
  }

  async inspect(): Promise<void> {
    const { base, post } = this
    this.report = null
    this.problem = null
    if (base === '' || post === '') return
    this.busy = 'inspecting'
    try {
      const report = await this.workbench.client.pair.inspect({ base, post })
      // Another folder may have been picked meanwhile; its own inspection is on the way.
      if (base === this.base && post === this.post) this.report = report
    } catch (error) {
      this.problem = complaintOf(error)
    }
    this.busy = null
  }

  /** True when the project was made and opened. */
  async create(): Promise<boolean> {
    const { base, post, folder } = this
    const name = this.name.trim()
    this.busy = 'creating'
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
      this.busy = null
    }
  }
}
