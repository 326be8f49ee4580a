import type { Recipe } from '../../contract/model/recipe'
import type { ProbedModel, ProbeEvent } from '../../contract/procedures/probe'
import type { OpenProject } from '../app/open-project.svelte'
import { OwnJob } from '../app/own-job.svelte'

/** What base, post and a recipe would say next after a prompt. */
export class Probing {
  /** What was asked last, and what has come of it. */
  answers = $state.raw<{ prompt: string; of: Partial<Record<ProbedModel, ProbeEvent>> } | null>(null)
  readonly job: OwnJob<ProbeEvent>

  constructor(private readonly project: OpenProject) {
    this.job = new OwnJob<ProbeEvent>(project, {
      kind: null,
      holdsEngine: 'A recipe is being probed',
      elsewhere: null,
      tell: () => ({
        name: 'Probe',
        share: Object.keys(this.answers?.of ?? {}).length / 3,
        secondsLeft: null
      })
    })
  }

  async probe(recipe: Recipe, prompt: string): Promise<void> {
    if (prompt.trim() === '' || this.job.busy) return
    const of: Partial<Record<ProbedModel, ProbeEvent>> = {}
    this.answers = { prompt, of }
    await this.job.run(
      (signal) => this.project.client.probes.next({ ...this.project.here, recipe, prompt }, { signal }),
      (event) => {
        of[event.model] = event
        this.answers = { prompt, of: { ...of } }
      }
    )
  }

  /** Forgets what was asked. */
  close(): void {
    this.job.cancel()
    this.job.failure = null
    this.answers = null
  }
}
