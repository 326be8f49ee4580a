import { tick } from 'svelte'
import type { DemoPair } from '../../../contract/model/demo-pair'
import type { PairId, ListedProject } from '../../../contract/documents/project'
import { projectNameComplaint } from '../../../contract/model/project-name'
import { PairDraft } from '../../app/pair-draft.svelte'
import { complaintOf } from '../../ui/complaint'
import { LocalPairList } from './local-pairs.svelte'
import type { Workbench } from '../../app/workbench.svelte'

export const NEW_PROJECT_ID = 'new-project'

/** Ways into a project: recent ones, the demo, pairs on this machine, and a new project. */
export class Start {
  recent = $state.raw<readonly ListedProject[]>([])
  /** The new project that the user fills in. It outlives the view, so that nothing typed is lost. */
  draft: ProjectDraft
  /** Path or name of the project that is being opened; null if none. */
  opening = $state<string | null>(null)

  readonly pairs: LocalPairList

  constructor(private readonly workbench: Workbench) {
    this.pairs = new LocalPairList(workbench)
    this.draft = $state.raw(new ProjectDraft(workbench))
  }

  /** Begins a new project with a model folder: as post, or as base if post is set. */
  takeModel(path: string): void {
    if (this.draft.post === '') this.draft.post = path
    else this.draft.base = path
    void this.draft.inspect()
    void this.focusNewProject()
  }

  async focusNewProject(): Promise<void> {
    this.workbench.go('models')
    await tick()
    document.querySelector<HTMLInputElement>(`#${NEW_PROJECT_ID} input`)?.focus()
  }

  discardDraft(): void {
    this.draft = new ProjectDraft(this.workbench)
  }

  async refresh(): Promise<void> {
    this.recent = (await this.workbench.attempt(() => this.workbench.client.app.recent())) ?? []
  }

  async forget(path: string): Promise<void> {
    const recent = await this.workbench.attempt(() => this.workbench.client.app.forget({ path }))
    if (recent !== null) this.recent = recent
  }

  async openDemo(pair: DemoPair): Promise<void> {
    this.opening = pair
    await this.workbench.open(() => this.workbench.client.projects.openDemo({ pair }))
    this.opening = null
  }

  /** Asks for a project's folder in a dialog of the system or of the page. */
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

  /** @param pair a pair of the project, by default its first */
  async openProject(path: string, pair?: PairId): Promise<void> {
    this.opening = path
    await this.workbench.open(() => this.workbench.client.projects.open(pair === undefined ? { path } : { path, pair }))
    this.opening = null
  }
}

/** A new project that the user fills in. */
export class ProjectDraft extends PairDraft {
  creating = $state(false)
  private typedFolder = $state<string | null>(null)

  constructor(private readonly workbench: Workbench) {
    super(workbench)
  }

  /** Parent folder of the new project, by default the folder of projects. */
  get folder(): string {
    return this.typedFolder ?? this.workbench.info?.projectsFolder ?? ''
  }

  set folder(folder: string) {
    this.typedFolder = folder
  }

  /** Returns why the project cannot be created; null if it can. */
  get blocked(): string | null {
    if (this.creating) return 'Creating…'
    if (this.unfit !== null) return this.unfit
    if (this.name.trim() === '') return 'Name the project.'
    const complaint = projectNameComplaint(this.name)
    if (complaint !== null) return `The project’s name ${complaint}.`
    return this.folder === '' ? 'Choose where to keep the project.' : null
  }

  async create(): Promise<void> {
    const { base, post, folder } = this
    const name = this.name.trim()
    this.creating = true
    this.problem = null
    try {
      const state = await this.workbench.client.projects.create({ folder, name, base, post })
      this.workbench.start.discardDraft()
      await this.workbench.open(() => Promise.resolve(state))
    } catch (error) {
      this.problem = complaintOf(error)
    } finally {
      this.creating = false
    }
  }
}
