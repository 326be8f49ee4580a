import type { ProjectState } from '../../contract/documents/project'
import { complaintOf, type Complaint } from '../ui/complaint'
import { plural } from '../ui/format'
import { Latest } from '../app/latest.svelte'
import { EditBuffer, type EditDescription } from '../app/edit-buffer.svelte'
import type { PairAddress, OpenProject } from '../app/open-project.svelte'
import { type AnyDraft, keepRows, type Parsed } from './prompt-draft'

/** A kind of prompt set, and how it is edited and stored. */
interface PromptKind<Draft, Prompt, Builtin> {
  parse(draft: Draft): Parsed<Prompt>
  draftsOf(prompts: readonly Prompt[], firstId: number): Draft[]
  /** Creates a prompt below `like`, or the first one. */
  blank(id: number, like: Draft | undefined): Draft
  stored(state: ProjectState): readonly Prompt[]
  /** Reads the built-in sets or prompts. */
  builtin(): Promise<readonly Builtin[]>
  /** @param seen the revision that the drafts began with */
  store(here: PairAddress, prompts: Prompt[], seen: number): Promise<ProjectState>
}

/** A prompt set being edited. It saves itself when it is valid, and every edit can be undone. */
export abstract class PromptList<Draft extends AnyDraft, Prompt, Builtin> {
  builtin = $state.raw<readonly Builtin[]>([])
  renderProblem = $state.raw<Complaint | null>(null)
  private readonly rendering = new Latest<object>(() => this.project.left)
  /** True while a newer rendering is on its way. */
  readonly renderPending = $derived.by(() => this.rendering.awaited !== null)
  selectedId = $state<number | null>(null)
  readonly buffer: EditBuffer<readonly Draft[], Prompt[]>
  protected nextId = 0
  private readonly results = new WeakMap<Draft, Parsed<Prompt>>()

  readonly drafts = $derived.by(() => this.buffer.draft)

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

  readonly waits = $derived.by(() => this.buffer.waits)

  /** Says why the edits wait, after a name and a colon. */
  readonly unsaved = $derived.by(() => {
    if (this.buffer.conflict !== null || this.invalid === null) return this.buffer.unsaved
    const { index, problem } = this.invalid
    return index === null ? `${problem}.` : `prompt ${index + 1}: ${problem}.`
  })

  readonly selectedIndex = $derived(this.drafts.findIndex((draft) => draft.id === this.selectedId))

  readonly writable = $derived.by(() => this.project.writable)

  constructor(
    protected readonly project: OpenProject,
    protected readonly kind: PromptKind<Draft, Prompt, Builtin>
  ) {
    this.buffer = new EditBuffer<readonly Draft[], Prompt[]>(project, {
      name: 'the prompts',
      stored: (state) => [...kind.stored(state)],
      draftOf: (prompts, shown) => this.draftOf(prompts, shown ?? []),
      valueOf: (drafts) => this.valueOf(drafts),
      store: (here, prompts, seen) => kind.store(here, prompts, seen),
      changed: () => void this.render()
    })
    this.selectedId = this.drafts[0]?.id ?? null
  }

  protected abstract render(): Promise<void>

  /** Loads the built-in prompts and the rendering. */
  attach(): void {
    if (this.builtin.length === 0) void this.loadBuiltin()
    void this.render()
  }

  private async loadBuiltin(): Promise<void> {
    this.builtin = (await this.project.attempt(() => this.kind.builtin())) ?? []
  }

  /** Requests and shows a rendering. If it fails, shows the problem. @param restMs see {@link Latest.ask} */
  protected async showRendered<Rendering>(
    question: object,
    request: (signal: AbortSignal) => Promise<Rendering>,
    show: (rendering: Rendering | null) => void,
    restMs = 0
  ): Promise<void> {
    try {
      const rendered = await this.rendering.ask(question, request, restMs)
      if (rendered === null) return
      show(rendered.answer)
      this.renderProblem = null
    } catch (error) {
      show(null)
      this.renderProblem = complaintOf(error)
    }
  }

  parse(draft: Draft): Parsed<Prompt> {
    const result = this.results.get(draft) ?? this.kind.parse(draft)
    this.results.set(draft, result)
    return result
  }

  /** Returns drafts of prompts. A prompt that is shown keeps its row, and the selection its place. */
  private draftOf(prompts: readonly Prompt[], shown: readonly Draft[]): Draft[] {
    const drafts = keepRows(this.kind.draftsOf(prompts, this.nextId), shown)
    this.nextId += prompts.length
    const index = shown.findIndex(({ id }) => id === this.selectedId)
    if (drafts.every(({ id }) => id !== this.selectedId)) this.selectedId = (drafts[index] ?? drafts[0])?.id ?? null
    return drafts
  }

  /** Returns the prompts of valid drafts; null if one is invalid. */
  private valueOf(drafts: readonly Draft[]): Prompt[] | null {
    const prompts = this.promptsOf(drafts)
    return prompts.length === drafts.length && prompts.length > 0 ? prompts : null
  }

  private promptsOf(drafts: readonly Draft[]): Prompt[] {
    return drafts.flatMap((draft) => this.parse(draft).prompt ?? [])
  }

  edit(id: number, changes: Partial<Omit<Draft, 'id'>> | Partial<Omit<AnyDraft, 'id'>>): void {
    const index = this.drafts.findIndex((draft) => draft.id === id)
    this.buffer.edit(
      this.drafts.map((draft) => (draft.id === id ? { ...draft, ...changes } : draft)),
      { what: `edit prompt ${index + 1}`, merge: `${id} ${Object.keys(changes).join(' ')}` }
    )
  }

  add(): void {
    this.insert(this.kind.blank(this.nextId++, this.drafts[this.selectedIndex] ?? this.drafts.at(-1)))
  }

  duplicate(id: number): void {
    const draft = this.drafts.find((candidate) => candidate.id === id)
    if (draft === undefined) return
    this.selectedId = id
    this.insert({ ...draft, id: this.nextId++ })
  }

  /** @param index position of the prompt, by default below the selected one */
  protected insert(draft: Draft, index = this.selectedIndex < 0 ? this.drafts.length : this.selectedIndex + 1): void {
    this.selectedId = draft.id
    this.buffer.edit(this.drafts.toSpliced(index, 0, draft), { what: `add prompt ${index + 1}` })
  }

  remove(id: number): void {
    const index = this.drafts.findIndex((draft) => draft.id === id)
    if (index < 0) return
    const drafts = this.drafts.toSpliced(index, 1)
    if (this.selectedId === id) this.selectedId = (drafts[index] ?? drafts.at(-1))?.id ?? null
    this.buffer.edit(drafts, { what: `delete prompt ${index + 1}`, message: `Deleted prompt ${index + 1}` })
  }

  /** Replaces the set, such as by a built-in or imported one. */
  replace(prompts: readonly Prompt[], name: string): void {
    const to = `to ${plural(prompts.length, 'prompt')} of ${name}`
    const description: EditDescription = { what: `switch ${to}`, message: `Switched ${to}` }
    this.buffer.edit(this.draftOf(prompts, []), description)
  }

  flush(): Promise<void> {
    return this.buffer.flush()
  }

  current(): Prompt[] {
    return this.promptsOf(this.drafts)
  }
}
