import type { ProjectState } from '../../contract/documents/project'
import {
  PAPER_SAMPLING,
  type SampleRun,
  type SampleSettings,
  type SampleSetup as StoredSetup
} from '../../contract/documents/samples'
import { draftOfSettings, parseSettings, type SettingsDraft } from '../answers/sample-settings'
import { Autosave } from '../app/autosave'
import { DraftBase } from '../app/draft-base.svelte'
import { changedSince } from '../app/history.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** Sampler and other settings of the next run. The project stores them. */
export class SampleSetupState {
  /** Null until the model's default settings are known. */
  draft = $state.raw<SettingsDraft | null>(null)
  /** The model's default settings. */
  defaults = $state.raw<SampleSettings | null>(null)
  /** The stored setup that the draft was made from; undefined while the project has none. */
  readonly base = new DraftBase<StoredSetup | undefined>()
  dirty = $state(false)
  /** True if saving failed. The next edit tries again. */
  private isRefused = $state(false)
  /** Counts edits. */
  private edits = 0
  private readonly autosave = new Autosave(() => this.flush())
  /** Counts changes from elsewhere. Older undo steps are void. */
  private externalChanges = 0
  /** Counts saves. Text that is typed between two saves is undone at once. */
  private saves = 0

  readonly parsed = $derived.by(() =>
    this.draft === null ? null : parseSettings(this.draft, this.project.machineBytes)
  )

  readonly waits = $derived.by(
    () => this.dirty && (this.isRefused || this.base.elsewhere !== null || !this.parsed?.settings)
  )

  readonly unsaved = $derived.by(() => {
    if (this.base.elsewhere !== null) return 'changed in another window.'
    return this.parsed?.settings ? 'it could not be saved.' : 'some settings need attention.'
  })

  constructor(private readonly project: OpenProject) {
    const { document, revision } = project.state
    const { samples } = document.settings
    this.base.begin(samples, revision)
    if (samples !== undefined) this.show(samples)
    project.onChange((state) => this.onProjectChanged(state))
  }

  /** Changes fields, so that it can be undone. */
  edit(changes: Partial<SettingsDraft>): void {
    const before = this.draft
    if (before === null) return
    const after = { ...before, ...changes }
    const { externalChanges } = this
    const show = (draft: SettingsDraft) => (): void => {
      if (this.externalChanges !== externalChanges) throw changedSince('the setup of the next sample run')
      this.draft = draft
      this.dirty = true
      this.edits += 1
      this.autosave.soon()
    }
    show(after)()
    this.project.history.record({
      what: 'change the sampler',
      undo: show(before),
      redo: show(after),
      merge: `sampler ${Object.keys(changes).join(' ')} ${this.saves}`
    })
  }

  /** Saves the setup now. Invalid settings stay in the window. */
  async flush(): Promise<void> {
    this.autosave.stop()
    const settings = this.parsed?.settings
    if (!this.dirty || !settings || !this.project.writable || this.base.elsewhere !== null) return
    const { edits } = this
    this.saves += 1
    const samples = { settings }
    const { client } = this.project
    const isSaved = await this.project.save((here) =>
      this.base.send(samples, (seen) =>
        client.pairs.update({ ...here, seen, changes: { settings: { samples } } })
      )
    )
    this.isRefused = !isSaved
    if (isSaved && this.edits === edits) this.dirty = false
  }

  private onProjectChanged({ document, revision }: ProjectState): void {
    const { samples } = document.settings
    if (this.base.acceptStored(samples, revision, this.dirty) && samples !== undefined) this.show(samples)
  }

  takeTheirs(): void {
    const theirs = this.base.resolveConflict()
    this.dirty = false
    this.isRefused = false
    if (theirs) this.show(theirs)
  }

  async keepMine(): Promise<void> {
    this.base.resolveConflict()
    await this.flush()
  }

  private show({ settings }: StoredSetup): void {
    this.externalChanges += 1
    this.draft = draftOfSettings(settings)
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

  /** Loads the model's default settings once. */
  async attach(): Promise<void> {
    const { here, client, modelsAway } = this.project
    if (this.defaults !== null || modelsAway) return
    const defaults = await this.project.attempt(() => client.samples.defaults(here))
    if (defaults === null) return
    this.defaults = defaults
    this.draft ??= draftOfSettings(defaults)
  }

  /** Takes the settings of an earlier run if the project stores none. */
  follow(run: SampleRun): void {
    if (this.project.state.document.settings.samples === undefined) this.draft = draftOfSettings(run.settings)
  }
}

/** Writes a sampler with its fields in one order, so that samplers compare as text. */
const samplerText = ({
  temperature,
  topK,
  topP,
  minP,
  repetitionPenalty
}: SampleSettings['sampling']): string => JSON.stringify({ temperature, topK, topP, minP, repetitionPenalty })
