import {
  PAPER_SAMPLING,
  type SampleRun,
  type SampleSettings,
  type SampleSetup as StoredSetup
} from '../../contract/documents/samples'
import { draftOfSettings, parseSettings, type SettingsDraft } from '../answers/sample-settings'
import { EditBuffer } from '../app/edit-buffer.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** Sampler and other settings of the next run. The project stores them. */
export class SampleSetupState {
  /** Null until the model's default settings are loaded. */
  readonly buffer: EditBuffer<SettingsDraft | null, StoredSetup | undefined>
  defaults = $state.raw<SampleSettings | null>(null)

  readonly draft = $derived.by(() => this.buffer.draft)
  readonly parsed = $derived.by(() => (this.draft === null ? null : this.parse(this.draft)))
  readonly waits = $derived.by(() => this.buffer.waits)
  readonly unsaved = $derived.by(() =>
    this.buffer.conflict === null && !this.parsed?.settings ? 'some settings need attention.' : this.buffer.unsaved
  )

  constructor(private readonly project: OpenProject) {
    this.buffer = new EditBuffer<SettingsDraft | null, StoredSetup | undefined>(project, {
      name: 'the setup',
      stored: ({ document }) => document.settings.samples,
      draftOf: (setup, shown) => (setup === undefined ? shown : draftOfSettings(setup.settings)),
      valueOf: (draft) => {
        const settings = draft === null ? null : this.parse(draft).settings
        return settings === null ? null : { settings }
      },
      store: (here, samples, seen) => project.client.pairs.update({ ...here, seen, changes: { settings: { samples } } })
    })
  }

  private parse(draft: SettingsDraft): ReturnType<typeof parseSettings> {
    return parseSettings(draft, this.project.machineBytes)
  }

  edit(changes: Partial<SettingsDraft>): void {
    if (this.draft === null) return
    const merge = Object.keys(changes).join(' ')
    this.buffer.edit({ ...this.draft, ...changes }, { what: 'change the sampler', merge })
  }

  /** Selects another sampler. Count, length, seed and memory stay. */
  useSampling(sampling: SampleSettings['sampling']): void {
    if (this.defaults === null) return
    const { greedy, temperature, topK, topP, minP, repetitionPenalty } = draftOfSettings({
      ...this.defaults,
      sampling
    })
    this.edit({ greedy, temperature, topK, topP, minP, repetitionPenalty })
  }

  /** Reports which of the two presets the sampler equals, and whether both are the same. */
  readonly preset = $derived.by(() => {
    const sampling = JSON.stringify(this.parsed?.settings?.sampling)
    const model = this.defaults === null ? null : samplerText(this.defaults.sampling)
    const paper = samplerText(PAPER_SAMPLING)
    return { model: sampling === model, paper: sampling === paper, same: model === paper }
  })

  async attach(): Promise<void> {
    const { here, client, modelsAway } = this.project
    if (this.defaults !== null || modelsAway) return
    const defaults = await this.project.attempt(() => client.samples.defaults(here))
    if (defaults === null) return
    this.defaults = defaults
    if (this.draft === null) this.buffer.suggest(draftOfSettings(defaults))
  }

  /** Adopts the settings of an earlier run if the project stores none. */
  adoptSettings(run: SampleRun): void {
    if (this.project.state.document.settings.samples === undefined) this.buffer.suggest(draftOfSettings(run.settings))
  }
}

/** Writes a sampler with its fields in one order, so that samplers compare as text. */
const samplerText = ({ temperature, topK, topP, minP, repetitionPenalty }: SampleSettings['sampling']): string =>
  JSON.stringify({ temperature, topK, topP, minP, repetitionPenalty })
