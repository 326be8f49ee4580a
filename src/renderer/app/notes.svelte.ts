import { complaintOf } from '../ui/complaint'
import { Autosave } from './autosave'
import { DraftBase } from './draft-base.svelte'
import { changedSince } from './history.svelte'
import type { Here, OpenProject } from './open-project.svelte'
import type { ProjectState } from '../../contract/documents/project'

/** Notes of the project or of the shown pair. */
export class Notes {
  /** Unsaved text; null if there is none. */
  private draft = $state.raw<string | null>(null)
  /** True if the last save failed. The text stays here and is saved with the next edit or flush. */
  refused = $state(false)
  /** The stored text that the draft began with. */
  readonly base = new DraftBase<string>()
  private readonly autosave = new Autosave(() => this.save(), 800)
  /** The only save in flight: a second one would send the revision from before the first. */
  private saving: Promise<void> | null = null

  readonly dirty = $derived(this.draft !== null)
  /** True if the user must choose between two texts or try again. */
  readonly waits = $derived(this.dirty && (this.refused || this.base.elsewhere !== null))
  readonly unsaved = $derived(
    this.base.elsewhere === null ? 'they could not be saved.' : 'changed in another window.'
  )

  /** @param owner chooses whose notes these are */
  constructor(
    private readonly project: OpenProject,
    private readonly owner: 'project' | 'pair'
  ) {
    this.base.begin(this.stored, project.state.revision)
    project.onChange((state) => this.acceptStored(state.revision))
  }

  get text(): string {
    return this.draft ?? this.stored
  }

  private get stored(): string {
    const { notes, document } = this.project.state
    return this.owner === 'project' ? notes : document.notes
  }

  typed(text: string): void {
    this.draft = text
    this.autosave.soon()
  }

  /** Saves the text. If another window has saved other notes meanwhile, the user chooses. */
  save(): Promise<void> {
    this.autosave.stop()
    this.saving ??= this.saveDraft().finally(() => (this.saving = null))
    return this.saving
  }

  /** Replaces the notes of the other window. */
  async keepMine(): Promise<void> {
    this.base.resolveConflict()
    await this.save()
  }

  /** Discards the text for the other window's. Can be undone. */
  takeTheirs(): void {
    const mine = this.text
    const theirs = this.base.resolveConflict()
    if (theirs === null) return
    this.discardDraft()
    this.project.history.record({
      what: `take the other notes of the ${this.owner}`,
      undo: () => this.replace(mine, theirs),
      redo: () => this.replace(theirs, mine)
    })
  }

  private acceptStored(revision: number): void {
    const { stored } = this
    if (this.draft === stored) this.discardDraft()
    this.base.acceptStored(stored, revision, this.dirty)
  }

  private discardDraft(): void {
    this.autosave.stop()
    this.draft = null
    this.refused = false
  }

  /** Saves until the text typed meanwhile is saved too. */
  private async saveDraft(): Promise<void> {
    while (this.draft !== null && this.base.elsewhere === null) {
      const text = this.draft
      if (text === this.stored) this.discardDraft()
      else if (!(await this.send(text))) return
    }
  }

  /** @returns whether the text was saved */
  private async send(text: string): Promise<boolean> {
    try {
      await this.project.record(`write notes of the ${this.owner}`, (here) =>
        this.base.send(text, (seen) => this.update(here, text, seen))
      )
      if (this.draft === text) this.discardDraft()
      this.refused = false
      return true
    } catch (error) {
      // Another window was quicker. Its text decides whether there is a conflict.
      if (complaintOf(error).code === 'stale') await this.project.refresh()
      this.refused = this.dirty && this.base.elsewhere === null
      if (this.refused) this.project.complainOf(error)
      return false
    }
  }

  /** Undoes or redoes the choice between two texts. */
  private async replace(text: string, expected: string): Promise<void> {
    await this.project.write((here, seen) => {
      if (this.stored !== expected) throw changedSince(`what the notes of the ${this.owner} say`)
      return this.update(here, text, seen)
    })
  }

  private update(here: Here, notes: string, seen: number): Promise<ProjectState> {
    const { client } = this.project
    const change = { ...here, seen, changes: { notes } }
    return this.owner === 'project' ? client.projects.update(change) : client.pairs.update(change)
  }
}
