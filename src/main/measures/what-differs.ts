import type { Rendering, SweepDocument } from '../../contract/documents/crc'
import { briefScoring } from '../../contract/documents/scored-by'
import type { ComparedSweep, SweepDifference } from '../../contract/documents/sweep-comparison'
import type { CheckpointReference } from '../../contract/model/checkpoint'
import { DEVICE_LABELS } from '../../contract/model/device'
import { elementAt } from '../../contract/model/look-up'
import { formatPercent, plural, rangeLabel } from '../../contract/words/format'
import { scoredByWords, scoreWords } from '../../contract/words/score-words'
import type { MatchedPrompt } from './matched-prompts'

/** A sweep, and the share of post's validity that its selection keeps. */
interface Limited {
  readonly sweep: SweepDocument
  readonly rho: number
  readonly check: ComparedSweep['check']
}

/** The built-in sets that the prompts of both are; null for none. */
interface PromptSets {
  readonly a: string | null
  readonly b: string | null
}

/** What two sweeps were not computed with alike, in the order in which it matters; empty where all of it is the same. */
export function whatDiffers(
  a: Limited,
  b: Limited,
  matched: readonly MatchedPrompt[],
  sets: PromptSets
): SweepDifference[] {
  const differing = (what: SweepDifference['what'], of: (side: Limited) => string): SweepDifference[] => {
    const [one, other] = [of(a), of(b)]
    return one === other ? [] : [{ what, a: one, b: other }]
  }
  return [
    ...promptsDiffer(a.sweep, b.sweep, matched, sets),
    ...differing('scored by', ({ sweep }) => scoredByWords(briefScoring(sweep.scoredBy))),
    ...differing('layers', ({ sweep }) => String(sweep.layerCount)),
    ...checkpointsDiffer('base', a.sweep.basePath, b.sweep.basePath),
    ...checkpointsDiffer('post', a.sweep.postPath, b.sweep.postPath),
    ...differing('restored to', ({ sweep: { source } }) =>
      source === null ? 'base' : `${source.name} (fingerprint ${source.fingerprint.slice(0, 12)})`
    ),
    ...differing('system prompt', ({ sweep }) => quoted(sweep.rendering.systemPrompt)),
    ...differing('template arguments', ({ sweep }) => argumentsOf(sweep.rendering)),
    ...differing('date', ({ sweep }) => sweep.rendering.date),
    ...differing('assistant prefix', ({ sweep }) => quoted(sweep.rendering.assistantPrefix)),
    ...differing('leading space', ({ sweep: { rendering } }) =>
      rendering.countLeadingSpace ? 'counted' : 'not counted'
    ),
    ...tokensDiffer(a.sweep, b.sweep, matched),
    ...differing('device', ({ sweep }) => DEVICE_LABELS[sweep.device]),
    ...differing('precision', ({ sweep }) => sweep.precision),
    ...differing('halves', ({ sweep: { halves } }) =>
      halves === null ? 'all prompts' : `${plural(halves.choose.length, 'prompt')}, seed ${halves.seed}`
    ),
    ...differing('check', ({ check }) => checkWords(check)),
    ...differing('limit', ({ rho }) => formatPercent(rho)),
    ...differing('ranges', ({ sweep: { ranges, preview } }) =>
      preview === null
        ? plural(ranges.length, 'range')
        : `${plural(ranges.length, 'range')}, ${preview.ranges.length} more only estimated`
    ),
    ...differing('blends', ({ sweep: { soup, preview } }) =>
      scoredWords(soup.length, preview?.soup.length ?? 0, 'blend')
    ),
    ...differing('rivals', ({ sweep: { rivals } }) => scoredWords(rivals.length, 0, 'rival')),
    ...differing('models', ({ sweep }) => modelsOf(sweep)),
    ...differing('what if', ({ sweep: { whatIf } }) =>
      whatIf.length === 0 ? 'not kept' : `kept for ${plural(whatIf.length, 'sampler')}`
    ),
    ...differing('program', ({ sweep }) =>
      sweep.programVersion === '' ? 'not recorded' : sweep.programVersion
    )
  ]
}

const scoredWords = (scored: number, estimated: number, what: string): string => {
  const more = estimated === 0 ? '' : `, ${estimated} more only estimated`
  return scored + estimated === 0 ? 'none' : `${plural(scored, what)}${more}`
}

const modelsOf = ({ recipes, checkpoints }: SweepDocument): string => {
  const parts = [
    ...(recipes.length === 0 ? [] : [plural(recipes.length, 'recipe')]),
    ...(checkpoints.length === 0 ? [] : [plural(checkpoints.length, 'checkpoint')])
  ]
  return parts.length === 0 ? 'none' : parts.join(', ')
}

const checkWords = (check: ComparedSweep['check']): string =>
  check === null
    ? 'not checked'
    : `${plural(check.checkedCount, 'range')} checked, ${check.rejected.length === 0 ? 'none' : check.rejected.map(rangeLabel).join(', ')} rejected`

function promptsDiffer(
  a: SweepDocument,
  b: SweepDocument,
  matched: readonly MatchedPrompt[],
  sets: PromptSets
): SweepDifference[] {
  if (matched.length === a.prompts.length && matched.length === b.prompts.length) return []
  const words = ({ prompts, scoredBy }: SweepDocument, set: string | null): string =>
    `${plural(prompts.length, scoreWords(scoredBy).prompt)}${set === null ? '' : ` of the built-in set ${set}`}`
  // Of sets that share nothing it is said once.
  if (matched.length === 0)
    return [{ what: 'prompts', a: words(a, sets.a), b: `${words(b, sets.b)}, none of them in both` }]
  const which = ({ prompts }: SweepDocument): string => {
    const own = prompts.length - matched.length
    return own === 0 ? 'all in both' : `${own} here alone`
  }
  return [{ what: 'prompts', a: `${words(a, sets.a)}, ${which(a)}`, b: `${words(b, sets.b)}, ${which(b)}` }]
}

/** Equal files in other places are the same. */
function checkpointsDiffer(
  what: 'base' | 'post',
  a: CheckpointReference,
  b: CheckpointReference
): SweepDifference[] {
  if (a.fingerprint === b.fingerprint) return []
  // At one place they are told apart by their fingerprints alone.
  const words = ({ path, fingerprint }: CheckpointReference): string =>
    a.path === b.path ? `${path} (fingerprint ${fingerprint.slice(0, 12)})` : path
  return [{ what, a: words(a), b: words(b) }]
}

/** Of one rendering, tokenizer or chat template have changed where the tokens have. */
function tokensDiffer(
  a: SweepDocument,
  b: SweepDocument,
  matched: readonly MatchedPrompt[]
): SweepDifference[] {
  if (JSON.stringify(a.rendering) !== JSON.stringify(b.rendering)) return []
  const differing = matched.filter(({ inA, inB }) => {
    const [one, other] = [
      elementAt(a.prompts, inA, 'prompt').tokens,
      elementAt(b.prompts, inB, 'prompt').tokens
    ]
    return one.length !== other.length || one.some((token, place) => token !== other[place])
  })
  const [first] = differing
  if (first === undefined) return []
  const words = ({ prompts }: SweepDocument, place: number): string =>
    `${plural(differing.length, 'prompt')} of the same text; the first has ${plural(elementAt(prompts, place, 'prompt').tokens.length, 'token')}`
  return [{ what: 'tokens', a: words(a, first.inA), b: words(b, first.inB) }]
}

const quoted = (text: string): string => (text === '' ? 'none' : JSON.stringify(text))

function argumentsOf({ templateArguments }: Rendering): string {
  const named = Object.entries(templateArguments).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return named.length === 0
    ? 'none'
    : named.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(', ')
}
