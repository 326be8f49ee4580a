import { SvelteSet } from 'svelte/reactivity'
import {
  type EvaluationRun,
  type EvaluationVariant,
  type TaskEntry
} from '../../contract/documents/evaluation'
import { MAX_TASK_CHARACTERS, type Task } from '../../contract/documents/task'
import { freeName } from '../../contract/model/free-name'
import type { ProjectState } from '../../contract/documents/project'
import { duplicateVariant, rangeVariant, renamedVariant, spreadOfRanges } from './evaluation-variants'
import { complaintOf, type Complaint } from '../ui/complaint'
import { formatBytes, plural } from '../ui/format'
import { usableCheckpoints } from '../recipes/other-checkpoints'
import { modelKey, sameModel } from '../../contract/model/model'
import { variantChoices } from '../recipes/variants'
import type { Workbench } from '../app/workbench.svelte'

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

/** What the next evaluation will be: its task, its variants, and the answers of each to every prompt. */
export class EvaluationSetup {
  /** Whether it is known what an earlier evaluation compared: before that, nothing of it can be said or run. */
  ready = $state(false)
  tasks = $state.raw<readonly TaskEntry[]>([])
  taskId = $state<string | null>(null)
  /** Folder of a sentence-embedding model that compares the answers; empty: post itself. */
  embeddingModel = $state('')
  /** As typed; empty: the task's own. */
  sampleCount = $state('')
  /** Why a file could not be read as a task. */
  importFailure = $state.raw<Complaint | null>(null)
  /** Ranges of a spread, and copies with a sampler or a prefix of their own. */
  private added = $state.raw<readonly EvaluationVariant[]>([])
  private readonly leftOut = new SvelteSet<string>()

  readonly task = $derived<Task | null>(
    (this.tasks.find(({ task }) => task.id === this.taskId) ?? this.tasks[0])?.task ?? null
  )

  readonly choices = $derived.by<Choice[]>(() => {
    const { project, ranges } = this.workbench
    if (project === null) return []
    const newest = project.sweeps[0]
    const selected =
      newest !== undefined && ranges.sweep?.id === newest.id
        ? (ranges.selection?.selected ?? null)
        : (newest?.selected ?? null)
    const offered = variantChoices(project.document.recipes, usableCheckpoints(project), selected).map(
      ({ variant, origin }): Choice => ({
        key: modelKey(variant),
        entry: { variant },
        origin,
        added: null
      })
    )
    const choices = [...offered]
    for (const [added, entry] of this.added.entries()) {
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
    this.choices.flatMap(({ key, entry }) => (this.leftOut.has(key) ? [] : [entry]))
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
    return `${plural(prompts.length, 'prompt')} × ${plural(count, 'variant')} × ${settings.sampleCount} = ${plural(prompts.length * count * settings.sampleCount, 'answer')}`
  })

  constructor(private readonly workbench: Workbench) {}

  reset(): void {
    this.ready = false
    this.tasks = []
    this.taskId = null
    this.sampleCount = ''
    this.embeddingModel = ''
    this.added = []
    this.importFailure = null
    this.leftOut.clear()
  }

  async adopt({ path }: ProjectState): Promise<void> {
    const tasks = await this.workbench.attempt(() => this.workbench.client.evaluations.tasks({ path }))
    if (tasks !== null && this.workbench.project?.path === path) this.tasks = tasks
  }

  isChosen({ key }: Choice): boolean {
    return !this.leftOut.has(key)
  }

  choose({ key }: Choice, chosen: boolean): void {
    if (chosen) this.leftOut.delete(key)
    else this.leftOut.add(key)
  }

  /** The newest sweep of the character task. */
  readonly proxySweep = $derived.by(() =>
    this.workbench.project?.sweeps.find(({ scoredBy }) => scoredBy.kind === 'crc')
  )

  /** Adds ranges of the newest sweep of the character task, spread over its diversity; those that are there already take part again. */
  async addSpread(): Promise<void> {
    const path = this.workbench.project?.path
    const sweepId = this.proxySweep?.id
    if (path === undefined || sweepId === undefined) return
    const sweep = await this.workbench.attempt(() => this.workbench.client.sweeps.get({ path, sweepId }))
    if (sweep === null) return
    const wanted = spreadOfRanges(sweep.ranges, SPREAD_SIZE).map(rangeVariant)
    for (const { key, entry } of this.choices) {
      if (wanted.some((range) => sameModel(range.variant, entry.variant))) this.leftOut.delete(key)
    }
    this.added = [
      ...this.added,
      ...wanted.filter((range) => !this.choices.some(({ entry }) => sameModel(range.variant, entry.variant)))
    ]
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
    this.added = place === null ? [...this.added, entry] : this.added.with(place, entry)
  }

  remove(place: number): void {
    const { added } = this
    const removed = added[place]
    this.added = added.toSpliced(place, 1)
    if (removed === undefined) return
    this.workbench.offerUndo({
      message: `${removed.variant.name} removed.`,
      undo: () => (this.added = added)
    })
  }

  /** Sets up what a stored evaluation was: its task, its variants and its number of answers. */
  follow({ task, variants, embeddingModel }: EvaluationRun): void {
    this.embeddingModel = embeddingModel?.path ?? ''
    const known = this.tasks.find((entry) => entry.task.id === task.id)
    if (known === undefined) return
    this.taskId = task.id
    const { sampleCount } = task.settings
    this.sampleCount = sampleCount === known.task.settings.sampleCount ? '' : String(sampleCount)
    const offered = this.choices.filter(({ added }) => added === null)
    const isOf = ({ entry }: Choice, { variant, sampling, prefix }: EvaluationVariant): boolean =>
      sampling === undefined && prefix === undefined && sameModel(entry.variant, variant)
    this.added = variants.filter((variant) => !offered.some((choice) => isOf(choice, variant)))
    this.leftOut.clear()
    for (const choice of offered) {
      if (!variants.some((variant) => isOf(choice, variant))) this.leftOut.add(choice.key)
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
      return await this.workbench.client.evaluations.readTask({
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
    const path = this.workbench.project?.path
    if (path === undefined) return false
    const tasks = await this.workbench.attempt(() =>
      this.workbench.client.evaluations.saveTask({ path, task })
    )
    if (tasks === null) return false
    this.tasks = tasks
    this.taskId = task.id
    return true
  }
}

function describeAddition({ sampling, prefix }: EvaluationVariant): string {
  const own = [sampling === undefined ? [] : ['own sampler'], prefix === undefined ? [] : ['prefix']].flat()
  return own.length === 0 ? 'added' : own.join(', ')
}
