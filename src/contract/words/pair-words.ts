import { defaultSweepOf } from '../documents/answering-sweep'
import type { PairState, SweepSummary } from '../documents/project'
import { plural } from './format'

/** Shown for a project whose models lie elsewhere. Its results can be read, and nothing can be computed. */
export const MODELS_AWAY = 'The model folders are not on this machine.'

/** Reports whether the model folders of a pair do not exist here, unlike folders that exist but cannot be used. */
export const areModelsAway = ({ pairProblem }: Pick<PairState, 'pairProblem'>): boolean =>
  pairProblem?.code === 'models-away'

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

/** What a project has found, for a list that shows nothing else of it: the first of its pairs that was swept; null where none was. */
export function resultWords(
  pairs: readonly { readonly document: { readonly name: string }; readonly sweeps: readonly SweepSummary[] }[]
): string | null {
  const swept = pairs.flatMap(({ document: { name }, sweeps }) => {
    const sweep = defaultSweepOf(sweeps)
    return sweep === undefined ? [] : [{ name, sweep }]
  })
  const [first] = swept
  if (first === undefined) return null
  if (pairs.length === 1) return selectedWords(first.sweep)
  const others = swept.length === 1 ? '' : `, and ${plural(swept.length - 1, 'other pair')}`
  return `${first.name}: ${selectedWords(first.sweep)}${others}`
}

/** The verdict in one sentence. */
const selectedWords = ({ verdict }: SweepSummary): string => verdict?.headline ?? 'no range selected'
