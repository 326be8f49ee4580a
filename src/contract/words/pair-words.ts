import { defaultSweepOf } from '../documents/default-sweep'
import type { PairState, SweepSummary } from '../documents/project'
import type { Verdict } from '../documents/verdict'
import { plural } from './format'

/** Notice for a project whose model folders are missing. Its results can be read, but nothing can be computed. */
export const MODELS_AWAY = 'The model folders are not on this machine.'

/** Reports whether the model folders of a pair do not exist here, unlike folders that exist but cannot be used. */
export const areModelsAway = ({ pairProblem }: Pick<PairState, 'pairProblem'>): boolean =>
  pairProblem?.code === 'models-away'

/** Returns the reason why a pair's prompts cannot be computed; null if they can, and until its folders are read. */
export function unusableWords({ pair, pairProblem }: PairState): string | null {
  if (pairProblem !== null) return pairProblem.message
  if (pair === null) return null
  if (!pair.compatible) return 'base and post do not fit together.'
  return pair.post.hasTokenizer ? null : `${tokenizerWords(pair)}, and prompts need one.`
}

export const tokenizerWords = ({ base }: NonNullable<PairState['pair']>): string =>
  base.hasTokenizer ? 'Post has no tokenizer.json' : 'Neither base nor post has a tokenizer.json'

/** Part of a pair that lists of projects use. */
interface NamedPair {
  readonly document: { readonly name: string }
  readonly sweeps: readonly SweepSummary[]
}

/** Returns the sweep whose verdict represents a project: the default sweep of its first swept pair, if any. */
export function resultOf<Pair extends NamedPair>(
  pairs: readonly Pair[]
): { readonly pair: Pair; readonly sweep: SweepSummary; readonly otherCount: number } | null {
  const swept = pairs.flatMap((pair) => {
    const sweep = defaultSweepOf(pair.sweeps)
    return sweep === undefined ? [] : [{ pair, sweep }]
  })
  const [first] = swept
  return first === undefined ? null : { ...first, otherCount: swept.length - 1 }
}

/** Describes a project's result. @param verdict on the sweep of {@link resultOf}; null without a selected range */
export function resultWords(pairs: readonly NamedPair[], verdict: Verdict | null): string | null {
  const result = resultOf(pairs)
  if (result === null) return null
  const words = verdict?.headline ?? 'no range selected'
  if (pairs.length === 1) return words
  const text = `${result.pair.document.name}: ${words}`
  // The count continues the sentence of the verdict.
  return result.otherCount === 0 ? text : `${text.replace(/\.$/, '')}, and ${plural(result.otherCount, 'other pair')}.`
}
