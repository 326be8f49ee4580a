import type { ProjectState } from '../../contract/documents/project'
import { complaintOf } from '../ui/complaint'
import type { PairAddress, OpenProject } from './open-project.svelte'

/** Pause of typing before a save, in milliseconds. */
const PAUSE_MS = 600

/** A value of the project, and how the window edits it. */
interface EditedValue<Draft, Value> {
  /** Name of the value, such as `the prompts`. Follows "take" in the description of an undo. */
  readonly name: string
  /** True if edits replace the value of another window. By default the user decides. */
  readonly overwrites?: boolean
  stored(state: ProjectState): Value
  /** @param shown the draft so far, or the suggested one for an undefined value; null at first */
  draftOf(value: Value, shown: Draft | null): Draft
  /** Returns the value to store; null for a draft that cannot be stored. */
  valueOf(draft: Draft): Value | null
  /** @param seen revision of the project that the edit began with */
  store(here: PairAddress, value: Value, seen: number): Promise<ProjectState>
  changed?(): void
}

export interface EditDescription {
  /** Description as it follows "Undo", such as `delete prompt 3`. */
  readonly what: string
  /** Notice after the edit. Left out if the window shows the edit anyway. */
  readonly message?: string
  /** Successive edits with the same value are saved as one, after a pause of typing. */
  readonly merge?: string
}

interface Edit<Draft> extends EditDescription {
  readonly before: Draft
  readonly after: Draft
}

/** Edits of one value of the project, which save themselves. Main undoes them once they are saved. */
export class EditBuffer<Draft, Value> {
  draft: Draft
  /** Edits that are not stored yet, oldest first. */
  private edits = $state.raw<readonly Edit<Draft>[]>([])
  /** Value that another window has stored since the edits began; null without one. */
  conflict = $state.raw<{ readonly value: Value; readonly revision: number } | null>(null)
  /** True if the last save failed. The next edit or flush tries again. */
  refused = $state(false)
  readonly dirty = $derived(this.edits.length > 0)
  /** Description of the last edit that is not stored; null if all are. */
  readonly lastUnsaved = $derived(this.edits.at(-1)?.what ?? null)
  readonly waits = $derived.by(
    () => this.dirty && (this.refused || this.conflict !== null || this.edited.valueOf(this.draft) === null)
  )
  /** Says why the edits wait, after a name and a colon. */
  readonly unsaved = $derived(this.conflict === null ? 'could not be saved.' : 'changed in another window.')

  /** The stored value that the edits began with, and the revision that had it. */
  private base: { readonly value: Value; readonly revision: number }
  /** Draft of a value that the project does not store. */
  private suggestion: Draft
  /** Value on its way to main. */
  private sending: { readonly value: Value } | null = null
  /** The only save in flight, so that edits are stored in order. */
  private saving: Promise<void> | null = null
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly project: OpenProject,
    private readonly edited: EditedValue<Draft, Value>
  ) {
    const { state } = project
    this.base = { value: edited.stored(state), revision: state.revision }
    this.suggestion = edited.draftOf(this.base.value, null)
    this.draft = $state.raw(this.suggestion)
    project.onChange((now) => this.accept(edited.stored(now), now.revision))
    project.buffers.push(this)
  }

  /** Shows a suggested draft, as long as the project stores no value and the user has not edited. */
  suggest(draft: Draft): void {
    this.suggestion = draft
    if (!this.dirty) this.draft = draft
  }

  /** Edits the value. Typing is saved after a pause, other edits at once. */
  edit(draft: Draft, description: EditDescription): void {
    const last = this.edits.at(-1)
    const merges = description.merge !== undefined && last?.merge === description.merge
    const before = merges ? last.before : this.draft
    this.edits = [...(merges ? this.edits.slice(0, -1) : this.edits), { ...description, before, after: draft }]
    this.draft = draft
    clearTimeout(this.timer)
    if (description.merge === undefined) void this.flush()
    else this.timer = setTimeout(() => void this.flush(), PAUSE_MS)
  }

  /** Saves all edits now. Edits that cannot be stored stay in the window. */
  flush(): Promise<void> {
    clearTimeout(this.timer)
    this.saving ??= this.saveAll().finally(() => (this.saving = null))
    return this.saving
  }

  /** Takes the last edit back, which main has not stored. @returns whether there was one */
  discardLast(): boolean {
    const last = this.edits.at(-1)
    if (last === undefined) return false
    this.edits = this.edits.slice(0, -1)
    this.draft = last.before
    if (!this.dirty && this.conflict !== null) this.showStored(this.conflict)
    return true
  }

  /** Replaces the value of another window by the edits. */
  async keepMine(): Promise<void> {
    if (this.conflict !== null) this.rebase(this.conflict)
    await this.flush()
  }

  /** Discards the edits for the value of another window. Can be undone. */
  async takeTheirs(): Promise<void> {
    const { conflict, edited, project } = this
    if (conflict === null) return
    const mine = edited.valueOf(this.draft)
    clearTimeout(this.timer)
    this.edits = []
    this.showStored(conflict)
    if (mine === null) return
    const what = `take ${edited.name} of another window`
    // Main can restore only a value that was stored.
    await project.attempt(async () => {
      await project.write((here) => this.send(here, mine))
      await project.record(what, (here) => this.send(here, conflict.value))
    })
  }

  private async saveAll(): Promise<void> {
    while (this.dirty && (await this.saveNext())) {
      // Each edit becomes one change, which can be undone.
    }
  }

  /** Saves edits up to the first that can be stored. @returns whether any was saved */
  private async saveNext(): Promise<boolean> {
    const { edited, project } = this
    if (this.conflict !== null || !project.writable) return false
    for (const [index, edit] of this.edits.entries()) {
      const value = edited.valueOf(edit.after)
      if (value !== null) return this.save(index, edit, value)
    }
    return false
  }

  private async save(index: number, edit: Edit<Draft>, value: Value): Promise<boolean> {
    const { what, message } = edit
    try {
      await this.project.record(what, (here) => this.send(here, value), message === undefined ? {} : { message })
      const [last, ...later] = this.edits.slice(index)
      // Text typed meanwhile was merged into the edit.
      const isTyped = last !== undefined && last !== edit
      this.edits = isTyped ? [{ ...last, before: edit.after }, ...later] : later
      this.refused = false
      this.edited.changed?.()
      return true
    } catch (error) {
      // Another window has stored a value first. Its value, read here, decides whether there is a conflict.
      if (complaintOf(error).code === 'stale') await this.project.refresh()
      this.refused = this.dirty && this.conflict === null
      if (this.refused) this.project.complainOf(error)
      return false
    }
  }

  private async send(here: PairAddress, value: Value): Promise<ProjectState> {
    this.sending = { value }
    try {
      const state = await this.edited.store(here, value, this.base.revision)
      this.base = { ...this.base, value }
      return state
    } finally {
      this.sending = null
    }
  }

  private accept(value: Value, revision: number): void {
    if (revision < this.base.revision) return
    const stored = { value, revision }
    const isOwn = same(value, this.base.value) || (this.sending !== null && same(value, this.sending.value))
    if (isOwn) {
      this.rebase(stored)
      return
    }
    if (!this.dirty) this.showStored(stored)
    else if (this.edited.overwrites === true) this.rebase(stored)
    else if (same(value, this.edited.valueOf(this.draft))) {
      this.edits = []
      this.rebase(stored)
    } else this.conflict = stored
    this.edited.changed?.()
  }

  private showStored(stored: typeof this.base): void {
    this.rebase(stored)
    this.refused = false
    this.draft = this.edited.draftOf(stored.value, stored.value === undefined ? this.suggestion : this.draft)
  }

  private rebase(stored: typeof this.base): void {
    this.base = stored
    this.conflict = null
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
