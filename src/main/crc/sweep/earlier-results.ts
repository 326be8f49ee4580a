import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import type { DeviceName, Precision } from '../../../contract/model/device'
import { modelOf, modelsOf } from '../../../contract/documents/swept-model'
import { weightsKey } from '../../../contract/model/model'

/** What makes a result of one sweep a result of another too, for one prompt and model of equal keys. */
export interface SweepIdentity {
  /** Of this program: another version may compute differently. */
  programVersion: string
  /** Fingerprints of the checkpoints. */
  base: string
  post: string
  layerCount: number
  modelKeys: readonly string[]
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
export function isConsistent(score: PromptScore, validCount: number): boolean {
  const { probabilities, validity, diversity, effectiveChoices } = score
  const sum = probabilities.reduce((total, p) => total + p, 0)
  return (
    probabilities.length === validCount &&
    probabilities.every((p) => p >= 0 && p <= 1 + STORED_TOLERANCE) &&
    Math.abs(sum - validity) <= STORED_TOLERANCE &&
    diversity >= 0 &&
    diversity <= 1 + STORED_TOLERANCE &&
    Math.abs(diversity * Math.log(validCount) - Math.log(effectiveChoices)) <= STORED_TOLERANCE
  )
}

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
    layerCount !== identity.layerCount
  ) {
    return null
  }
  const known = new Map(
    modelsOf(sweep).map(
      ({ model, score }) => [weightsKey(modelOf(model, layerCount)), score.prompts] as const
    )
  )
  const repeats =
    prompts.length === identity.prompts.length &&
    prompts.every(({ key }, index) => key === identity.prompts[index]?.key) &&
    known.size === new Set(identity.modelKeys).size
  if (repeats) return null
  const validCounts = new Map(identity.prompts.map(({ key, validCount }) => [key, validCount]))
  const scores = new Map<string, readonly PromptScore[]>()
  for (const [index, { key }] of prompts.entries()) {
    const validCount = validCounts.get(key)
    if (validCount === undefined) continue
    const ofPrompt = identity.modelKeys.flatMap((model) => known.get(model)?.[index] ?? [])
    if (ofPrompt.length < identity.modelKeys.length) continue
    if (ofPrompt.every((score) => isConsistent(score, validCount))) scores.set(key, ofPrompt)
  }
  return scores.size === 0 ? null : { device: sweep.device, precision: sweep.precision, scores }
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
