import type { CategoryScore } from '../documents/crc'
import type { SourceComparison } from '../documents/source-comparison'
import type { RestoredTo } from '../model/checkpoint'
import type { LayerStrength } from '../model/recipe'
import { isPostLayer, sourcesOf } from '../model/strengths'
import { capitalised, formatDeltas, formatPercent, formatScore, plural, rangePhrase } from './format'
import { type NamedScoring, scoreWords } from './score-words'

/** Names the checkpoint of layers: `base`, `sft`. */
const sourceName = (source: RestoredTo): string => source?.name ?? 'base'

export const fromWords = (source: RestoredTo): string => (source === null ? '' : ` from ${source.name}`)

/** Names the checkpoints that layers are restored to: `base`, `sft`, `base or sft`. */
export function sourcesWords(layers: readonly LayerStrength[]): string {
  const ofBase = layers.some((layer) => layer.source === undefined && !isPostLayer(layer))
  const names = [...(ofBase ? ['base'] : []), ...sourcesOf(layers).map(({ name }) => name)]
  return names.length === 0 ? 'base' : names.join(' or ')
}

/** Summarises sweeps that restore layers to different checkpoints: the best of all and of each source. */
export function sourceLines(
  { best, sources, minimumValidity, promptCount, post, unseen }: SourceComparison,
  scoredBy: NamedScoring
): string[] {
  const words = scoreWords(scoredBy)
  const count = sources.reduce((sum, { rangeCount }) => sum + rangeCount, 0)
  const scores = ({ diversity, validity }: CategoryScore): string =>
    `${words.diversity} ${formatScore(diversity)} at ${words.validity} ${formatScore(validity)}`
  const origin = `${plural(count, 'range')} of ${plural(sources.length, 'source')}`
  const picked = `It was selected from ${origin} on the same ${plural(promptCount, words.prompt)}`
  const limits = `${words.validity} of at least ${formatScore(minimumValidity)}, and ${words.diversity} above post's`
  const first =
    best === null
      ? `No range of any source qualifies: ${limits} ${formatScore(post.diversity)}.`
      : `${capitalised(rangePhrase(best.range))} from ${sourceName(best.source)}: ${scores(best.range)} ` +
        `(post ${formatScore(post.diversity)}; gain ${formatDeltas(best.gain)} over resampled ${words.prompt}s)` +
        `${scoredBy.kind === 'task' ? '' : ', on first tokens only'}. ${picked}, ` +
        'which flatters it more than the best of one source.'
  const alone = sources.map(({ source, selected, wins }) => {
    const bestOfSource = selected === null ? 'no range qualifies' : `${rangePhrase(selected)}, ${scores(selected)}`
    const share = formatPercent(wins)
    const equal =
      best !== null && source?.fingerprint !== best.source?.fingerprint && areEqual(selected, best.range)
        ? ` It equals the best of all: of equal ranges, that from ${sourceName(best.source)} counts.`
        : ''
    return `From ${sourceName(source)}: ${bestOfSource}; the best of all in ${share} of the resamples.${equal}`
  })
  return [first, ...alone, unseenWords(unseen, words.prompt, words.diversity)]
}

/** Maximum rounding error of float32 products in another order. */
const ROUNDING = 1e-6

function areEqual(selected: SourceComparison['sources'][number]['selected'], best: CategoryScore): boolean {
  if (selected === null) return false
  return (
    Math.abs(selected.diversity - best.diversity) < ROUNDING && Math.abs(selected.validity - best.validity) < ROUNDING
  )
}

function unseenWords(unseen: SourceComparison['unseen'], prompt: string, diversity: string): string {
  if (unseen === null) return `Too few ${prompt}s for a cross-fitted score.`
  const { over, ofBase } = unseen
  const head =
    `Cross-fitted (selected on half the ${prompt}s, scored on the other half): ` +
    `${diversity} ${formatScore(over.diversity)} over all sources`
  if (ofBase === null) return `${head} (post ${formatScore(over.postDiversity)}).`
  const gain = over.diversity - ofBase.diversity
  return `${head}, ${formatScore(ofBase.diversity)} from base only (post ${formatScore(over.postDiversity)}): ${
    gain > 0 ? 'other sources add something on unseen prompts too.' : 'on unseen prompts other sources add nothing.'
  }`
}
