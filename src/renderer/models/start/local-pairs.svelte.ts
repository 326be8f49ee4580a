import type { LocalPair, LocalPairs } from '../../../contract/documents/local-pairs'
import { Latest } from '../../app/latest.svelte'
import type { Workbench } from '../../app/workbench.svelte'

/** Pairs of models on this machine. The search runs while the Models view is shown. */
export class LocalPairList {
  result = $state.raw<LocalPairs | null>(null)
  folders = $state.raw<readonly string[]>([])
  private readonly request = new Latest<string>()
  readonly busy = $derived.by(() => this.request.awaited !== null)

  constructor(private readonly workbench: Workbench) {}

  /** Searches again. Earlier results stay in view until then. */
  async search(): Promise<void> {
    const search = await this.workbench.attempt(() =>
      this.request.ask('pairs', (signal) => this.workbench.client.app.localPairs(undefined, { signal }))
    )
    if (search !== null) this.result = search.answer
    await this.readFolders()
  }

  async readFolders(): Promise<void> {
    const folders = await this.workbench.attempt(() => this.workbench.client.app.modelFolders())
    if (folders !== null) this.folders = folders
  }

  stop(): void {
    this.request.drop()
  }

  /** @returns false if the folder could not be added, which is reported */
  async add(folder: string): Promise<boolean> {
    const folders = await this.workbench.attempt(() => this.workbench.client.app.addModelFolder({ folder }))
    if (folders === null) return false
    this.folders = folders
    await this.search()
    return true
  }

  async remove(folder: string): Promise<void> {
    const folders = await this.workbench.attempt(() => this.workbench.client.app.removeModelFolder({ folder }))
    if (folders === null) return
    this.folders = folders
    await this.search()
  }

  /** Creates a project of a pair in the folder of projects, named after post, and shows its ranges. */
  async open({ base, post, postName }: LocalPair): Promise<void> {
    const { start, info } = this.workbench
    start.opening = post
    const name = postName.split('/').at(-1) ?? postName
    await this.workbench.open(() =>
      this.workbench.client.projects.create({ folder: info?.projectsFolder ?? '', name, base, post })
    )
    start.opening = null
  }
}
