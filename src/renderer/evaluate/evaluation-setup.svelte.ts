import type { GenerationSpeed, RunSpeed } from '../answers/generation-speed.svelte'
import { answersToMake } from '../../contract/words/answer-words'
import {
  type EvaluationRun,
  type EvaluationSetup as StoredSetup,
  type EvaluationVariant,
  type TaskEntry
} from '../../contract/documents/evaluation'
import { defaultSweepOf } from '../../contract/documents/answering-sweep'
import type { ProjectState } from '../../contract/documents/project'
import { ON_CPU, type Variant } from '../../contract/documents/samples'
import { MAX_TASK_CHARACTERS, type Task } from '../../contract/documents/task'
import { freeName } from '../../contract/model/free-name'
import { duplicateVariant, rangeVariant, renamedVariant, spreadOfRanges } from './evaluation-variants'
import {
  chooseComputation,
  type ComputationDraft,
  computingOf,
  draftOfComputing
} from '../answers/computation'
import { complaintOf, type Complaint } from '../ui/complaint'
import { formatBytes, plural } from '../ui/format'
import { needsBase } from '../../contract/model/sampling-baseline'
import { evaluatedChoices } from '../../contract/documents/variant-choices'
import { isExternal, modelKey, sameModel } from '../../contract/model/model'
import type { OfferedVariants } from '../recipes/offered-variants.svelte'
import { Autosave } from '../app/autosave'
import type { OpenProject } from '../app/open-project.svelte'
import type { Tasks } from '../app/tasks.svelte'

/** Of the ranges that are added for the proxy's sake. */
const SPREAD_SIZE = 6

const MAX_VARIANTS = 60

interface Choice {
  /** What it is known by while its name may change. */
  key: string
  entry: EvaluationVariant
  origin: string
  /** Its place among the added ones; null for those that the project offers. */
  added: number | null
}

const NOTHING_SET: StoredSetup = {
  taskId: null,
  sampleCount: '',
  embeddingModel: '',
  classifier: '',
  computing: ON_CPU,
  added: [],
  leftOut: []
}

/** The next evaluation: its task, its variants, and the answers of each to every prompt. The project keeps what the user has set of it. */
export class EvaluationSetupState {
  /** Whether it is known what an earlier evaluation compared: before that, nothing of it can be said or run. */
  ready = $state(false)
  readonly tasks = $derived.by<readonly TaskEntry[]>(() => this.kept.list)
  private draft = $state.raw<StoredSetup>(NOTHING_SET)
  dirty = $state(false)
  /** Whether saving failed: the next edit, or leaving the pair, tries again. */
  waits = $state(false)
  readonly unsaved = 'it could not be saved.'
  private readonly autosave = new Autosave(() => this.flush())
  /** Where and how answers are computed. */
  readonly computation = $derived.by<ComputationDraft>(() => draftOfComputing(this.draft.computing))
  /** Why a file could not be read as a task. */
  importFailure = $state.raw<Complaint | null>(null)

  /** Whether it is the project's own, or was written for models such as the pair's. */
  private readonly suits = ({ task, origin }: TaskEntry): boolean =>
    origin !== 'builtin' ||
    task.id.startsWith('demo-') === (this.project.state.document.location.kind === 'demo')
  /** Null also while it is not known which one was evaluated last. */
  readonly task = $derived.by<Task | null>(() => {
    const first = this.ready ? (this.tasks.find(this.suits) ?? this.tasks[0]) : undefined
    return (this.tasks.find(({ task }) => task.id === this.taskId) ?? first)?.task ?? null
  })

  readonly choices = $derived.by<Choice[]>(() => {
    const answering = defaultSweepOf(this.project.state.sweeps)
    const offered = evaluatedChoices(this.offered.choices, answering).map(({ variant, origin }): Choice => ({
      key: modelKey(variant),
      entry: { variant },
      origin,
      added: null
    }))
    const choices = [...offered]
    for (const [added, entry] of this.draft.added.entries()) {
      const name = freeName(
        entry.variant.name,
        choices.map(({ entry: { variant } }) => variant.name)
      )
      // The names of added ones are their own, and stay.
      choices.push({
        key: `added ${name}`,
        entry: renamedVariant(entry, name),
        origin: describeAddition(entry),
        added
      })
    }
    return choices
  })

  readonly variants = $derived<EvaluationVariant[]>(
    this.choices.flatMap((choice) => (this.isChosen(choice) ? [choice.entry] : []))
  )

  /** The task as it will run. */
  readonly runTask = $derived.by<Task | null>(() => {
    if (this.task === null || this.countProblem !== null) return null
    const { settings } = this.task
    return {
      ...this.task,
      settings:
        this.sampleCount.trim() === '' ? settings : { ...settings, sampleCount: Number(this.sampleCount) }
    }
  })

  readonly countProblem = $derived.by(() => {
    if (this.sampleCount.trim() === '') return null
    const count = Number(this.sampleCount)
    return Number.isInteger(count) && count >= 1 && count <= 100_000
      ? null
      : 'needs a whole number from 1 to 100,000'
  })

  /** Why the setup cannot be run as it is; null when it can. */
  readonly incomplete = $derived.by(() => {
    if (!this.ready) return 'The last evaluation is being read.'
    if (this.task === null) return 'Choose a task.'
    if (this.countProblem !== null) return `Answers per prompt ${this.countProblem}.`
    if (this.variants.length === 0) return 'Choose at least one variant.'
    if (this.variants.length > MAX_VARIANTS) return `Choose at most ${MAX_VARIANTS} variants.`
    return null
  })

  /** How much will be generated, in words. */
  readonly size = $derived.by(() => {
    if (this.runTask === null) return ''
    const { prompts, settings } = this.runTask
    const count = this.variants.length
    const doubled = this.variants.filter(
      ({ variant }) => variant.kind === 'baseline' && needsBase(variant.baseline)
    ).length
    const twice =
      doubled === 0 ? '' : `; ${plural(doubled, 'variant')} computed by base and post, twice the work`
    const asked = answersToMake({
      promptCount: prompts.length,
      variantCount: count,
      sampleCount: settings.sampleCount
    })
    const most = this.speed.most(
      computingOf(this.computation),
      settings.maxTokens,
      prompts.length * (count + doubled) * settings.sampleCount
    )
    return `${asked}${twice} · ${most}`
  })

  /** @param offered variants to choose from @param kept tasks to choose from @param speed of generating */
  constructor(
    private readonly project: OpenProject,
    private readonly offered: OfferedVariants,
    private readonly kept: Tasks,
    private readonly speed: GenerationSpeed
  ) {
    this.show(project.state)
    project.onChange((state) => {
      if (!this.dirty) this.show(state)
    })
  }

  get taskId(): string | null {
    return this.draft.taskId
  }
  set taskId(taskId: string | null) {
    this.edit({ taskId })
  }

  /** As typed; empty: the task's own. */
  get sampleCount(): string {
    return this.draft.sampleCount
  }
  set sampleCount(sampleCount: string) {
    this.edit({ sampleCount })
  }

  /** Folder of a sentence-embedding model that compares the answers; empty: post itself. */
  get embeddingModel(): string {
    return this.draft.embeddingModel
  }
  set embeddingModel(embeddingModel: string) {
    this.edit({ embeddingModel })
  }

  /** Folder of a classifier that says which answers are the same; empty: none. */
  get classifier(): string {
    return this.draft.classifier
  }
  set classifier(classifier: string) {
    this.edit({ classifier })
  }

  /** Shows what the project keeps. */
  private show({ document }: Pick<ProjectState, 'document'>): void {
    const { evaluation } = document.settings
    if (evaluation !== undefined && JSON.stringify(evaluation) !== JSON.stringify(this.draft))
      this.draft = evaluation
  }

  private edit(changes: Partial<StoredSetup>): void {
    this.draft = { ...this.draft, ...changes }
    this.dirty = true
    this.autosave.soon()
  }

  /** Saves now what the user has set. */
  async flush(): Promise<void> {
    this.autosave.stop()
    if (!this.dirty || !this.project.writable) return
    const evaluation = this.draft
    const isSaved = await this.project.change({ settings: { evaluation } })
    this.waits = !isSaved
    if (isSaved && this.draft === evaluation) this.dirty = false
  }

  /** Hears how fast an evaluation has generated. */
  rememberSpeed({ computing }: EvaluationRun, speed: RunSpeed): void {
    this.speed.remember(computing, speed)
  }

  isChosen({ key }: Choice): boolean {
    return !this.draft.leftOut.includes(key)
  }

  choose({ key, entry }: Choice, chosen: boolean): void {
    const { name } = entry.variant
    this.do(chosen ? `choose ${name} to evaluate` : `leave ${name} out of the evaluation`, () => {
      const others = this.draft.leftOut.filter((other) => other !== key)
      this.edit({ leftOut: chosen ? others : [...others, key] })
    })
  }

  /** Changes which variants take part, so that it can be undone. */
  private do(what: string, change: () => void, message?: string): void {
    const variants = (): Pick<StoredSetup, 'added' | 'leftOut'> => {
      const { added, leftOut } = this.draft
      return { added, leftOut }
    }
    const before = variants()
    change()
    const after = variants()
    this.project.history.record({
      what,
      undo: () => this.edit(before),
      redo: () => this.edit(after),
      ...(message === undefined ? {} : { message })
    })
  }

  /** The sweep of the character task that the pair answers with. */
  readonly proxySweep = $derived.by(() =>
    defaultSweepOf(this.project.state.sweeps.filter(({ scoredBy }) => scoredBy.kind === 'crc'))
  )

  compute(choice: Partial<ComputationDraft>): void {
    this.edit({ computing: computingOf(chooseComputation(this.computation, choice)) })
  }

  /** Adds ranges of that sweep of the character task, spread over its diversity; those that are there already take part again. */
  async addSpread(): Promise<void> {
    const { here, client } = this.project
    const sweepId = this.proxySweep?.id
    if (sweepId === undefined) return
    const sweep = await this.project.attempt(() => client.sweeps.get({ ...here, sweepId }))
    if (sweep === null) return
    const wanted = spreadOfRanges(sweep.ranges, SPREAD_SIZE).map((range) => rangeVariant(range, sweep))
    const missing = wanted.filter(
      (range) => !this.choices.some(({ entry }) => sameModel(range.variant, entry.variant))
    )
    this.do('add a spread of ranges', () => {
      const keys = this.choices.flatMap(({ key, entry }) =>
        wanted.some((range) => sameModel(range.variant, entry.variant)) ? [key] : []
      )
      const { added, leftOut } = this.draft
      this.edit({ added: [...added, ...missing], leftOut: leftOut.filter((key) => !keys.includes(key)) })
    })
  }

  /** Has a variant take part, added where it is not offered. */
  include(entry: EvaluationVariant): void {
    const there = this.choices.find((choice) => sameModel(choice.entry.variant, entry.variant))
    if (there === undefined) this.put(null, entry)
    else if (!this.isChosen(there)) this.choose(there, true)
  }

  /** Those of other variants that are not among the choices. */
  missingOf(others: readonly Variant[]): Variant[] {
    return others.filter((variant) => !this.choices.some(({ entry }) => sameModel(entry.variant, variant)))
  }

  /** Names of the variants there are, but for the added one at a place. */
  takenNames(except: number | null): string[] {
    return this.choices.flatMap(({ entry, added }) =>
      added !== null && added === except ? [] : [entry.variant.name]
    )
  }

  /** A copy to be sampled otherwise; it takes part once it is put. */
  duplicate(entry: EvaluationVariant): EvaluationVariant {
    return duplicateVariant(entry, this.takenNames(null))
  }

  /** Puts a variant in place of an added one, or behind them. */
  put(place: number | null, entry: EvaluationVariant): void {
    const { name } = entry.variant
    this.do(place === null ? `add ${name}` : `change ${name}`, () => {
      const { added } = this.draft
      this.edit({ added: place === null ? [...added, entry] : added.with(place, entry) })
    })
  }

  remove(place: number): void {
    const { added } = this.draft
    const name = added[place]?.variant.name
    if (name === undefined) return
    this.do(`remove ${name}`, () => this.edit({ added: added.toSpliced(place, 1) }), `Removed ${name}`)
  }

  /**
   * Goes on from an earlier evaluation where the user has set nothing: its task, its number of answers, and how they are computed. Its
   * variants are not taken: those are what the newest sweep selects, what is kept, and what the user adds.
   */
  follow({ task, embeddingModel, classifier, computing }: EvaluationRun): void {
    if (this.project.state.document.settings.evaluation !== undefined || this.dirty) return
    const own = this.tasks.find((entry) => entry.task.id === task.id)?.task.settings.sampleCount
    const { sampleCount } = task.settings
    this.draft = {
      ...this.draft,
      classifier: classifier?.path ?? '',
      computing,
      embeddingModel: embeddingModel?.path ?? '',
      ...(own !== undefined && {
        taskId: task.id,
        sampleCount: sampleCount === own ? '' : String(sampleCount)
      })
    }
  }

  /** The task that a file holds; null, and a complaint, when it is none. */
  async readTask(file: File): Promise<Task | null> {
    this.importFailure = null
    if (file.size > MAX_TASK_CHARACTERS) {
      const message = `${file.name} has ${formatBytes(file.size)}; at most ${formatBytes(MAX_TASK_CHARACTERS)} are read as a task.`
      this.importFailure = { code: 'bad-file', message }
      return null
    }
    try {
      return await this.project.client.evaluations.readTask({
        fileName: file.name,
        content: await file.text()
      })
    } catch (error) {
      this.importFailure = complaintOf(error)
      return null
    }
  }

  /** Keeps a task in the project and chooses it. False when it could not be saved. */
  async saveTask(task: Task): Promise<boolean> {
    if (!(await this.kept.save(task))) return false
    this.taskId = task.id
    return true
  }
}

function describeAddition({ variant, sampling, ...frame }: EvaluationVariant): string {
  const own = [
    ...(sampling === undefined ? [] : ['own sampler']),
    ...(['prefix', 'suffix', 'system', 'listed'] as const).filter((part) => frame[part] !== undefined)
  ]
  if (own.length > 0) return own.join(', ')
  return isExternal(variant) ? variant.kind : 'added'
}
