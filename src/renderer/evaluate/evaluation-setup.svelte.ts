import { suitsPair } from '../../contract/model/demo-pair'
import type { GenerationSpeed, RunSpeed } from '../answers/generation-speed.svelte'
import { answersToMake } from '../../contract/words/answer-words'
import {
  type EvaluationRun,
  type EvaluationSetup as StoredSetup,
  type TaskEntry
} from '../../contract/documents/evaluation'
import { defaultSweepOf } from '../../contract/documents/default-sweep'
import { ON_CPU } from '../../contract/documents/samples'
import type { Task } from '../../contract/documents/task'
import { rangeVariant, spreadOfRanges } from './evaluation-variants'
import { chooseComputation, type ComputationDraft, computingOf, draftOfComputing } from '../answers/computation'
import type { VariantList } from '../answers/variant-list.svelte'
import { complaintOf, type Complaint } from '../ui/complaint'
import { textOfFile } from '../ui/file-text'
import { capitalised, plural } from '../ui/format'
import { needsBase } from '../../contract/model/sampling-baseline'
import { EditBuffer } from '../app/edit-buffer.svelte'
import type { OpenProject } from '../app/open-project.svelte'
import type { Tasks } from '../app/tasks.svelte'

const SPREAD_SIZE = 6

const MAX_VARIANTS = 60

const NOTHING_SET: StoredSetup = {
  taskId: null,
  sampleCount: '',
  embeddingModel: '',
  classifier: '',
  computing: ON_CPU
}

/** Task, variants and other settings of the next evaluation. The project stores what the user has set. */
export class EvaluationSetupState {
  /** True once the settings of an earlier evaluation are loaded. Before that, none can run. */
  ready = $state(false)
  readonly tasks = $derived.by<readonly TaskEntry[]>(() => this.storedTasks.list)
  readonly buffer: EditBuffer<StoredSetup, StoredSetup | undefined>
  /** The settings as typed. An empty text stands for the number of the task, for post itself, and for no classifier. */
  readonly draft = $derived.by(() => this.buffer.draft)
  /** Device and number formats of the computation. */
  readonly computation = $derived.by<ComputationDraft>(() => draftOfComputing(this.draft.computing))
  importFailure = $state.raw<Complaint | null>(null)

  /** Reports whether a task belongs to the project, or suits the pair's kind of models. */
  private readonly suits = ({ task, origin }: TaskEntry): boolean => {
    const { location } = this.project.state.document
    return origin !== 'builtin' || suitsPair(task.id, location.kind === 'demo' ? location.pair : null)
  }
  /** Null also until the task of the last evaluation is loaded. */
  readonly task = $derived.by<Task | null>(() => {
    const first = this.ready ? (this.tasks.find(this.suits) ?? this.tasks[0]) : undefined
    return (this.tasks.find(({ task }) => task.id === this.draft.taskId) ?? first)?.task ?? null
  })

  readonly variants = $derived.by(() => this.list.evaluated)

  readonly runTask = $derived.by<Task | null>(() => {
    if (this.task === null || this.countProblem !== null) return null
    const { settings } = this.task
    return {
      ...this.task,
      settings:
        this.draft.sampleCount.trim() === '' ? settings : { ...settings, sampleCount: Number(this.draft.sampleCount) }
    }
  })

  readonly countProblem = $derived.by(() => {
    if (this.draft.sampleCount.trim() === '') return null
    const count = Number(this.draft.sampleCount)
    return Number.isInteger(count) && count >= 1 && count <= 100_000 ? null : 'needs a whole number from 1 to 100,000'
  })

  /** Reason why the setup is incomplete; null if it can be run. */
  readonly incomplete = $derived.by(() => {
    if (!this.ready) return 'The last evaluation is being read.'
    if (this.task === null) return 'Choose a task.'
    if (this.countProblem !== null) return `Answers per prompt ${this.countProblem}.`
    if (this.variants.length === 0) return 'Choose at least one variant.'
    if (this.variants.length > MAX_VARIANTS) return `Choose at most ${MAX_VARIANTS} variants.`
    return null
  })

  readonly plannedCount = $derived.by(
    () => (this.runTask?.prompts.length ?? 0) * this.variants.length * (this.runTask?.settings.sampleCount ?? 0)
  )

  readonly size = $derived.by(() => {
    if (this.runTask === null) return ''
    const { prompts, settings } = this.runTask
    const variantCount = this.variants.length
    const doubled = this.variants.filter(
      ({ variant }) => variant.kind === 'baseline' && needsBase(variant.baseline)
    ).length
    const { sampleCount } = settings
    const answers = answersToMake({ promptCount: prompts.length, variantCount, sampleCount })
    const durationWords = this.speed.describeDuration(
      computingOf(this.computation),
      settings.maxTokens,
      prompts.length * (variantCount + doubled) * sampleCount
    )
    const twice = ` ${plural(doubled, 'variant')} with base and post at once, twice the work each.`
    return `${answers}.${doubled === 0 ? '' : twice} ${capitalised(durationWords)}.`
  })

  /**
   * @param list variants that can be evaluated.
   * @param storedTasks tasks to choose from.
   * @param speed of generating
   */
  constructor(
    private readonly project: OpenProject,
    private readonly list: VariantList,
    private readonly storedTasks: Tasks,
    private readonly speed: GenerationSpeed
  ) {
    this.buffer = new EditBuffer<StoredSetup, StoredSetup | undefined>(project, {
      name: 'the setup',
      overwrites: true,
      stored: ({ document }) => document.settings.evaluation,
      draftOf: (setup, shown) => setup ?? shown ?? NOTHING_SET,
      valueOf: (draft) => draft,
      store: (here, evaluation, seen) =>
        project.client.pairs.update({ ...here, seen, changes: { settings: { evaluation } } })
    })
  }

  edit(changes: Partial<StoredSetup>): void {
    const merge = Object.keys(changes).join(' ')
    this.buffer.edit({ ...this.draft, ...changes }, { what: 'change the evaluation', merge })
  }

  /** Stores the speed of an evaluation, to estimate the next one. */
  rememberSpeed({ computing }: EvaluationRun, speed: RunSpeed): void {
    this.speed.remember(computing, speed)
  }

  /** The default sweep of the character task. */
  readonly proxySweep = $derived.by(() =>
    defaultSweepOf(this.project.state.sweeps.filter(({ scoredBy }) => scoredBy.kind === 'crc'))
  )

  compute(choice: Partial<ComputationDraft>): void {
    this.edit({ computing: computingOf(chooseComputation(this.computation, choice)) })
  }

  /** Adds ranges of that sweep as variants, spread over its diversity. */
  async addSpread(): Promise<void> {
    const { here, client } = this.project
    const sweepId = this.proxySweep?.id
    if (sweepId === undefined) return
    const sweep = await this.project.attempt(() => client.sweeps.get({ ...here, sweepId }))
    if (sweep === null) return
    const spread = spreadOfRanges(sweep.ranges, SPREAD_SIZE)
    this.list.add(
      spread.map((range) => rangeVariant(range, sweep)),
      'evaluate'
    )
  }

  /** Adopts task, number of answers and computation of an earlier evaluation. Called if the user has set nothing. */
  adoptSettings({ task, embeddingModel, classifier, computing }: EvaluationRun): void {
    if (this.project.state.document.settings.evaluation !== undefined) return
    const taskCount = this.tasks.find((entry) => entry.task.id === task.id)?.task.settings.sampleCount
    const { sampleCount } = task.settings
    this.buffer.suggest({
      ...this.draft,
      classifier: classifier?.path ?? '',
      computing,
      embeddingModel: embeddingModel?.path ?? '',
      ...(taskCount !== undefined && {
        taskId: task.id,
        sampleCount: sampleCount === taskCount ? '' : String(sampleCount)
      })
    })
  }

  /** Reads a task from a file; null with a complaint if the file has none. */
  async readTask(file: File): Promise<Task | null> {
    this.importFailure = null
    try {
      return await this.project.client.evaluations.readTask({
        fileName: file.name,
        content: await textOfFile(file)
      })
    } catch (error) {
      this.importFailure = complaintOf(error)
      return null
    }
  }

  /** Stores a task in the project and selects it. @returns false if it could not be saved */
  async saveTask(task: Task): Promise<boolean> {
    if (!(await this.storedTasks.save(task))) return false
    this.edit({ taskId: task.id })
    return true
  }
}
