import { SvelteSet } from 'svelte/reactivity'
import type { ProjectState } from '../../contract/documents/project'
import {
  PAPER_SAMPLING,
  type SampleRun,
  type SampleSettings,
  type SampleSetup as StoredSetup,
  type Variant
} from '../../contract/documents/samples'
import { modelKey, sameModel } from '../../contract/model/model'
import { usableCheckpoints } from '../recipes/other-checkpoints'
import { draftOfSettings, parseSettings, type SettingsDraft } from './sample-settings'
import { variantChoices } from '../recipes/variants'
import { DraftBase } from '../app/draft-base.svelte'
import type { Workbench } from '../app/workbench.svelte'

const AUTOSAVE_MS = 600

/** What the next run will be: the variants to compare and the sampler's settings. The project keeps it. */
export class SampleSetup {
  /** Null until main has said what the model's own settings are. */
  draft = $state.raw<SettingsDraft | null>(null)
  /** The model's own settings. */
  defaults = $state.raw<SampleSettings | null>(null)
  /** Variants the user left out, by `modelKey`: a recipe kept later takes part without being asked for. */
  private readonly leftOut = new SvelteSet<string>()
  /** The stored setup that this one was made from; undefined while the project has none. */
  readonly base = new DraftBase<StoredSetup | undefined>()
  private dirty = false
  private timer: ReturnType<typeof setTimeout> | undefined

  readonly choices = $derived.by(() => {
    const { project, ranges } = this.workbench
    if (project === null) return []
    const newest = project.sweeps[0]
    // The slider may have selected another range than the sweep was saved with.
    const selected =
      newest !== undefined && ranges.sweep?.id === newest.id
        ? (ranges.selection?.selected ?? null)
        : (newest?.selected ?? null)
    return variantChoices(project.document.recipes, usableCheckpoints(project), selected)
  })

  readonly variants = $derived<Variant[]>(
    this.choices.flatMap(({ variant }) => (this.leftOut.has(modelKey(variant)) ? [] : [variant]))
  )

  readonly parsed = $derived(this.draft === null ? null : parseSettings(this.draft))

  constructor(private readonly workbench: Workbench) {}

  isChosen(variant: Variant): boolean {
    return !this.leftOut.has(modelKey(variant))
  }

  /** @param key see `modelKey` */
  choose(key: string, chosen: boolean): void {
    if (chosen) this.leftOut.delete(key)
    else this.leftOut.add(key)
    this.touch()
  }

  edit(changes: Partial<SettingsDraft>): void {
    if (this.draft === null) return
    this.draft = { ...this.draft, ...changes }
    this.touch()
  }

  private touch(): void {
    this.dirty = true
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.flush(), AUTOSAVE_MS)
  }

  /** Saves the setup now; settings that are not valid stay in the window, and say so. */
  async flush(): Promise<void> {
    clearTimeout(this.timer)
    const settings = this.parsed?.settings
    if (!this.dirty || !settings || this.workbench.project?.readOnly !== null) return
    if (this.base.elsewhere !== null) return
    this.dirty = false
    const samples = { settings, leftOut: [...this.leftOut] }
    const saved = await this.base.send(samples, (seen) =>
      this.workbench.change({ settings: { samples } }, seen)
    )
    if (!saved) this.dirty = true
  }

  /** Hears what the project is now. */
  hear({ document }: ProjectState): void {
    const { samples } = document.settings
    if (this.base.hear(samples, document.revision, this.dirty) && samples !== undefined) this.show(samples)
  }

  takeTheirs(): void {
    const theirs = this.base.settle()
    this.dirty = false
    if (theirs) this.show(theirs)
  }

  async keepMine(): Promise<void> {
    this.base.settle()
    await this.flush()
  }

  private show({ settings, leftOut }: StoredSetup): void {
    this.draft = draftOfSettings(settings)
    this.leftOut.clear()
    for (const key of leftOut) this.leftOut.add(key)
  }

  /** Takes another sampler; count, length, seed and memory stay. */
  useSampling(sampling: SampleSettings['sampling']): void {
    if (this.defaults === null) return
    const { greedy, temperature, topK, topP, minP, repetitionPenalty } = draftOfSettings({
      ...this.defaults,
      sampling
    })
    this.edit({ greedy, temperature, topK, topP, minP, repetitionPenalty })
  }

  useModelDefaults(): void {
    if (this.defaults !== null) this.useSampling(this.defaults.sampling)
  }

  usePaper(): void {
    this.useSampling(PAPER_SAMPLING)
  }

  /** Which of the two presets the sampler equals. */
  readonly preset = $derived.by(() => {
    const sampling = JSON.stringify(this.parsed?.settings?.sampling)
    return {
      model: this.defaults !== null && sampling === JSON.stringify(sampler(this.defaults.sampling)),
      paper: sampling === JSON.stringify(sampler(PAPER_SAMPLING))
    }
  })

  reset(): void {
    clearTimeout(this.timer)
    this.dirty = false
    this.draft = null
    this.defaults = null
    this.leftOut.clear()
  }

  async adopt(state: ProjectState): Promise<void> {
    if (this.defaults !== null) {
      this.hear(state)
      return
    }
    const kept = state.document.settings.samples
    this.base.begin(kept, state.document.revision)
    if (kept !== undefined) this.show(kept)
    const defaults = await this.workbench.attempt(() =>
      this.workbench.client.samples.defaults({ path: state.path })
    )
    if (defaults === null || this.workbench.project?.path !== state.path) return
    this.defaults = defaults
    this.draft ??= draftOfSettings(defaults)
  }

  /** Goes on from an earlier run where the project keeps no setup: its settings and variants. */
  follow(run: SampleRun): void {
    if (this.workbench.project?.document.settings.samples !== undefined) return
    this.draft = draftOfSettings(run.settings)
    this.leftOut.clear()
    for (const { variant } of this.choices) {
      if (!run.variants.some((other) => sameModel(other, variant))) this.leftOut.add(modelKey(variant))
    }
  }
}

/** In one order, so that samplers compare as text. */
const sampler = ({ temperature, topK, topP, minP, repetitionPenalty }: SampleSettings['sampling']) => ({
  temperature,
  topK,
  topP,
  minP,
  repetitionPenalty
})
