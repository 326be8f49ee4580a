import type { CharacterAnswers } from '../../../contract/words/first-finding'
import type { ProbeEvent } from '../../../contract/procedures/probe'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** Number of likeliest tokens to load. They contain all characters of the prompt, even for base. */
const TOP = 1000

/** Distributions of base's and post's answers to the first prompt, for the screen before the first sweep. */
export class FirstAnswers {
  answers = $state.raw<CharacterAnswers | null>(null)
  private readonly asking = new Latest<string>(() => this.project.left)

  constructor(private readonly project: OpenProject) {}

  /** Loads the answers once. If that fails, the screen has no answers, and the first sweep will report the reason. */
  async ask(): Promise<void> {
    const { prompts, document } = this.project.state
    const [prompt] = prompts
    if (prompt === undefined || this.answers !== null || this.asking.awaited === prompt.text) return
    try {
      const read = await this.asking.ask(prompt.text, (signal) => this.nextTokens(prompt.text, signal))
      if (read === null) return
      const { countLeadingSpace } = document.rendering
      const probabilities = (model: 'base' | 'post'): number[] | null => {
        const event = read.answer.find((each) => each.model === model)
        if (event?.type !== 'probed') return null
        return prompt.valid.map((character) =>
          event.top
            .filter(({ text }) => (countLeadingSpace ? text?.trimStart() : text) === character)
            .reduce((sum, { probability }) => sum + probability, 0)
        )
      }
      const [base, post] = [probabilities('base'), probabilities('post')]
      if (base === null || post === null) return
      this.answers = { category: prompt.category, characters: prompt.valid, base, post }
    } catch {
      // The request fails if a job starts meanwhile.
    }
  }

  private async nextTokens(prompt: string, signal: AbortSignal): Promise<ProbeEvent[]> {
    const { client, here } = this.project
    const events: ProbeEvent[] = []
    const stream = await client.probes.next({ ...here, recipe: null, prompt, top: TOP }, { signal })
    for await (const event of stream) events.push(event)
    return events
  }
}
