import type { ProjectState } from '../../contract/documents/project'
import { plural } from '../ui/format'
import { changedSince, type UndoableChange } from '../app/history.svelte'
import { Autosave } from '../app/autosave'
import { DraftBase } from '../app/draft-base.svelte'
import type { Here, OpenProject } from '../app/open-project.svelte'

/** A parsed draft, or its problem with the field's name. */
export type Parsed<Prompt> = { prompt: Prompt; problem: null } | { prompt: null; problem: string }

/** Fields of every draft. Only the window knows `id`. */
export interface AnyDraft {
  readonly id: number
  readonly text: string
  readonly category: string
}

/** A prompt set being edited. It saves itself when it is valid, and every edit can be undone. */
export abstract class PromptList<Draft extends AnyDraft, Prompt> {
  drafts = $state.raw<readonly Draft[]>([])
  selectedId = $state<number | null>(null)
  /** True if edits are not on disk yet. */
  dirty = $state(false)
  /** True if saving failed, such as for a missing folder. The next edit tries again. */
  refused = $state(false)
  readonly base = new DraftBase<readonly Prompt[]>()
  protected nextId = 0
  private readonly autosave = new Autosave(() => this.flush())
  /** Counts changes by other windows. Edits before them cannot be undone. */
  private externalChanges = 0
  /** Counts saves. Typing between two saves is undone as one change. */
  private savings = 0

  /** The first invalid draft; null if all are valid. */
  readonly invalid = $derived.by(() => {
    for (const [index, draft] of this.drafts.entries()) {
      const { problem } = this.parse(draft)
      if (problem !== null) return { id: draft.id, index, problem }
    }
    return this.drafts.length === 0
      ? { id: null, index: null, problem: 'a prompt set needs at least one prompt' }
      : null
  })

  /** True if edits wait for the user: some are invalid, another window has saved others, or saving failed. */
  readonly waits = $derived(
    this.dirty && (this.invalid !== null || this.base.elsewhere !== null || this.refused)
  )

  /** Says why the edits wait; empty if they do not. */
  readonly unsaved = $derived.by(() => {
    if (this.base.elsewhere !== null) return 'changed in another window.'
    if (this.invalid === null) return this.refused ? 'they could not be saved.' : ''
    const { index, problem } = this.invalid
    return index === null ? `${problem}.` : `prompt ${index + 1}: ${problem}.`
  })

  readonly selectedIndex = $derived(this.drafts.findIndex((draft) => draft.id === this.selectedId))

  readonly writable = $derived.by(() => this.project.writable)

  constructor(protected readonly project: OpenProject) {}

  abstract parse(draft: Draft): Parsed<Prompt>
  protected abstract draftsOf(prompts: readonly Prompt[], firstId: number): Draft[]
  /** Creates a prompt below `like`, or the first one. */
  protected abstract blank(id: number, like: Draft | undefined): Draft
  /** @param seen the revision that the drafts began with */
  protected abstract store(here: Here, prompts: readonly Prompt[], seen: number): Promise<ProjectState>
  /** Renders the saved prompts again. */
  protected abstract render(): Promise<void>

  protected begin(prompts: readonly Prompt[]): void {
    this.base.begin(prompts, this.project.state.revision)
    this.show(prompts)
  }

  /** Shows the project's prompts unless there are unsaved edits. */
  protected acceptStored(prompts: readonly Prompt[], revision: number): void {
    if (!this.base.acceptStored(prompts, revision, this.dirty)) {
      if (this.base.elsewhere !== null) void this.render()
      return
    }
    this.externalChanges += 1
    this.showAgain(prompts)
  }

  /** Discards the edits for the prompts of another window. Can be undone. */
  takeTheirs(): void {
    const before = this.snapshot()
    const theirs = this.base.resolveConflict()
    if (theirs === null) return
    this.autosave.stop()
    this.dirty = false
    this.showAgain(theirs)
    this.record('take the prompts of another window', before, {
      message: 'Took the prompts of another window'
    })
  }

  /** Saves the edits over the prompts of another window. */
  async keepMine(): Promise<void> {
    this.base.resolveConflict()
    await this.flush()
  }

  /** Shows other prompts and selects the one at the same index. */
  private showAgain(prompts: readonly Prompt[]): void {
    const index = this.selectedIndex
    this.show(prompts)
    this.selectedId = (this.drafts[index] ?? this.drafts[0])?.id ?? null
    void this.render()
  }

  private show(prompts: readonly Prompt[]): void {
    this.drafts = this.draftsOf(prompts, this.nextId)
    this.nextId += prompts.length
    this.selectedId = this.drafts[0]?.id ?? null
  }

  edit(id: number, changes: Partial<Omit<Draft, 'id'>> | Partial<Omit<AnyDraft, 'id'>>): void {
    const before = this.snapshot()
    this.drafts = this.drafts.map((draft) => (draft.id === id ? { ...draft, ...changes } : draft))
    this.touch()
    const index = this.drafts.findIndex((draft) => draft.id === id)
    const merge = `${id} ${Object.keys(changes).join(' ')} ${this.savings}`
    this.record(`edit prompt ${index + 1}`, before, { merge })
  }

  /** Adds a prompt below the selected one. */
  add(): void {
    this.insert(this.blank(this.nextId++, this.drafts[this.selectedIndex] ?? this.drafts.at(-1)))
  }

  duplicate(id: number): void {
    const draft = this.drafts.find((candidate) => candidate.id === id)
    if (draft === undefined) return
    this.selectedId = id
    this.insert({ ...draft, id: this.nextId++ })
  }

  /** @param index position of the prompt, by default below the selected one */
  protected insert(
    draft: Draft,
    index = this.selectedIndex < 0 ? this.drafts.length : this.selectedIndex + 1
  ): void {
    const before = this.snapshot()
    this.drafts = this.drafts.toSpliced(index, 0, draft)
    this.selectedId = draft.id
    this.touch()
    this.record(`add prompt ${index + 1}`, before)
  }

  remove(id: number): void {
    const index = this.drafts.findIndex((draft) => draft.id === id)
    if (index < 0) return
    const before = this.snapshot()
    this.drafts = this.drafts.toSpliced(index, 1)
    if (this.selectedId === id) this.selectedId = (this.drafts[index] ?? this.drafts.at(-1))?.id ?? null
    this.touch()
    this.record(`delete prompt ${index + 1}`, before, { message: `Deleted prompt ${index + 1}` })
  }

  /** Replaces the set, such as by a built-in or imported one. */
  replace(prompts: readonly Prompt[], name: string): void {
    const before = this.snapshot()
    this.show(prompts)
    this.touch()
    const what = `switch to ${plural(prompts.length, 'prompt')} of ${name}`
    this.record(what, before, { message: `Switched${what.slice('switch'.length)}` })
  }

  /** Returns the state of the set for undo. */
  private snapshot(): { drafts: readonly Draft[]; selectedId: number | null } {
    const { drafts, selectedId } = this
    return { drafts, selectedId }
  }

  /** Records an edit for undo. */
  private record(
    what: string,
    before: ReturnType<typeof this.snapshot>,
    more: Pick<UndoableChange, 'message' | 'merge'> = {}
  ): void {
    const { externalChanges } = this
    const after = this.snapshot()
    const put = ({ drafts, selectedId }: ReturnType<typeof this.snapshot>): void => {
      if (this.externalChanges !== externalChanges) throw changedSince('the prompts')
      this.drafts = drafts
      this.selectedId = selectedId
      this.touch()
    }
    this.project.history.record({ what, undo: () => put(before), redo: () => put(after), ...more })
  }

  private touch(): void {
    this.dirty = true
    this.autosave.soon()
  }

  /** Saves the edits if all are valid. */
  async flush(): Promise<void> {
    this.autosave.stop()
    if (!this.dirty || this.invalid !== null || this.base.elsewhere !== null) return
    const drafts = this.drafts
    const prompts = this.current()
    this.savings += 1
    const saved = await this.project.save((here) =>
      this.base.send(prompts, (seen) => this.store(here, prompts, seen))
    )
    this.refused = !saved
    if (saved && this.drafts === drafts) this.dirty = false
    if (saved) await this.render()
  }

  current(): Prompt[] {
    return this.drafts.flatMap((draft) => {
      const { prompt } = this.parse(draft)
      return prompt === null ? [] : [prompt]
    })
  }
}
