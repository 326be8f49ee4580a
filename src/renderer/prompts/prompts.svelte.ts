import type { CrcPrompt, CrcPrompts, RenderedPrompt, Rendering } from '../../contract/documents/crc'
import type { ProjectState } from '../../contract/documents/project'
import { complaintOf, type Complaint } from '../ui/complaint'
import { draftsOf, parseDraft, samePrompts, type PromptDraft } from '../prompt-set/prompt-draft'
import { Latest } from '../app/latest.svelte'
import { sameRecord } from '../ui/same-record'
import { PromptList } from '../prompt-set/prompt-list.svelte'

interface BuiltinSet {
  id: string
  name: string
  prompts: CrcPrompts
}

/** The Prompts view: the set as it is edited, and what each prompt becomes for the model. */
export class Prompts extends PromptList<PromptDraft, CrcPrompt> {
  builtin = $state.raw<readonly BuiltinSet[]>([])
  rendered = $state.raw<readonly RenderedPrompt[]>([])
  notices = $state.raw<readonly string[]>([])
  renderProblem = $state.raw<Complaint | null>(null)
  private readonly rendering = new Latest<string>()

  override parse = parseDraft
  protected override draftsOf = draftsOf

  protected override blank(id: number, like: PromptDraft | undefined): PromptDraft {
    return {
      id,
      text: '',
      category: like?.category ?? 'letter',
      valid: like?.valid ?? 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
    }
  }

  protected override store(path: string, prompts: CrcPrompt[], seen: number): Promise<ProjectState> {
    return this.workbench.client.prompts.save({ path, seen, prompts })
  }

  /** Shows the project's prompts; `same` when the project was only opened again. */
  adopt(state: ProjectState, same: boolean): void {
    this.adoptPrompts(state.prompts, state.document.revision, same)
    if (this.builtin.length === 0) void this.loadBuiltin()
    void this.render()
  }

  /** Hears what the project is now. */
  hear(state: ProjectState, before: ProjectState): void {
    this.adoptPrompts(state.prompts, state.document.revision, true)
    if (!sameRecord(state.document.rendering, before.document.rendering)) void this.render()
  }

  private async loadBuiltin(): Promise<void> {
    this.builtin = (await this.workbench.attempt(() => this.workbench.client.prompts.builtin())) ?? []
  }

  /** The built-in set that the project uses unchanged, if any. */
  readonly builtinId = $derived.by(() => {
    const prompts = this.current()
    return this.builtin.find((set) => samePrompts(set.prompts, prompts))?.id ?? null
  })

  async setRendering(changes: Partial<Rendering>): Promise<void> {
    await this.workbench.change({ rendering: changes })
    await this.render()
  }

  /** Asks main what the saved prompts become. */
  override async render(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined) return
    try {
      const rendered = await this.rendering.ask(path, (signal) =>
        this.workbench.client.prompts.render({ path }, { signal })
      )
      if (rendered === null) return
      this.rendered = rendered.answer.prompts
      this.notices = rendered.answer.notices
      this.renderProblem = null
    } catch (error) {
      this.rendered = []
      this.notices = []
      this.renderProblem = complaintOf(error)
    }
  }
}
