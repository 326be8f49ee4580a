import type { ProjectState } from '../../contract/documents/project'
import { plural } from '../ui/format'
import { changedSince, type UndoableChange } from '../app/history.svelte'
import { Autosave } from '../app/autosave'
import { DraftBase } from '../app/draft-base.svelte'
import type { Here, OpenProject } from '../app/open-project.svelte'

/** What a draft becomes, or the field and what is wrong with it. */
export type Parsed<Prompt> = { prompt: Prompt; problem: null } | { prompt: null; problem: string }

/** What every draft has; `id` stands for it in the window alone. */
export interface AnyDraft {
  readonly id: number
  readonly text: string
  readonly category: string
}

/** A prompt set as it is edited: saved by itself when it can be, every replacement can be taken back. */
export abstract class PromptList<Draft extends AnyDraft, Prompt> {
  drafts = $state.raw<readonly Draft[]>([])
  selectedId = $state<number | null>(null)
  /** Edits that are not on disk yet, whether waiting, on their way or unsaveable. */
  dirty = $state(false)
  /** Whether saving the edits failed, as where the folder is gone: the next edit tries again, and so does the user. */
  refused = $state(false)
  /** The prompts that the drafts were made from. */
  readonly base = new DraftBase<readonly Prompt[]>()
  protected nextId = 0
  private readonly autosave = new Autosave(() => this.flush())
  /** How often the prompts became others than what was done here made them: what was done before cannot be undone. */
  private foreign = 0
  /** How often they were saved: what is typed between two savings is undone at once. */
  private savings = 0

  /** The first draft that cannot be saved: its place and why. */
  readonly invalid = $derived.by(() => {
    for (const [index, draft] of this.drafts.entries()) {
      const { problem } = this.parse(draft)
      if (problem !== null) return { id: draft.id, index, problem }
    }
    return this.drafts.length === 0
      ? { id: null, index: null, problem: 'a prompt set needs at least one prompt' }
      : null
  })

  /** Edits wait for the user: they are not valid, somebody else has saved other prompts meanwhile, or saving them failed. */
  readonly waits = $derived(
    this.dirty && (this.invalid !== null || this.base.elsewhere !== null || this.refused)
  )

  /** Why they wait, as a sentence; empty while nothing keeps them from being saved. */
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
  /** A new prompt below `like`, or the first one of all. */
  protected abstract blank(id: number, like: Draft | undefined): Draft
  /** @param seen the revision that the drafts were made from */
  protected abstract store(here: Here, prompts: readonly Prompt[], seen: number): Promise<ProjectState>
  /** Shows again what main makes of the prompts. */
  protected abstract render(): Promise<void>

  /** Begins with the project's prompts. */
  protected begin(prompts: readonly Prompt[]): void {
    this.base.begin(prompts, this.project.state.revision)
    this.show(prompts)
  }

  /** Hears what the project's prompts are now; edits in progress stay. */
  protected acceptStored(prompts: readonly Prompt[], revision: number): void {
    if (!this.base.acceptStored(prompts, revision, this.dirty)) {
      if (this.base.elsewhere !== null) void this.render()
      return
    }
    this.foreign += 1
    this.showAgain(prompts)
  }

  /** Takes what somebody else has made of the prompts; the edits can be had back. */
  takeTheirs(): void {
    const before = this.whole()
    const theirs = this.base.resolveConflict()
    if (theirs === null) return
    this.autosave.stop()
    this.dirty = false
    this.showAgain(theirs)
    this.record('take the prompts that were saved elsewhere', before, {
      message: 'Took the prompts that were saved elsewhere'
    })
  }

  /** Saves the edits in place of what somebody else has made of the prompts. */
  async keepMine(): Promise<void> {
    this.base.resolveConflict()
    await this.flush()
  }

  /** Shows other prompts, with the one of the same place selected. */
  private showAgain(prompts: readonly Prompt[]): void {
    const place = this.selectedIndex
    this.show(prompts)
    this.selectedId = (this.drafts[place] ?? this.drafts[0])?.id ?? null
    void this.render()
  }

  private show(prompts: readonly Prompt[]): void {
    this.drafts = this.draftsOf(prompts, this.nextId)
    this.nextId += prompts.length
    this.selectedId = this.drafts[0]?.id ?? null
  }

  edit(id: number, changes: Partial<Omit<Draft, 'id'>> | Partial<Omit<AnyDraft, 'id'>>): void {
    const before = this.whole()
    this.drafts = this.drafts.map((draft) => (draft.id === id ? { ...draft, ...changes } : draft))
    this.touch()
    const place = this.drafts.findIndex((draft) => draft.id === id)
    const merge = `${id} ${Object.keys(changes).join(' ')} ${this.savings}`
    this.record(`edit prompt ${place + 1}`, before, { merge })
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

  /** @param place where it comes; below the selected one unless it is said */
  protected insert(
    draft: Draft,
    place = this.selectedIndex < 0 ? this.drafts.length : this.selectedIndex + 1
  ): void {
    const before = this.whole()
    this.drafts = this.drafts.toSpliced(place, 0, draft)
    this.selectedId = draft.id
    this.touch()
    this.record(`add prompt ${place + 1}`, before)
  }

  remove(id: number): void {
    const index = this.drafts.findIndex((draft) => draft.id === id)
    if (index < 0) return
    const before = this.whole()
    this.drafts = this.drafts.toSpliced(index, 1)
    if (this.selectedId === id) this.selectedId = (this.drafts[index] ?? this.drafts.at(-1))?.id ?? null
    this.touch()
    this.record(`delete prompt ${index + 1}`, before, { message: `Deleted prompt ${index + 1}` })
  }

  /** Takes a whole other set, such as a built-in or an imported one. */
  replace(prompts: readonly Prompt[], name: string): void {
    const before = this.whole()
    this.show(prompts)
    this.touch()
    const what = `switch to ${plural(prompts.length, 'prompt')} of ${name}`
    this.record(what, before, { message: `Switched${what.slice('switch'.length)}` })
  }

  /** The set as it is edited now. */
  private whole(): { drafts: readonly Draft[]; selectedId: number | null } {
    const { drafts, selectedId } = this
    return { drafts, selectedId }
  }

  /** Tells of an edit that was just done, so that it can be undone. */
  private record(
    what: string,
    before: ReturnType<typeof this.whole>,
    more: Pick<UndoableChange, 'message' | 'merge'> = {}
  ): void {
    const { foreign } = this
    const after = this.whole()
    const put = ({ drafts, selectedId }: ReturnType<typeof this.whole>): void => {
      if (this.foreign !== foreign) throw changedSince('the prompts')
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

  /** Saves what can be saved now; invalid drafts stay in the window, and say so. */
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

  /** The set as it is edited, without the drafts that cannot be saved. */
  current(): Prompt[] {
    return this.drafts.flatMap((draft) => {
      const { prompt } = this.parse(draft)
      return prompt === null ? [] : [prompt]
    })
  }
}
