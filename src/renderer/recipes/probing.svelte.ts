import type { Recipe } from '../../contract/model/recipe'
import type { ProbedModel, ProbeEvent } from '../../contract/procedures/probe'
import type { OpenProject } from '../app/open-project.svelte'
import { StreamJob } from '../app/stream-job.svelte'

interface Probed {
  prompt: string
  /** Valid characters of the prompt; null for a prompt that is not of the project. */
  valid: readonly string[] | null
  byModel: Partial<Record<ProbedModel, ProbeEvent>>
}

/** The next tokens of base, post and a recipe after a prompt. */
export class Probing {
  /** The recipe that is compared with base and post; null for the range that was sent to Chat. */
  recipe = $state.raw<Recipe | null>(null)
  prompt: string
  /** The last question, and its answers so far. */
  answers = $state.raw<Probed | null>(null)
  readonly job: StreamJob<ProbeEvent>

  constructor(private readonly project: OpenProject) {
    this.prompt = $state(project.state.prompts[0]?.text ?? '')
    this.job = new StreamJob<ProbeEvent>(project, {
      kind: null,
      holdsEngine: 'A recipe is being probed',
      describeProgress: () => ({
        name: 'Probe',
        share: Object.keys(this.answers?.byModel ?? {}).length / 3,
        secondsLeft: null
      })
    })
  }

  async probe(recipe: Recipe, prompt: string): Promise<void> {
    if (prompt.trim() === '' || this.job.busy) return
    const byModel: Partial<Record<ProbedModel, ProbeEvent>> = {}
    const valid = this.project.state.prompts.find(({ text }) => text === prompt)?.valid ?? null
    this.answers = { prompt, valid, byModel }
    await this.job.run(
      (signal) => this.project.client.probes.next({ ...this.project.here, recipe, prompt }, { signal }),
      (event) => {
        byModel[event.model] = event
        this.answers = { prompt, valid, byModel: { ...byModel } }
      }
    )
  }

  /** Returns true if the whole token is a valid answer. */
  readonly isValid = (token: string | null): boolean => {
    const { countLeadingSpace } = this.project.state.document.rendering
    const answer = countLeadingSpace ? token?.trimStart() : token
    return this.answers?.valid?.some((character) => character === answer) === true
  }
}
