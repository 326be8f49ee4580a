import { z } from 'zod'

/** Ways to ask a model for varied answers by its prompt alone. */
export const Prompting = z.enum(['verbalized-sampling', 'list-then-pick', 'regeneration'])
export type Prompting = z.infer<typeof Prompting>

/** Number of answers that a prompting lists in a text, or generates before it begins again. */
export const PROMPTED_ANSWERS = 5

interface PromptingFacts {
  /** Name behind that of a variant. */
  readonly label: string
  /** Text after every prompt. In regeneration it follows the earlier answers. */
  readonly suffix: string
  /** True if a text lists several answers, of which one counts. */
  readonly isList: boolean
}

export const PROMPTINGS: Readonly<Record<Prompting, PromptingFacts>> = {
  /** Zhang et al. 2025, arXiv 2510.01171. */
  'verbalized-sampling': {
    label: 'verbalized sampling',
    suffix:
      `\n\nGenerate ${PROMPTED_ANSWERS} answers, each within a separate <response> tag. Each <response> must include ` +
      'a <text> and a numeric <probability>. Sample them at random from the full distribution.',
    isList: true
  },
  'list-then-pick': {
    label: 'list then pick',
    suffix:
      `\n\nFirst list ${PROMPTED_ANSWERS} different answers, numbered. Then pick one of them at random, ` +
      'and write it on a last line that begins with "Pick:".',
    isList: true
  },
  /** Zhang et al. 2025, arXiv 2504.05228. */
  regeneration: {
    label: 'regeneration',
    suffix: '\n\nGive another answer, which differs from all earlier ones. Write only the answer.',
    isList: false
  }
}
