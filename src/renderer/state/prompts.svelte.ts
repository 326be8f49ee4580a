import type { CrcPrompts, RenderedPrompt, Rendering } from '../../contract/crc'
import type { ProjectState } from '../../contract/project'
import { complaintOf, type Complaint } from '../connection'
import { plural } from '../format'
import { draftsOf, parseDraft, samePrompts, type PromptDraft } from '../prompt-draft'
import type { Workbench } from './workbench.svelte'

const AUTOSAVE_MS = 600

interface BuiltinSet {
  id: string
  name: string
  prompts: CrcPrompts
}

/** The Prompts view: the set as it is edited, and what each prompt becomes for the model. */
export class Prompts {
  drafts = $state.raw<readonly PromptDraft[]>([])
  selectedId = $state<number | null>(null)
  builtin = $state.raw<readonly BuiltinSet[]>([])
  rendered = $state.raw<readonly RenderedPrompt[]>([])
  notices = $state.raw<readonly string[]>([])
  renderProblem = $state.raw<Complaint | null>(null)
  /** Edits that are not on disk yet, whether waiting, on their way or unsaveable. */
  dirty = $state(false)
  private nextId = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private renderCount = 0

  /** The first draft that cannot be saved: its place and why. */
  readonly invalid = $derived.by(() => {
    for (const [index, draft] of this.drafts.entries()) {
      const { problem } = parseDraft(draft)
      if (problem !== null) return { id: draft.id, index, problem }
    }
    return this.drafts.length === 0
      ? { id: null, index: null, problem: 'a prompt set needs at least one prompt' }
      : null
  })

  readonly selectedIndex = $derived(this.drafts.findIndex((draft) => draft.id === this.selectedId))

  constructor(private readonly workbench: Workbench) {}

  /** Shows the project's prompts; `same` when the project was only opened again, and edits in progress stay. */
  adopt(state: ProjectState, same: boolean): void {
    if (!same || !this.dirty) {
      clearTimeout(this.timer)
      this.dirty = false
      this.show(state.prompts)
    }
    if (this.builtin.length === 0) void this.loadBuiltin()
    void this.render()
  }

  private async loadBuiltin(): Promise<void> {
    this.builtin = (await this.workbench.attempt(() => this.workbench.client.prompts.builtin())) ?? []
  }

  private show(prompts: CrcPrompts): void {
    this.drafts = draftsOf(prompts, this.nextId)
    this.nextId += prompts.length
    this.selectedId = this.drafts[0]?.id ?? null
  }

  edit(id: number, changes: Partial<Omit<PromptDraft, 'id'>>): void {
    this.drafts = this.drafts.map((draft) => (draft.id === id ? { ...draft, ...changes } : draft))
    this.touch()
  }

  /** Adds a prompt below the selected one, in its category and with its valid set. */
  add(): void {
    const like = this.drafts[this.selectedIndex] ?? this.drafts.at(-1)
    this.insert({
      text: '',
      category: like?.category ?? 'letter',
      valid: like?.valid ?? 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
    })
  }

  duplicate(id: number): void {
    const draft = this.drafts.find((candidate) => candidate.id === id)
    if (draft === undefined) return
    this.selectedId = id
    this.insert(draft)
  }

  private insert({ text, category, valid }: Omit<PromptDraft, 'id'>): void {
    const id = this.nextId++
    const place = this.selectedIndex < 0 ? this.drafts.length : this.selectedIndex + 1
    this.drafts = this.drafts.toSpliced(place, 0, { id, text, category, valid })
    this.selectedId = id
    this.touch()
  }

  remove(id: number): void {
    const index = this.drafts.findIndex((draft) => draft.id === id)
    if (index < 0) return
    this.replaceDrafts(this.drafts.toSpliced(index, 1), `Deleted prompt ${index + 1}`)
    if (this.selectedId === id) this.selectedId = (this.drafts[index] ?? this.drafts.at(-1))?.id ?? null
  }

  /** Takes a whole other set, such as a built-in or an imported one. */
  replace(prompts: CrcPrompts, name: string): void {
    const before = this.drafts
    this.show(prompts)
    this.replaceDrafts(this.drafts, `Switched to ${plural(prompts.length, 'prompt')} of ${name}`, before)
  }

  private replaceDrafts(drafts: readonly PromptDraft[], message: string, before = this.drafts): void {
    const selectedBefore = this.selectedId
    this.drafts = drafts
    this.touch()
    this.workbench.offerUndo({
      message,
      undo: () => {
        this.drafts = before
        this.selectedId = before.some((draft) => draft.id === selectedBefore)
          ? selectedBefore
          : (before[0]?.id ?? null)
        this.touch()
      }
    })
  }

  private touch(): void {
    this.dirty = true
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.flush(), AUTOSAVE_MS)
  }

  /** Saves what can be saved now; invalid drafts stay in the window, and say so. */
  async flush(): Promise<void> {
    clearTimeout(this.timer)
    if (!this.dirty || this.invalid !== null) return
    const drafts = this.drafts
    const prompts = this.current()
    const saved = await this.workbench.save((path) => this.workbench.client.prompts.save({ path, prompts }))
    if (saved && this.drafts === drafts) this.dirty = false
    if (saved) await this.render()
  }

  /** The set as it is edited, without the drafts that cannot be saved. */
  current(): CrcPrompts {
    return this.drafts.flatMap((draft) => parseDraft(draft).prompt ?? [])
  }

  /** The built-in set that the project uses unchanged, if any. */
  readonly builtinId = $derived.by(() => {
    const prompts = this.current()
    return this.builtin.find((set) => samePrompts(set.prompts, prompts))?.id ?? null
  })

  async setRendering(changes: Partial<Rendering>): Promise<void> {
    await this.workbench.change((document) => ({ rendering: { ...document.rendering, ...changes } }))
    await this.render()
  }

  /** Asks main what the saved prompts become; the latest question wins. */
  async render(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined) return
    const count = ++this.renderCount
    try {
      const { prompts, notices } = await this.workbench.client.prompts.render({ path })
      if (count !== this.renderCount) return
      this.rendered = prompts
      this.notices = notices
      this.renderProblem = null
    } catch (error) {
      if (count !== this.renderCount) return
      this.rendered = []
      this.notices = []
      this.renderProblem = complaintOf(error)
    }
  }
}
