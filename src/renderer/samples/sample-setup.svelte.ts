import { SvelteSet } from 'svelte/reactivity'
import type { ProjectState } from '../../contract/documents/project'
import {
  PAPER_SAMPLING,
  type SampleRun,
  type SampleSettings,
  type SampleSetup as StoredSetup,
  type Variant
} from '../../contract/documents/samples'
import { isExternal, modelKey, sameModel } from '../../contract/model/model'
import type { VariantChoice } from '../../contract/documents/variant-choices'
import { draftOfSettings, parseSettings, type SettingsDraft } from './sample-settings'
import type { OfferedVariants } from '../recipes/offered-variants.svelte'
import { changedSince } from '../app/history.svelte'
import { Autosave } from '../app/autosave'
import { DraftBase } from '../app/draft-base.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** What the next run will be: the variants to compare and the sampler's settings. The project keeps it. */
export class SampleSetupState {
  /** Null until main has said what the model's own settings are. */
  draft = $state.raw<SettingsDraft | null>(null)
  /** The model's own settings. */
  defaults = $state.raw<SampleSettings | null>(null)
  /** Variants the user left out, by `modelKey`: a recipe kept later takes part without being asked for. */
  private readonly leftOut = new SvelteSet<string>()
  private added = $state.raw<readonly Variant[]>([])
  /** The stored setup that this one was made from; undefined while the project has none. */
  readonly base = new DraftBase<StoredSetup | undefined>()
  dirty = $state(false)
  /** Whether saving failed; the next edit tries again. */
  private refused = $state(false)
  /** How often the setup was edited. */
  private edits = 0
  private readonly autosave = new Autosave(() => this.flush())
  /** How often the setup became another than what was done here made it: what was done before cannot be undone. */
  private foreign = 0
  /** How often it was saved: what is typed between two savings is undone at once. */
  private savings = 0

  readonly choices = $derived.by(() => [
    ...this.offered.choices.map((choice) => ({ ...choice, added: false })),
    ...this.added.map((variant) => ({ variant, origin: originOf(variant), added: true }))
  ])

  readonly variants = $derived<Variant[]>(
    this.choices.flatMap(({ variant }) => (this.leftOut.has(modelKey(variant)) ? [] : [variant]))
  )

  readonly parsed = $derived.by(() =>
    this.draft === null ? null : parseSettings(this.draft, this.project.machineBytes)
  )

  readonly waits = $derived.by(
    () => this.dirty && (this.refused || this.base.elsewhere !== null || !this.parsed?.settings)
  )

  readonly unsaved = $derived.by(() => {
    if (this.base.elsewhere !== null) return 'changed in another window.'
    return this.parsed?.settings ? 'it could not be saved.' : 'some settings need attention.'
  })

  /** @param offered to choose from */
  constructor(
    private readonly project: OpenProject,
    private readonly offered: OfferedVariants
  ) {
    const { document, revision } = project.state
    const kept = document.settings.samples
    this.base.begin(kept, revision)
    if (kept !== undefined) this.show(kept)
    project.onChange((state) => this.hear(state))
  }

  isChosen(variant: Variant): boolean {
    return !this.leftOut.has(modelKey(variant))
  }

  /** @param key see `modelKey` */
  choose(key: string, chosen: boolean): void {
    if (this.leftOut.has(key) !== chosen) return
    const name = this.choices.find(({ variant }) => modelKey(variant) === key)?.variant.name ?? key
    const put = (into: boolean): void => {
      if (into) this.leftOut.delete(key)
      else this.leftOut.add(key)
    }
    this.do(
      chosen ? `choose ${name} for samples` : `leave ${name} out of samples`,
      () => put(!chosen),
      () => put(chosen)
    )
  }

  /** A variant that the project does not offer takes part. */
  add(variant: Variant): void {
    if (this.choices.some((choice) => sameModel(choice.variant, variant))) {
      this.choose(modelKey(variant), true)
      return
    }
    this.take(`add ${variant.name} to samples`, [...this.added, variant])
  }

  /** Those of other variants that are not among the choices, each model once. */
  missingOf(others: readonly Variant[]): Variant[] {
    return others.filter(
      (variant, place) =>
        !this.choices.some((choice) => sameModel(choice.variant, variant)) &&
        others.findIndex((other) => sameModel(other, variant)) === place
    )
  }

  /** Takes back what was added. */
  remove(variant: Variant): void {
    this.take(
      `remove ${variant.name} from samples`,
      this.added.filter((other) => !sameModel(other, variant))
    )
  }

  private take(what: string, after: readonly Variant[]): void {
    const before = this.added
    this.do(
      what,
      () => (this.added = before),
      () => (this.added = after)
    )
  }

  edit(changes: Partial<SettingsDraft>): void {
    const before = this.draft
    if (before === null) return
    const after = { ...before, ...changes }
    const fields = Object.keys(changes).join(' ')
    this.do(
      'change the sampler',
      () => (this.draft = before),
      () => (this.draft = after),
      `sampler ${fields} ${this.savings}`
    )
  }

  /** Changes the setup, so that it can be undone. */
  private do(what: string, undo: () => void, redo: () => void, merge?: string): void {
    const { foreign } = this
    const step = (change: () => void) => (): void => {
      if (this.foreign !== foreign) throw changedSince('the setup of the next sample run')
      change()
      this.touch()
    }
    const again = step(redo)
    again()
    this.project.history.record({
      what,
      undo: step(undo),
      redo: again,
      ...(merge === undefined ? {} : { merge })
    })
  }

  private touch(): void {
    this.dirty = true
    this.edits += 1
    this.autosave.soon()
  }

  /** Saves the setup now; settings that are not valid stay in the window, and say so. */
  async flush(): Promise<void> {
    this.autosave.stop()
    const settings = this.parsed?.settings
    if (!this.dirty || !settings || !this.project.writable) return
    if (this.base.elsewhere !== null) return
    const { edits } = this
    this.savings += 1
    const samples = { settings, added: [...this.added], leftOut: [...this.leftOut] }
    const { client } = this.project
    const saved = await this.project.save((here) =>
      this.base.send(samples, (seen) =>
        client.pairs.update({ ...here, seen, changes: { settings: { samples } } })
      )
    )
    this.refused = !saved
    if (saved && this.edits === edits) this.dirty = false
  }

  /** Hears what the project is now. */
  private hear({ document, revision }: ProjectState): void {
    const { samples } = document.settings
    if (this.base.acceptStored(samples, revision, this.dirty) && samples !== undefined) this.show(samples)
  }

  takeTheirs(): void {
    const theirs = this.base.resolveConflict()
    this.dirty = false
    this.refused = false
    if (theirs) this.show(theirs)
  }

  async keepMine(): Promise<void> {
    this.base.resolveConflict()
    await this.flush()
  }

  private show({ settings, added, leftOut }: StoredSetup): void {
    this.foreign += 1
    this.draft = draftOfSettings(settings)
    this.added = added
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

  /** Which of the two presets the sampler equals, and whether both are the same. */
  readonly preset = $derived.by(() => {
    const sampling = JSON.stringify(this.parsed?.settings?.sampling)
    const model = this.defaults === null ? null : JSON.stringify(sampler(this.defaults.sampling))
    const paper = JSON.stringify(sampler(PAPER_SAMPLING))
    return { model: sampling === model, paper: sampling === paper, same: model === paper }
  })

  /** Asks for the model's own settings, unless they are known. */
  async attach(): Promise<void> {
    const { here, client, modelsAway } = this.project
    if (this.defaults !== null || modelsAway) return
    const defaults = await this.project.attempt(() => client.samples.defaults(here))
    if (defaults === null) return
    this.defaults = defaults
    this.draft ??= draftOfSettings(defaults)
  }

  /** Goes on from an earlier run where the project keeps no setup: its settings and variants. */
  follow(run: SampleRun): void {
    if (this.project.state.document.settings.samples !== undefined) return
    this.draft = draftOfSettings(run.settings)
    this.added = run.variants.filter((variant) => variant.kind === 'baseline' || isExternal(variant))
    this.leftOut.clear()
    for (const { variant } of this.choices) {
      if (!run.variants.some((other) => sameModel(other, variant))) this.leftOut.add(modelKey(variant))
    }
  }
}

/** What is added is no recipe and no checkpoint of the project. */
const originOf = (variant: Variant): VariantChoice['origin'] =>
  isExternal(variant) ? variant.kind : 'baseline'

/** In one order, so that samplers compare as text. */
const sampler = ({ temperature, topK, topP, minP, repetitionPenalty }: SampleSettings['sampling']) => ({
  temperature,
  topK,
  topP,
  minP,
  repetitionPenalty
})
