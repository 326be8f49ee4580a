import type { SampledCrc } from '../../contract/documents/samples'
import type { CrcScoreEvent } from '../../contract/procedures/groups/samples'
import { areSamePrompts } from '../prompt-set/prompt-draft'
import { sameRecord } from '../ui/same-record'
import type { OpenProject } from '../app/open-project.svelte'
import { StreamJob } from '../app/stream-job.svelte'
import { doneShare } from '../app/window-job'
import type { VariantList } from '../answers/variant-list.svelte'
import type { SampleSetupState } from './sample-setup.svelte'

/** The character task scored from full answers, beside the scores from first tokens. */
export class CharacterCheck {
  /** Number of generated answers and their total; null while none are generated. */
  counts = $state.raw<{ done: number; total: number } | null>(null)
  /** The latest check, with its prompts and settings. */
  result = $state.raw<SampledCrc | null>(null)
  readonly job: StreamJob<CrcScoreEvent>
  readonly busy = $derived.by(() => this.job.busy)

  /** True if prompts or rendering have changed since the check. */
  readonly outdated = $derived.by(() => {
    const { state } = this.project
    if (this.result === null) return false
    return (
      !areSamePrompts(state.prompts, this.result.prompts) ||
      !sameRecord(state.document.rendering, this.result.rendering)
    )
  })

  /** @param setup of the next run, whose sampler and variants are checked */
  constructor(
    private readonly project: OpenProject,
    private readonly next: { readonly setup: SampleSetupState; readonly variants: VariantList }
  ) {
    this.job = new StreamJob<CrcScoreEvent>(project, {
      kind: 'character check',
      holdsEngine: 'The character task is being checked',
      describeProgress: () => {
        const { done, total } = this.counts ?? { done: 0, total: 1 }
        return { name: 'Character task', share: doneShare(done, total), secondsLeft: null }
      }
    })
  }

  async load(): Promise<void> {
    const { here, client } = this.project
    const result = await this.project.attempt(() => client.samples.crcScores(here))
    if (result !== null) this.result = result
  }

  /** Generates answers of the selected variants to the character prompts, and scores them. */
  async start(): Promise<void> {
    const settings = this.next.setup.parsed?.settings
    const variants = this.next.variants.sampled.filter(({ kind }) => kind !== 'few-shot')
    if (this.project.whyNot('check') !== null || !settings || variants.length === 0) return
    this.counts = null
    const { here, client } = this.project
    await this.job.run(
      (signal) => client.samples.scoreCrc({ ...here, settings, variants }, { signal }),
      (event) => {
        if (event.type === 'progress') this.counts = event
        else this.result = event.result
      }
    )
  }
}
