import { z } from 'zod'
import { freeName } from './free-name'

/** Ways of prompting that ask a model for varied answers. */
export const Prompting = z.enum(['verbalized-sampling', 'list-then-pick', 'regeneration'])
export type Prompting = z.infer<typeof Prompting>

/** Number of answers that a prompting lists in a text, or generates before it begins again. */
export const PROMPTED_ANSWERS = 5

interface PromptingFacts {
  /** Text that follows the name of a variant. */
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

/** Returns the end of a variant's name: its prompting, or that it has settings. */
export const variantEnding = (prompting: Prompting | ''): string =>
  prompting === '' ? ' + decoding' : `, ${PROMPTINGS[prompting].label}`

/** Renames a variant after its new prompting, unless the user has named it. */
export function renamedVariant(
  name: string,
  [before, after]: readonly [Prompting | '', Prompting | ''],
  taken: readonly string[]
): string {
  const ending = variantEnding(before)
  return name.endsWith(ending) ? freeName(`${name.slice(0, -ending.length)}${variantEnding(after)}`, taken) : name
}
