import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import type { ScoredBy } from '../../../contract/documents/scored-by'
import type { DeviceName, Precision } from '../../../contract/model/device'
import { modelOf, modelsOf } from '../../../contract/documents/swept-model'
import { weightsKey } from '../../../contract/model/model'
import { rivalKey } from '../../../contract/model/rival'
import { type Scorer, scorerOf } from '../task/scorer'

/** What makes a result of one sweep a result of another too, for one prompt and model of equal keys. */
export interface SweepIdentity {
  /** Of this program: another version may compute differently. */
  programVersion: string
  /** Fingerprints of the checkpoints. */
  base: string
  post: string
  layerCount: number
  modelKeys: readonly string[]
  scoredBy: ScoredBy
  prompts: readonly { key: string; validCount: number }[]
}

/** In what results were computed. Those of another device or precision differ more than a sweep should mix. */
export interface ComputedIn {
  device: DeviceName
  precision: Precision
}

/** What an interrupted or earlier sweep knows of this one. */
export interface EarlierResults extends ComputedIn {
  /** By prompt key: the scores of all models, in the order of the identity's models. */
  scores: ReadonlyMap<string, readonly PromptScore[]>
}

/** How far a stored score may be from its own probabilities, which are stored with nine digits. */
const STORED_TOLERANCE = 1e-6

/** Whether a score read from a file can be what this program computed: its numbers fit each other. */
export function isConsistent(score: PromptScore, validCount: number, scorer: Scorer): boolean {
  const { probabilities } = score
  if (probabilities.length !== validCount) return false
  if (!probabilities.every((p) => p >= 0 && p <= 1 + STORED_TOLERANCE)) return false
  const again = scorer.score(scorer.groupsOf(score))
  return MEASURES.every((measure) => {
    const [stored, computed] = [score[measure], again[measure]]
    if (stored === undefined || computed === undefined) return stored === computed
    return Math.abs(stored - computed) <= STORED_TOLERANCE * Math.max(1, computed)
  })
}

const MEASURES = [
  'validity',
  'diversity',
  'effectiveChoices',
  'precision',
  'distinctRight',
  'coverage',
  'effectiveAnswers',
  'continued'
] as const

/**
 * What a finished sweep knows of another one; null when nothing. A sweep that would only repeat it takes nothing either:
 * whoever sweeps the same again wants it computed again.
 */
export function resultsOfSweep(sweep: SweepDocument, identity: SweepIdentity): EarlierResults | null {
  const { layerCount, prompts } = sweep
  if (
    sweep.programVersion !== identity.programVersion ||
    sweep.basePath.fingerprint !== identity.base ||
    sweep.postPath.fingerprint !== identity.post ||
    layerCount !== identity.layerCount ||
    !isScoredAlike(sweep.scoredBy, identity.scoredBy)
  ) {
    return null
  }
  const known = new Map([
    ...modelsOf(sweep).map(
      ({ model, score }) => [weightsKey(modelOf(model, layerCount)), score.prompts] as const
    ),
    ...sweep.rivals.map(({ rival, prompts }) => [rivalKey(rival), prompts] as const)
  ])
  const repeats =
    prompts.length === identity.prompts.length &&
    prompts.every(({ key }, index) => key === identity.prompts[index]?.key) &&
    known.size === new Set(identity.modelKeys).size
  if (repeats) return null
  const validCounts = new Map(identity.prompts.map(({ key, validCount }) => [key, validCount]))
  const scorer = scorerOf(identity.scoredBy)
  const scores = new Map<string, readonly PromptScore[]>()
  for (const [index, { key }] of prompts.entries()) {
    const validCount = validCounts.get(key)
    if (validCount === undefined) continue
    const ofPrompt = identity.modelKeys.flatMap((model) => known.get(model)?.[index] ?? [])
    if (ofPrompt.length < identity.modelKeys.length) continue
    if (ofPrompt.every((score) => isConsistent(score, validCount, scorer))) scores.set(key, ofPrompt)
  }
  return scores.size === 0 ? null : { device: sweep.device, precision: sweep.precision, scores }
}

/** Keys of prompts tell how answers are drawn, but not for how many draws they are counted. */
function isScoredAlike(one: ScoredBy, other: ScoredBy): boolean {
  return one.kind === 'crc' || other.kind === 'crc' ? one.kind === other.kind : one.draws === other.draws
}

/** Joins what was computed in the same way; of different ways the one that knows more prompts. */
export function joinResults(found: readonly EarlierResults[]): EarlierResults | null {
  const joined = new Map<string, EarlierResults>()
  for (const results of found) {
    const way = `${results.device} ${results.precision}`
    const scores = new Map([...(joined.get(way)?.scores ?? []), ...results.scores])
    joined.set(way, { ...results, scores })
  }
  const [first, ...others] = joined.values()
  if (first === undefined) return null
  return others.reduce((best, other) => (other.scores.size > best.scores.size ? other : best), first)
}
