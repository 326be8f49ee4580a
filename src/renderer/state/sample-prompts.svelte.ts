import type { ProjectState } from '../../contract/project'
import type { SamplePrompt } from '../../contract/samples'
import { complaintOf, type Client, type Complaint } from '../connection'
import {
  parseSampleDraft,
  sameSamplePrompts,
  sampleDraftsOf,
  type SamplePromptDraft
} from '../sample-prompt-draft'
import { PromptList } from './prompt-list.svelte'

const RENDER_MS = 250

type RenderedSample = Awaited<ReturnType<Client['samples']['render']>>

/** The prompts to sample answers to, as they are edited, and what the selected one becomes for the model. */
export class SamplePromptList extends PromptList<SamplePromptDraft, SamplePrompt> {
  builtin = $state.raw<readonly SamplePrompt[]>([])
  /** The selected prompt as the model sees it. */
  rendered = $state.raw<RenderedSample | null>(null)
  renderProblem = $state.raw<Complaint | null>(null)
  /** Whether `rendered` is of an earlier wording. */
  renderPending = $state(false)
  private renderCount = 0
  private renderTimer: ReturnType<typeof setTimeout> | undefined

  override parse = parseSampleDraft
  protected override draftsOf = sampleDraftsOf

  /** The selected draft, when it is a prompt. */
  readonly selected = $derived.by(() => {
    const draft = this.drafts[this.selectedIndex]
    return draft === undefined ? null : this.parse(draft).prompt
  })

  readonly isBuiltin = $derived(sameSamplePrompts(this.builtin, this.current()))

  protected override blank(id: number, like: SamplePromptDraft | undefined): SamplePromptDraft {
    return { id, text: '', category: like?.category ?? '', system: like?.system, raw: like?.raw ?? false }
  }

  protected override store(path: string, prompts: SamplePrompt[]): Promise<ProjectState> {
    return this.workbench.client.samples.savePrompts({ path, prompts })
  }

  /** Shows the project's sample prompts; `same` when the project was only opened again. */
  adopt(state: ProjectState, same: boolean): void {
    this.adoptPrompts(state.samplePrompts, same)
    if (this.builtin.length === 0) void this.loadBuiltin()
    void this.render()
  }

  private async loadBuiltin(): Promise<void> {
    this.builtin = (await this.workbench.attempt(() => this.workbench.client.samples.builtinPrompts())) ?? []
  }

  /** Takes the prompts of a file the user picked; what cannot be read is reported and changes nothing. */
  async importFile(file: File): Promise<void> {
    const content = await file.text()
    const prompts = await this.workbench.attempt(() =>
      this.workbench.client.samples.readPrompts({ fileName: file.name, content })
    )
    if (prompts !== null) this.replace(prompts, file.name)
  }

  /** Asks what the selected prompt becomes, once typing rests. */
  renderSoon(): void {
    clearTimeout(this.renderTimer)
    this.renderPending = true
    this.renderTimer = setTimeout(() => void this.render(), RENDER_MS)
  }

  override async render(): Promise<void> {
    const path = this.workbench.project?.path
    const prompt = this.selected
    if (path === undefined || prompt === null) return
    const count = ++this.renderCount
    try {
      const rendered = await this.workbench.client.samples.render({ path, prompt })
      if (count !== this.renderCount) return
      this.rendered = rendered
      this.renderProblem = null
    } catch (error) {
      if (count !== this.renderCount) return
      this.rendered = null
      this.renderProblem = complaintOf(error)
    }
    this.renderPending = false
  }
}
