import { Autosave } from './autosave'
import { changedSince } from './history.svelte'
import type { OpenProject } from './open-project.svelte'

/** Notes of the project or of the shown pair, as they are written. */
export class Notes {
  /** What is typed and not saved yet; null when nothing is. */
  private draft = $state.raw<string | null>(null)
  /** Whether saving it failed: it stays here, whatever is shown meanwhile, and is tried again with all else that is edited. */
  waits = $state(false)
  private readonly autosave = new Autosave(() => this.save(), 800)

  /** @param of whose notes */
  constructor(
    private readonly project: OpenProject,
    private readonly of: 'project' | 'pair'
  ) {}

  get text(): string {
    return this.draft ?? this.saved
  }

  private get saved(): string {
    const { notes, document } = this.project.state
    return this.of === 'project' ? notes : document.notes
  }

  typed(text: string): void {
    this.draft = text
    this.autosave.soon()
  }

  /** What somebody else has saved meanwhile is not written over: then the text stays. */
  async save(): Promise<void> {
    this.autosave.stop()
    const { saved: from, draft: to } = this
    if (to === null || to === from) {
      this.draft = null
      this.waits = false
      return
    }
    const done = await this.project.attempt(() => this.set(to, from).then(() => true))
    this.waits = done === null
    if (done === null) return
    if (this.draft === to) this.draft = null
    this.project.history.did({
      what: `write notes of the ${this.of}`,
      undo: () => this.set(from, to),
      redo: () => this.set(to, from)
    })
  }

  private set(notes: string, expected: string): Promise<void> {
    const { client } = this.project
    return this.project.write((here, seen) => {
      if (this.saved !== expected) throw changedSince(`what the notes of the ${this.of} say`)
      const change = { ...here, seen, changes: { notes } }
      return this.of === 'project' ? client.projects.update(change) : client.pairs.update(change)
    })
  }
}
