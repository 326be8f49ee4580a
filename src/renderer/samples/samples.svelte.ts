import { SvelteSet } from 'svelte/reactivity'
import { withKeptIdentities } from '../../contract/documents/kept-models'
import { isExternal } from '../../contract/model/model'
import type { Precision } from '../../contract/model/device'
import type { WeightStorage } from '../../contract/model/sampling'
import type { ProjectState } from '../../contract/documents/project'
import type {
  SampleEvent,
  SampleExportFormat,
  SampleProgress,
  SampleRun,
  SampleRunMeasures
} from '../../contract/documents/samples'
import { AnswerBoard } from '../answers/answers'
import { BlindComparisons } from './blind-comparisons.svelte'
import { saveText } from '../ui/save-file'
import { CharacterCheck } from './character-check.svelte'
import type { Client } from '../app/connection'
import { BackgroundJob } from '../app/background-job.svelte'
import { ShownRun } from '../app/shown-run.svelte'
import type { VariantList } from '../answers/variant-list.svelte'
import { SamplePromptList } from './sample-prompts.svelte'
import { SampleSetupState } from './sample-setup.svelte'
import { type GenerationSpeed, RunSpeed } from '../answers/generation-speed.svelte'
import { type Complaint, resumable } from '../ui/complaint'
import { answersToMake } from '../../contract/words/answer-words'
import { capitalised } from '../../contract/words/format'
import { doneShare } from '../app/window-job'
import type { OpenProject } from '../app/open-project.svelte'

type SamplesTab = 'answers' | 'prompts' | 'check'

/** The present state of a running sample run. Each event replaces it, so that the view is updated. */
interface LiveRun {
  run: SampleRun
  board: AnswerBoard
  progress: SampleProgress
  weights: WeightStorage | null
  precision: Precision | null
}

interface StoredSamples {
  run: SampleRun
  board: AnswerBoard
  measures: SampleRunMeasures
}

const EXPORT_TYPES = {
  jsonl: 'application/jsonl',
  csv: 'text/csv',
  html: 'text/html'
} as const satisfies Record<SampleExportFormat, string>

/** State of the Samples view: the running or the shown sample run, with its tab, search and open cells. */
export class SamplesState extends ShownRun<Awaited<ReturnType<Client['samples']['get']>>> {
  tab = $state<SamplesTab>('answers')
  private stored = $state.raw<StoredSamples | null>(null)
  readonly shownRun = $derived.by<StoredSamples | null>(() => {
    const { stored } = this
    if (stored === null) return null
    const variants = withKeptIdentities(
      stored.run.variants,
      (variant) => variant,
      (_, variant) => variant,
      this.project.state.document
    )
    return variants === stored.run.variants ? stored : { ...stored, run: { ...stored.run, variants } }
  })
  query = $state('')
  readonly expanded = new SvelteSet<string>()

  readonly job: BackgroundJob<SampleEvent, LiveRun>
  readonly prompts: SamplePromptList
  readonly setup: SampleSetupState
  readonly check: CharacterCheck
  readonly blind: BlindComparisons

  readonly live = $derived.by(() => this.job.live)
  readonly answers = $derived<{ run: SampleRun; board: AnswerBoard } | null>(this.live ?? this.shownRun)
  readonly busy = $derived.by(() => this.job.busy)

  readonly shownTotal = $derived(
    this.shownRun === null
      ? 0
      : this.shownRun.run.prompts.length * this.shownRun.run.variants.length * this.shownRun.run.settings.sampleCount
  )

  readonly missing = $derived(this.shownRun === null ? 0 : this.shownTotal - this.shownRun.board.answerCount)
  /** True if the shown run can be resumed. A failed run without answers is started again, with the current settings. */
  readonly resumes = $derived.by(
    () => this.missing > 0 && (this.job.failure === null || this.missing < this.shownTotal)
  )

  /** Error of the last run. If it can be resumed, the hint names the button. */
  readonly failure = $derived.by<Complaint | null>(() => {
    const { failure, hasFailed } = this.job
    return failure !== null && (hasFailed || this.resumes) ? resumable(failure, 'finished answers are kept') : failure
  })

  /** Reason why no answers can be generated; null if they can. */
  readonly blocked = $derived.by(() => this.project.whyNot('generate', this.job))

  readonly plannedCount = $derived.by(
    () => this.prompts.drafts.length * this.variants.sampled.length * (this.setup.parsed?.settings?.sampleCount ?? 0)
  )

  readonly size = $derived.by(() => {
    const settings = this.setup.parsed?.settings
    if (!settings) return ''
    const answers = answersToMake({
      promptCount: this.prompts.drafts.length,
      variantCount: this.variants.sampled.length,
      sampleCount: settings.sampleCount
    })
    return `${answers}. ${capitalised(this.speed.describeDuration(settings, settings.maxTokens, this.plannedCount))}.`
  })

  /** Reason why the setup is incomplete; null if it can be run. */
  readonly incomplete = $derived.by(() => {
    if (this.prompts.invalid !== null) {
      const { index, problem } = this.prompts.invalid
      return `${index === null ? 'The prompts need' : `Prompt ${index + 1} needs`} attention: ${problem}.`
    }
    if (this.variants.sampled.length === 0) return 'Choose at least one variant.'
    if (this.variants.sampled.length > 20) return 'Choose at most 20 variants.'
    if (this.setup.parsed?.settings === null) return 'Some settings need attention.'
    return null
  })

  private attached = false
  private runSpeed = new RunSpeed()

  /**
   * @param variants variants to choose from.
   * @param speed of generating
   */
  constructor(
    project: OpenProject,
    readonly variants: VariantList,
    readonly speed: GenerationSpeed
  ) {
    super(project, 'samples')
    this.job = new BackgroundJob<SampleEvent, LiveRun>(project, {
      kind: 'samples',
      holdsEngine: 'Answers are being generated',
      describeProgress: ({ progress: { samplesDone, samplesTotal, secondsLeft } }) => ({
        name: 'Samples',
        share: doneShare(samplesDone, samplesTotal),
        secondsLeft
      }),
      calls: () => project.client.samples,
      advance: (live, event) => this.advance(live, event),
      draw: (live) => ({ ...live }),
      ended: (_, live) => this.ended(live)
    })
    this.prompts = new SamplePromptList(project)
    this.setup = new SampleSetupState(project)
    this.check = new CharacterCheck(project, this)
    this.blind = new BlindComparisons(project, () => this.shownRun)
    project.onChange((state, before) => this.followState(state, before))
  }

  protected get shownId(): string | null {
    return this.stored?.run.id ?? null
  }

  protected inOrder({ sampleRuns }: ProjectState): ProjectState['sampleRuns'] {
    return sampleRuns
  }

  /** @param wanted id of another run to show than the newest unseen one */
  async attach(wanted: string | null): Promise<void> {
    const first = !this.attached
    this.attached = true
    this.prompts.attach()
    void this.setup.attach()
    void this.check.load()
    const stored = await this.showUnseen(wanted)
    if (first && stored !== null) this.setup.adoptSettings(stored.run)
  }

  private followState(state: ProjectState, before: ProjectState): void {
    this.followList(state, before)
    const checked = before.running.includes('character check') && !state.running.includes('character check')
    if (checked && !this.check.busy) void this.check.load()
  }

  protected clear(): void {
    this.resetView()
    this.blind.showRun(null)
    this.stored = null
  }

  /** Resets search and open cells, for other answers. */
  private resetView(): void {
    this.query = ''
    this.expanded.clear()
  }

  protected read(runId: string, signal: AbortSignal): ReturnType<Client['samples']['get']> {
    const { here, client } = this.project
    return client.samples.get({ ...here, runId }, { signal })
  }

  protected readMore({ run }: { run: SampleRun }): void {
    void this.blind.updateVotes(run)
  }

  protected setShown({ run, samples, measures }: Awaited<ReturnType<Client['samples']['get']>>): void {
    const board = new AnswerBoard()
    board.add(samples)
    // For the same run with more answers, search and open cells stay.
    if (this.shownRun?.run.id !== run.id) {
      this.resetView()
      this.blind.showRun(run)
    }
    this.stored = { run, board, measures }
  }

  async start(): Promise<void> {
    const settings = this.setup.parsed?.settings
    if (this.blocked !== null || this.incomplete !== null || !settings) return
    const { here, client } = this.project
    await this.begin(() => client.samples.start({ ...here, settings, variants: this.variants.sampled }))
  }

  async startShown(): Promise<void> {
    if (this.tab === 'check') await this.check.start()
    else await this.start()
  }

  /** Resumes the shown run until every prompt and variant has its answers, and a number of further ones. */
  async addAnswers(count: number): Promise<void> {
    if (this.shownRun === null || this.blocked !== null) return
    const { here, client } = this.project
    const { id, settings } = this.shownRun.run
    await this.begin(() => client.samples.more({ ...here, runId: id, sampleCount: settings.sampleCount + count }))
  }

  private async begin(ask: () => Promise<unknown>): Promise<void> {
    this.tab = 'answers'
    await this.job.begin(async () => {
      await this.prompts.flush()
      await ask()
    })
  }

  private advance(live: LiveRun | null, event: SampleEvent): LiveRun | null {
    if (event.type === 'snapshot') {
      const { run, progress } = event
      this.runSpeed.update(progress)
      const board = new AnswerBoard()
      board.add(event.samples)
      // If the shown run gets more answers, search and open cells stay.
      if (this.shownRun?.run.id !== run.id) {
        this.resetView()
        this.blind.showRun(null)
      }
      return { run, board, progress, weights: run.weights, precision: run.precision }
    }
    if (live === null) return null
    if (event.type === 'progress') {
      const { progress, weights, precision } = event
      this.runSpeed.update(progress)
      return { ...live, progress, weights, precision }
    }
    if (event.type === 'samples') {
      live.board.add(event.finished)
      live.board.grow(event.growing)
    }
    return live
  }

  private async ended(live: LiveRun | null): Promise<void> {
    // Runs with external models do not predict the speed of the engine.
    if (live !== null && !live.run.variants.some(isExternal)) this.speed.remember(live.run.settings, this.runSpeed)
    this.runSpeed = new RunSpeed()
    await this.showStored(live?.run ?? null)
  }

  private async showStored(run: SampleRun | null): Promise<void> {
    await this.project.refresh()
    if (run !== null && this.project.state.sampleRuns.some(({ id }) => id === run.id)) await this.show(run.id)
  }

  expand(keys: readonly string[], open: boolean): void {
    for (const key of keys) {
      if (open) this.expanded.add(key)
      else this.expanded.delete(key)
    }
  }

  async export(format: SampleExportFormat): Promise<void> {
    const { here, client } = this.project
    const runId = this.shownRun?.run.id
    if (runId === undefined) return
    const file = await this.project.attempt(() => client.samples.export({ ...here, runId, format }))
    if (file !== null) saveText(file.fileName, file.content, EXPORT_TYPES[format])
  }
}
