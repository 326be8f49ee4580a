import { complaintOf } from '../ui/complaint'
import { Autosave } from './autosave'
import { DraftBase } from './draft-base.svelte'
import { changedSince } from './history.svelte'
import type { Here, OpenProject } from './open-project.svelte'
import type { ProjectState } from '../../contract/documents/project'

/** Notes of the project or of the shown pair, as they are written. */
export class Notes {
  /** Text that is not saved yet; null when there is none. */
  private draft = $state.raw<string | null>(null)
  /** Whether the last attempt to save failed: the text stays here and is saved with the next edit or flush. */
  refused = $state(false)
  /** The stored text that the draft was made from. */
  readonly base = new DraftBase<string>()
  private readonly autosave = new Autosave(() => this.save(), 800)
  /** The only save in flight: a second one would carry the revision from before the first. */
  private saving: Promise<void> | null = null

  readonly dirty = $derived(this.draft !== null)
  /** Whether the text waits for the user, who chooses between two texts or tries again. */
  readonly waits = $derived(this.dirty && (this.refused || this.base.elsewhere !== null))
  readonly unsaved = $derived(
    this.base.elsewhere === null ? 'they could not be saved.' : 'changed in another window.'
  )

  /** @param of whose notes */
  constructor(
    private readonly project: OpenProject,
    private readonly of: 'project' | 'pair'
  ) {
    this.base.begin(this.stored, project.state.revision)
    project.onChange((state) => this.acceptStored(state.revision))
  }

  get text(): string {
    return this.draft ?? this.stored
  }

  private get stored(): string {
    const { notes, document } = this.project.state
    return this.of === 'project' ? notes : document.notes
  }

  typed(text: string): void {
    this.draft = text
    this.autosave.soon()
  }

  /** Saves the text, unless another window has saved other notes since it was begun: then the user chooses. */
  save(): Promise<void> {
    this.autosave.stop()
    this.saving ??= this.saveDraft().finally(() => (this.saving = null))
    return this.saving
  }

  /** Replaces the notes of the other window. */
  async keepMine(): Promise<void> {
    this.base.settle()
    await this.save()
  }

  /** Discards the text in favour of the other window's, until it is undone. */
  takeTheirs(): void {
    const mine = this.text
    const theirs = this.base.settle()
    if (theirs === null) return
    this.discardDraft()
    this.project.history.record({
      what: `take the other notes of the ${this.of}`,
      undo: () => this.replace(mine, theirs),
      redo: () => this.replace(theirs, mine)
    })
  }

  private acceptStored(revision: number): void {
    const { stored } = this
    if (this.draft === stored) this.discardDraft()
    this.base.hear(stored, revision, this.dirty)
  }

  private discardDraft(): void {
    this.autosave.stop()
    this.draft = null
    this.refused = false
  }

  /** Saves until the text that was typed meanwhile is saved too. */
  private async saveDraft(): Promise<void> {
    while (this.draft !== null && this.base.elsewhere === null) {
      const text = this.draft
      const before = this.stored
      if (text === before) this.discardDraft()
      else if (!(await this.send(text))) return
      else {
        this.project.history.record({
          what: `write notes of the ${this.of}`,
          undo: () => this.replace(before, text),
          redo: () => this.replace(text, before)
        })
      }
    }
  }

  /** @returns whether the text was saved */
  private async send(text: string): Promise<boolean> {
    try {
      await this.project.write((here) => this.base.send(text, (seen) => this.update(here, text, seen)))
      if (this.draft === text) this.discardDraft()
      this.refused = false
      return true
    } catch (error) {
      // Another window was quicker: its text decides whether there is anything to choose.
      if (complaintOf(error).code === 'stale') await this.project.refresh()
      this.refused = this.dirty && this.base.elsewhere === null
      if (this.refused) this.project.complainOf(error)
      return false
    }
  }

  /** Undoes or redoes a change. */
  private replace(text: string, expected: string): Promise<void> {
    return this.project.write((here, seen) => {
      if (this.stored !== expected) throw changedSince(`what the notes of the ${this.of} say`)
      return this.update(here, text, seen)
    })
  }

  private update(here: Here, notes: string, seen: number): Promise<ProjectState> {
    const { client } = this.project
    const change = { ...here, seen, changes: { notes } }
    return this.of === 'project' ? client.projects.update(change) : client.pairs.update(change)
  }
}
