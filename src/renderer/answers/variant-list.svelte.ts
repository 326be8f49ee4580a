import { SvelteSet } from 'svelte/reactivity'
import { defaultSweepOf } from '../../contract/documents/default-sweep'
import { EvaluationVariant, isPlain } from '../../contract/documents/evaluation'
import type { Variant } from '../../contract/documents/samples'
import { evaluatedChoices } from '../../contract/documents/variant-choices'
import { addedKey, type VariantSelection } from '../../contract/documents/variant-selection'
import { FEW_SHOT_WORD } from '../../contract/model/few-shot'
import { freeName } from '../../contract/model/free-name'
import { isExternal, modelKey, sameModel } from '../../contract/model/model'
import { EditBuffer } from '../app/edit-buffer.svelte'
import type { OpenProject } from '../app/open-project.svelte'
import type { OfferedVariants } from '../recipes/offered-variants.svelte'

export type VariantStep = 'chat' | 'samples' | 'evaluate'

export interface VariantOption {
  /** Identifies the variant, even if its name changes. */
  readonly key: string
  readonly entry: EvaluationVariant
  readonly origin: string
  /** Index among the added variants; null for one that the project offers. */
  readonly added: number | null
}

/**
 * The variants that Answers and Evaluate compare: variants that the project offers, and variants that the user added.
 */
export class VariantList {
  readonly buffer: EditBuffer<VariantSelection, VariantSelection>
  /** Selection while a change of several steps is made; null at other times. */
  private changing = $state.raw<VariantSelection | null>(null)
  private readonly selection = $derived.by(() => this.changing ?? this.buffer.draft)

  /** Keys of the variants that Chat asks, which only this page stores. */
  private readonly chatKeys = new SvelteSet(['base', 'post'])

  readonly options = $derived.by<readonly VariantOption[]>(() => {
    const sweep = defaultSweepOf(this.project.state.sweeps)
    const isAdded = (variant: Variant): boolean =>
      this.selection.added.some((entry) => isPlain(entry) && sameModel(entry.variant, variant))
    const fewShot = { variant: { kind: 'few-shot', name: FEW_SHOT_WORD }, origin: 'plain prompt' } as const
    const options = [...evaluatedChoices(this.offered.choices, sweep), fewShot]
      // A baseline that the user added before a sweep offers it stays as it was added.
      .filter(({ variant, origin }) => origin !== 'baseline' || !isAdded(variant))
      .map(({ variant, origin }): VariantOption => ({
        key: modelKey(variant),
        entry: { variant },
        origin,
        added: null
      }))
    for (const [added, entry] of this.selection.added.entries()) {
      const name = freeName(
        entry.variant.name,
        options.map(({ entry: { variant } }) => variant.name)
      )
      options.push({
        key: addedKey(name),
        entry: { ...entry, variant: { ...entry.variant, name } },
        origin: additionOrigin(entry),
        added
      })
    }
    return options
  })

  readonly chatted = $derived<VariantOption[]>(this.chosenIn('chat'))
  /** Variants of the next sample run. They have the run's own sampler and prompts. */
  readonly sampled = $derived<Variant[]>(this.chosenIn('samples').map(({ entry }) => entry.variant))
  readonly evaluated = $derived<EvaluationVariant[]>(this.chosenIn('evaluate').map(({ entry }) => entry))

  constructor(
    private readonly project: OpenProject,
    private readonly offered: OfferedVariants
  ) {
    this.buffer = new EditBuffer<VariantSelection, VariantSelection>(project, {
      name: 'the list of variants',
      overwrites: true,
      stored: ({ document }) => document.settings.variants,
      draftOf: (selection) => selection,
      valueOf: (selection) => selection,
      store: (here, variants, seen) =>
        project.client.pairs.update({ ...here, seen, changes: { settings: { variants } } })
    })
  }

  /** Makes Chat ask exactly the variants with these keys. */
  chat(keys: readonly string[]): void {
    this.chatKeys.clear()
    for (const key of keys) this.chatKeys.add(key)
  }

  private chosenIn(step: VariantStep): VariantOption[] {
    return this.options.filter((option) => this.isChosen(option, step))
  }

  /** Returns the reason why a step cannot ask a variant; null if it can. Samples and Chat have one sampler for all. */
  whyNot({ entry }: VariantOption, step: VariantStep): string | null {
    if (step !== 'evaluate' && !isPlain(entry)) return 'only in Evaluate'
    return step === 'chat' && isExternal(entry.variant) ? 'not in Chat' : null
  }

  isChosen(option: VariantOption, step: VariantStep): boolean {
    if (this.whyNot(option, step) !== null) return false
    if (step === 'chat') return this.chatKeys.has(option.key)
    const { leftOut, sampled } = this.selection
    if (leftOut.includes(option.key)) return false
    return !isOptional(option, step) || sampled.includes(option.key)
  }

  choose(option: VariantOption, step: VariantStep, chosen: boolean): void {
    const { name } = option.entry.variant
    if (step === 'chat') this.include([option], step, chosen)
    else this.record(chosen ? `choose ${name}` : `leave ${name} out`, () => this.include([option], step, chosen))
  }

  /** Makes variants take part, or not. */
  private include(options: readonly VariantOption[], step: VariantStep, chosen: boolean): void {
    if (step === 'chat') {
      for (const { key } of options)
        if (chosen) this.chatKeys.add(key)
        else this.chatKeys.delete(key)
      return
    }
    const { leftOut, sampled } = this.selection
    const without = (keys: readonly string[], removed: readonly VariantOption[]): string[] =>
      keys.filter((key) => removed.every((option) => option.key !== key))
    const only = options.filter((option) => isOptional(option, step))
    const others = options.filter((option) => !only.includes(option))
    this.edit({
      leftOut: chosen ? without(leftOut, options) : [...without(leftOut, others), ...others.map(({ key }) => key)],
      sampled: [...without(sampled, only), ...(chosen ? only.map(({ key }) => key) : [])]
    })
  }

  /**
   * Makes models take part in a step, with the sampler and the prompts of its run. Models that are not offered are
   * added.
   */
  add(models: readonly Variant[], step: VariantStep): void {
    const names = models.map(({ name }) => name).join(', ')
    const isOptionOf = ({ entry }: VariantOption, model: Variant): boolean =>
      isPlain(entry) && sameModel(entry.variant, model)
    this.record(`add ${names}`, () => {
      const missing = models.filter(
        (model, index) =>
          !this.options.some((option) => isOptionOf(option, model)) &&
          models.findIndex((other) => sameModel(other, model)) === index
      )
      this.edit({ added: [...this.selection.added, ...missing.map((variant) => ({ variant }))] })
      this.include(
        this.options.filter((option) => models.some((model) => isOptionOf(option, model))),
        step,
        true
      )
    })
  }

  /**
   * Stores an added variant.
   *
   * @param index its index among the added variants; null for a new one
   */
  store(index: number | null, entry: EvaluationVariant): void {
    const { name } = entry.variant
    const { added } = this.selection
    this.record(index === null ? `add ${name}` : `change ${name}`, () => {
      const before = this.keyOf(index)
      this.edit({ added: index === null ? [...added, entry] : added.with(index, entry) })
      this.renameKey(before, this.keyOf(index ?? added.length))
    })
  }

  remove(index: number): void {
    const { added } = this.selection
    const name = added[index]?.variant.name
    if (name === undefined) return
    const change = (): void => {
      this.renameKey(this.keyOf(index), null)
      this.edit({ added: added.toSpliced(index, 1) })
    }
    this.record(`remove ${name}`, change, `Removed ${name}`)
  }

  /** Returns the key of an added variant; null for none. */
  private keyOf(index: number | null): string | null {
    return this.options.find(({ added }) => added !== null && added === index)?.key ?? null
  }

  /** Moves the choice of a variant to its new key. A new variant takes part, also under the name of a removed one. */
  private renameKey(before: string | null, after: string | null): void {
    if (before !== null && this.chatKeys.delete(before) && after !== null) this.chatKeys.add(after)
    const leftOut = this.selection.leftOut
      .map((key) => (key === before ? after : key === after ? null : key))
      .filter((key) => key !== null)
    this.edit({ leftOut })
  }

  /** Returns the names of the variants without the added one at an index. */
  namesExcept(index: number | null): string[] {
    return this.options.flatMap(({ entry, added }) => (added !== null && added === index ? [] : [entry.variant.name]))
  }

  /** Makes a change that can be undone. */
  private record(what: string, change: () => void, message?: string): void {
    const before = this.buffer.draft
    this.changing = before
    change()
    const after = this.changing
    this.changing = null
    if (JSON.stringify(before) === JSON.stringify(after)) return
    this.buffer.edit(after, { what, ...(message !== undefined && { message }) })
  }

  private edit({ added = this.selection.added, ...keys }: Partial<VariantSelection>): void {
    const { leftOut, sampled } = this.selection
    // Fields are in the order of the schema, as main returns them, so that selections compare as text.
    const ordered = added.map((entry) => EvaluationVariant.safeParse(entry).data ?? entry)
    this.changing = { added: ordered, leftOut, sampled, ...keys }
  }
}

/** Reports whether a step asks an offered variant only if it was chosen. */
const isOptional = ({ entry, origin, added }: VariantOption, step: VariantStep): boolean =>
  added === null && (entry.variant.kind === 'few-shot' || (step === 'samples' && origin === 'baseline'))

function additionOrigin({ variant, sampling, ...frame }: EvaluationVariant): string {
  const parts = [
    ...(sampling === undefined ? [] : ['own sampler']),
    ...(['prefix', 'suffix', 'system', 'listed', 'prompting'] as const).filter((part) => frame[part] !== undefined)
  ]
  if (parts.length > 0) return parts.join(', ')
  return isExternal(variant) || variant.kind === 'baseline' ? variant.kind : 'added'
}
