import type { Rendering, SweepDocument } from '../../contract/documents/crc'
import { briefScoring } from '../../contract/documents/scored-by'
import type { ComparedSweep, SweepDifference } from '../../contract/documents/sweep-comparison'
import type { CheckpointReference } from '../../contract/model/checkpoint'
import { DEVICE_LABELS } from '../../contract/model/device'
import { elementAt } from '../../contract/model/look-up'
import { formatPercent, plural, rangeLabel } from '../../contract/words/format'
import { scoredByWords, scoreWords } from '../../contract/words/score-words'
import type { MatchedPrompt } from './matched-prompts'

export interface SweepWithLimit {
  readonly sweep: SweepDocument
  /** Share of post's validity that a selected range must keep. */
  readonly rho: number
  /** Summary of the full-answer check; null if no range was checked. */
  readonly check: ComparedSweep['check']
}

/** Names of the built-in prompt sets of both sweeps; null for other prompts. */
interface PromptSets {
  readonly a: string | null
  readonly b: string | null
}

/**
 * Lists the differences in settings between two sweeps in words, the most important first; empty if there are none.
 * @param matched prompts that both sweeps have
 */
export function whatDiffers(
  a: SweepWithLimit,
  b: SweepWithLimit,
  matched: readonly MatchedPrompt[],
  sets: PromptSets
): SweepDifference[] {
  const differing = (what: SweepDifference['what'], wordsOf: (side: SweepWithLimit) => string): SweepDifference[] => {
    const [inA, inB] = [wordsOf(a), wordsOf(b)]
    return inA === inB ? [] : [{ what, a: inA, b: inB }]
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
    ...differing('holdOutSplit', ({ sweep }) => splitWords(sweep)),
    ...differing('check', ({ check }) => checkWords(check)),
    ...differing('limit', ({ rho }) => formatPercent(rho)),
    ...differing('ranges', ({ sweep }) => scoredWords(sweep.ranges.length, sweep.preview?.ranges.length ?? 0, 'range')),
    ...differing('blends', ({ sweep: { uniformBlends, preview } }) =>
      scoredWords(uniformBlends.length, preview?.uniformBlends.length ?? 0, 'blend')
    ),
    ...differing('baselines', ({ sweep: { baselines } }) => scoredWords(baselines.length, 0, 'baseline')),
    ...differing('models', ({ sweep }) => modelsOf(sweep)),
    ...differing('what if', ({ sweep: { whatIf } }) =>
      whatIf.length === 0 ? 'not kept' : `kept for ${plural(whatIf.length, 'sampler')}`
    ),
    ...differing('program', ({ sweep }) => (sweep.programVersion === '' ? 'not recorded' : sweep.programVersion))
  ]
}

const splitWords = ({ holdOutSplit }: SweepDocument): string =>
  holdOutSplit === null
    ? 'all prompts'
    : `${plural(holdOutSplit.selection.length, 'prompt')}, seed ${holdOutSplit.seed}`

/** Describes a number of models with exact scores, and of models that a preview only estimated. */
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
    : `${plural(check.checkedCount, 'range')} checked, ${rejectedWords(check.rejected)} rejected`

const rejectedWords = (rejected: NonNullable<ComparedSweep['check']>['rejected']): string =>
  rejected.length === 0 ? 'none' : rejected.map(rangeLabel).join(', ')

function promptsDiffer(
  a: SweepDocument,
  b: SweepDocument,
  matched: readonly MatchedPrompt[],
  sets: PromptSets
): SweepDifference[] {
  if (matched.length === a.prompts.length && matched.length === b.prompts.length) return []
  const words = ({ prompts, scoredBy }: SweepDocument, set: string | null): string =>
    `${plural(prompts.length, scoreWords(scoredBy).prompt)}${set === null ? '' : ` of the built-in set ${set}`}`
  // Sets without a common prompt are described once.
  if (matched.length === 0)
    return [{ what: 'prompts', a: words(a, sets.a), b: `${words(b, sets.b)}, none of them in both` }]
  const sharedWords = ({ prompts }: SweepDocument): string => {
    const unshared = prompts.length - matched.length
    return unshared === 0 ? 'all in both' : `${unshared} here alone`
  }
  return [
    {
      what: 'prompts',
      a: `${words(a, sets.a)}, ${sharedWords(a)}`,
      b: `${words(b, sets.b)}, ${sharedWords(b)}`
    }
  ]
}

/** Compares checkpoints by fingerprint. Equal files in different folders count as the same checkpoint. */
function checkpointsDiffer(what: 'base' | 'post', a: CheckpointReference, b: CheckpointReference): SweepDifference[] {
  if (a.fingerprint === b.fingerprint) return []
  // Checkpoints with the same path are distinguished by fingerprint.
  const words = ({ path, fingerprint }: CheckpointReference): string =>
    a.path === b.path ? `${path} (fingerprint ${fingerprint.slice(0, 12)})` : path
  return [{ what, a: words(a), b: words(b) }]
}

/** Reports changed tokens: with an equal rendering, the tokenizer or its chat template has changed. */
function tokensDiffer(a: SweepDocument, b: SweepDocument, matched: readonly MatchedPrompt[]): SweepDifference[] {
  if (JSON.stringify(a.rendering) !== JSON.stringify(b.rendering)) return []
  const differing = matched.filter(({ inA, inB }) => {
    const [tokensA, tokensB] = [elementAt(a.prompts, inA, 'prompt').tokens, elementAt(b.prompts, inB, 'prompt').tokens]
    return tokensA.length !== tokensB.length || tokensA.some((token, index) => token !== tokensB[index])
  })
  const [first] = differing
  if (first === undefined) return []
  const words = ({ prompts }: SweepDocument, index: number): string => {
    const { length } = elementAt(prompts, index, 'prompt').tokens
    return `${plural(differing.length, 'prompt')} of the same text; the first has ${plural(length, 'token')}`
  }
  return [{ what: 'tokens', a: words(a, first.inA), b: words(b, first.inB) }]
}

const quoted = (text: string): string => (text === '' ? 'none' : JSON.stringify(text))

function argumentsOf({ templateArguments }: Rendering): string {
  const named = Object.entries(templateArguments).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return named.length === 0 ? 'none' : named.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(', ')
}
