import type { SamplePrompt } from '../../contract/documents/task'
import { type Client } from '../app/connection'
import { textOfFile } from '../ui/file-text'
import { parseSampleDraft, sameSamplePrompts, sampleDraftsOf, type SamplePromptDraft } from './sample-prompt-draft'
import type { OpenProject } from '../app/open-project.svelte'
import { PromptList } from '../prompt-set/prompt-list.svelte'

/** Pause in typing after which the preview is updated. */
export const RENDER_REST_MS = 250

type RenderedSample = Awaited<ReturnType<Client['samples']['render']>>

/** The edited sample prompts, and a preview of the model's input for the selected one. */
export class SamplePromptList extends PromptList<SamplePromptDraft, SamplePrompt, SamplePrompt> {
  rendered = $state.raw<RenderedSample | null>(null)

  readonly selected = $derived.by(() => {
    const draft = this.drafts[this.selectedIndex]
    return draft === undefined ? null : this.parse(draft).prompt
  })

  readonly isBuiltin = $derived(sameSamplePrompts(this.builtin, this.current()))

  constructor(project: OpenProject) {
    super(project, {
      parse: parseSampleDraft,
      draftsOf: sampleDraftsOf,
      blank: (id, like) => ({
        id,
        text: '',
        category: like?.category ?? '',
        system: like?.system,
        raw: like?.raw ?? false
      }),
      stored: ({ samplePrompts }) => samplePrompts,
      builtin: () => project.client.samples.builtinPrompts(),
      store: (here, prompts, seen) => project.client.samples.savePrompts({ ...here, seen, prompts })
    })
  }

  holds(text: string): boolean {
    return this.drafts.some((draft) => draft.text === text)
  }

  /** Adds a text as the last prompt, unless it is one already. */
  async keep(text: string): Promise<void> {
    if (this.holds(text)) return
    this.insert({ ...this.kind.blank(this.nextId++, undefined), text }, this.drafts.length)
    await this.flush()
  }

  /** Imports the prompts of a file. An unreadable file is reported and changes nothing. */
  async importFile(file: File): Promise<void> {
    const prompts = await this.project.attempt(async () =>
      this.project.client.samples.readPrompts({ fileName: file.name, content: await textOfFile(file) })
    )
    if (prompts !== null) this.replace(prompts, file.name)
  }

  /** Renders the selected prompt. @param restMs milliseconds to wait first, for a prompt that is being typed */
  override async render(restMs = 0): Promise<void> {
    const { here, client, modelsAway } = this.project
    const prompt = this.selected
    if (prompt === null || modelsAway) return
    await this.showRendered(
      prompt,
      (signal) => client.samples.render({ ...here, prompt }, { signal }),
      (rendered) => (this.rendered = rendered),
      restMs
    )
  }
}
