import type { CrcPrompt, CrcPrompts, RenderedPrompt, RenderingChanges } from '../../contract/documents/crc'
import { draftsOf, parseDraft, areSamePrompts, type PromptDraft } from '../prompt-set/prompt-draft'
import type { OpenProject } from '../app/open-project.svelte'
import { sameRecord } from '../ui/same-record'
import { PromptList } from '../prompt-set/prompt-list.svelte'

interface BuiltinSet {
  id: string
  name: string
  prompts: CrcPrompts
}

/** The prompt set being edited, with the rendering of each prompt. */
export class Prompts extends PromptList<PromptDraft, CrcPrompt, BuiltinSet> {
  rendered = $state.raw<readonly RenderedPrompt[]>([])
  notices = $state.raw<readonly string[]>([])

  constructor(project: OpenProject) {
    super(project, {
      parse: parseDraft,
      draftsOf,
      blank: (id, like) => ({
        id,
        text: '',
        category: like?.category ?? 'letter',
        valid: like?.valid ?? 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
      }),
      stored: ({ prompts }) => prompts,
      builtin: () => project.client.prompts.builtin(),
      store: (here, prompts, seen) => project.client.prompts.save({ ...here, seen, prompts })
    })
    project.onChange(({ document }, before) => {
      if (!sameRecord(document.rendering, before.document.rendering)) void this.render()
    })
  }

  /** Id of the built-in set that the project uses unchanged; null if it uses none. */
  readonly builtinId = $derived.by(() => {
    const prompts = this.current()
    return this.builtin.find((set) => areSamePrompts(set.prompts, prompts))?.id ?? null
  })

  /** Gives the pair a separate copy of the prompts, or lets it use the project's again. */
  async useSeparate(isSeparate: boolean): Promise<void> {
    await this.flush()
    const { project } = this
    const prompts = isSeparate ? project.state.prompts : null
    await project.do(isSeparate ? 'give the pair separate prompts' : 'use the prompts of the project', (here) =>
      project.client.prompts.separate({ ...here, prompts })
    )
  }

  async setRendering(changes: RenderingChanges): Promise<void> {
    const fields = Object.keys(changes).join(' ')
    // A reset stays a step of its own, so that undo gives back the text before it.
    const merge = changes.fewShot === null ? undefined : `rendering ${fields}`
    await this.project.set('change how prompts are rendered', { rendering: changes }, merge)
  }

  override async render(): Promise<void> {
    const { here, client, modelsAway } = this.project
    if (modelsAway) return
    await this.showRendered(
      here,
      (signal) => client.prompts.render(here, { signal }),
      (rendered) => {
        this.rendered = rendered?.prompts ?? []
        this.notices = rendered?.notices ?? []
      }
    )
  }
}
