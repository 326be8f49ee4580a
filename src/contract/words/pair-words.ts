import type { PairState } from '../documents/project'

/** Why nothing that takes prompts can be computed of a pair, as it follows “cannot be computed:”; null where it can, and while nobody has looked at its folders. */
export function unusableWords({ pair, pairProblem }: PairState): string | null {
  if (pairProblem !== null) return pairProblem.message
  if (pair === null) return null
  if (!pair.compatible) return 'base and post do not fit together.'
  return pair.post.hasTokenizer ? null : `${tokenizerWords(pair)}, and prompts need one.`
}

/** Whose tokenizer is missing where post has none. */
export const tokenizerWords = ({ base }: NonNullable<PairState['pair']>): string =>
  base.hasTokenizer ? 'Post has no tokenizer.json' : 'Neither base nor post has a tokenizer.json'
