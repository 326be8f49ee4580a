import type { CharacterAnswers } from '../../../contract/words/first-finding'
import type { ProbeEvent } from '../../../contract/procedures/probe'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** Enough tokens for the characters of an alphabet among other likely answers of base. */
const TOP = 1000

/** Answers of base and post to the first prompt of a project, before anything is swept. */
export class FirstAnswers {
  answers = $state.raw<CharacterAnswers | null>(null)
  private readonly asking: Latest<string>

  constructor(private readonly project: OpenProject) {
    this.asking = new Latest(project.left)
  }

  /** Loads the answers once. After a failure the screen has none, and a sweep reports the reason. */
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
      // A job that starts ends the question.
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
