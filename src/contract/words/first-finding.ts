import { elementAt } from '../model/look-up'
import { formatPercent } from './format'

/** Probabilities of the valid characters after one prompt. */
export interface CharacterAnswers {
  /** Kind of character that the prompt asks for, such as a letter. */
  readonly category: string
  readonly characters: readonly string[]
  /** Probability of each character in base and in post. */
  readonly base: readonly number[]
  readonly post: readonly number[]
}

/** Returns the first sentences for a new user: the favourite character of post, and its share. */
export function firstFinding({ category, characters, base, post }: CharacterAnswers): {
  headline: string
  text: string
} {
  const favouriteIndex = post.indexOf(Math.max(...post))
  const favourite = elementAt(characters, favouriteIndex, 'character')
  // Spaces that do not break keep a share on one line.
  const share = (probabilities: readonly number[]): string =>
    `${favourite} ${formatPercent(elementAt(probabilities, favouriteIndex, 'probability'))}`.replaceAll(' ', '\u00A0')
  return {
    headline: `Your instruct model says ${favourite}.`,
    text:
      `Ask it for a random ${category} and it says ${share(post)} of the time. ` +
      `The base model says ${share(base)} of the time.`
  }
}

/** Explains the effect and the cost of restored layers. */
export const RESTORING =
  'Restoring layers to their base weights can bring the variety back. ' +
  'Some answers then go wrong. A sweep measures both for every range of layers.'
