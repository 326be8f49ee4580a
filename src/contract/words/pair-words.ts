import { defaultSweepOf } from '../documents/answering-sweep'
import type { PairState, SweepSummary } from '../documents/project'
import type { HeadlineState } from '../documents/headline'
import { formatScore, plural, rangePhrase } from './format'
import { scoreWords } from './score-words'

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

/** What is said before a range that is named with less than its numbers claim. */
const DOUBTS: Readonly<Record<HeadlineState, string>> = {
  holds: '',
  outdone: '',
  unchecked: '',
  fails: 'fails the check, ',
  family: 'one of a family, ',
  unstable: 'no range stands out, ',
  'not-worth-it': 'not worth restoring, ',
  guess: 'cannot tell which range, best guess ',
  none: '',
  'unfit-prompts': ''
}

function selectedWords({
  selected,
  source,
  scoredBy,
  post,
  best,
  bestAnswers,
  isPreview,
  headline
}: SweepSummary): string {
  if (headline?.state === 'unfit-prompts') return 'the prompts do not fit this model'
  const preview = isPreview ? ' by a preview' : ''
  const found = bestAnswers ?? best
  if (selected === null || found === null) return `no range selected${preview}`
  const words = scoreWords(scoredBy)
  const checked = scoredBy.kind === 'task' ? '' : bestAnswers === null ? ', not checked' : ' on whole answers'
  const outdone = headline?.outdone === true ? ', a rival does better' : ''
  return (
    `${headline === null ? '' : DOUBTS[headline.state]}${rangePhrase(selected, source)}${preview}: ${words.diversity} ${formatScore(post.diversity)} → ` +
    `${formatScore(found.diversity)} at ${words.validity} ${formatScore(found.validity)}${checked}${outdone}`
  )
}
