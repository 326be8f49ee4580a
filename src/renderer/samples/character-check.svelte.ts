import type { ProjectState } from '../../contract/documents/project'
import type { SampledCrc } from '../../contract/documents/samples'
import { complaintOf, type Complaint } from '../ui/complaint'
import { samePrompts } from '../prompt-set/prompt-draft'
import { sameRecord } from '../ui/same-record'
import { type JobProgress, shareOf, type WindowJob } from '../app/window-job'
import type { Workbench } from '../app/workbench.svelte'

/** The character task scored from whole answers, beside the scores from first tokens. */
export class CharacterCheck implements WindowJob {
  readonly holdsEngine = 'The character task is being checked'
  readonly cancelling = false
  /** Answers done, of all; null while none are generated. */
  counts = $state.raw<{ done: number; total: number } | null>(null)
  /** The latest check, with what it came from. */
  result = $state.raw<SampledCrc | null>(null)
  failure = $state.raw<Complaint | null>(null)
  private running = $state.raw<AbortController | null>(null)

  readonly busy = $derived(this.running !== null)
  readonly progress = $derived.by<JobProgress | null>(() => {
    const { done, total } = this.counts ?? { done: 0, total: 1 }
    return this.busy ? { name: 'Character task', share: shareOf(done, total), secondsLeft: null } : null
  })

  /** Whether prompts or rendering have changed since the check. */
  readonly outdated = $derived.by(() => {
    const { project } = this.workbench
    if (project === null || this.result === null) return false
    return (
      !samePrompts(project.prompts, this.result.prompts) ||
      !sameRecord(project.document.rendering, this.result.rendering)
    )
  })

  constructor(private readonly workbench: Workbench) {}

  reset(): void {
    this.running?.abort()
    this.running = null
    this.counts = null
    this.result = null
    this.failure = null
  }

  /** Shows the check that the project keeps. */
  async adopt({ path }: ProjectState): Promise<void> {
    const result = await this.workbench.attempt(() => this.workbench.client.samples.crcScores({ path }))
    if (result !== null && path === this.workbench.project?.path) this.result = result
  }

  /** Generates answers to the character prompts from the chosen variants, and scores them. */
  async start(): Promise<void> {
    const { project, samples } = this.workbench
    const settings = samples.setup.parsed?.settings
    const { variants } = samples.setup
    if (project === null || samples.blocked !== null || !settings || variants.length === 0) return
    const running = new AbortController()
    this.running = running
    this.counts = null
    this.failure = null
    try {
      const events = await this.workbench.client.samples.scoreCrc(
        { path: project.path, settings, variants },
        { signal: running.signal }
      )
      for await (const event of events) {
        if (running.signal.aborted) break
        if (event.type === 'progress') this.counts = event
        else this.result = event.result
      }
    } catch (error) {
      if (!running.signal.aborted && this.workbench.connected) this.failure = complaintOf(error)
    }
    if (this.running === running) this.running = null
  }

  cancel(): void {
    this.running?.abort()
    this.running = null
  }
}
