import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import type { KnownPart } from '../../../contract/documents/known-part'
import type { ScoredBy } from '../../../contract/documents/scored-by'
import type { DeviceName, Precision } from '../../../contract/model/device'
import { modelOf, modelsOf, type SweptModel } from '../../../contract/documents/swept-model'
import { weightsKey } from '../../../contract/model/model'
import { rivalKey } from '../../../contract/model/rival'
import type { PromptSplit } from '../../../contract/procedures/engine'
import { type Scorer, scorerOf } from '../task/scorer'
import { multimap } from '../../../contract/model/multimap'

/** What makes a result of one sweep a result of another too, for one prompt and model of equal keys. */
export interface SweepIdentity {
  /** Of this program: another version may compute differently. */
  programVersion: string
  /** Fingerprints of the checkpoints. */
  base: string
  post: string
  layerCount: number
  modelKeys: readonly string[]
  /** So many of the last keys are of rivals. */
  rivalCount: number
  scoredBy: ScoredBy
  prompts: readonly { key: string; validCount: number }[]
}

/** In what results were computed. Those of another device or precision differ more than a sweep should mix. */
export interface ComputedIn {
  device: DeviceName
  precision: Precision
}

/** Scores of one prompt, by index into the identity's models: of all of them, or of those that were finished in time. */
export type ScoresByModel = ReadonlyMap<number, PromptScore>

/** How a sweep splits its prompts, see `PromptSplit`; groups are of prompt keys. */
export interface KeyedSplit {
  groups: readonly (readonly string[])[]
  rowBound: number
}

/** What an interrupted or earlier sweep knows of this one. */
export interface EarlierResults extends ComputedIn {
  /** By prompt key. */
  scores: ReadonlyMap<string, ScoresByModel>
  /** How an interrupted one split its prompts; null where that does not matter or is not known. */
  split: KeyedSplit | null
}

/**
 * How much of a sweep is known.
 *
 * @param modelsOf the models that are known of a prompt, by its key
 */
export function knownPart(
  { modelKeys, rivalCount, prompts }: SweepIdentity,
  modelsOf: (promptKey: string) => { readonly size: number; has(model: number): boolean } | undefined,
  split: KeyedSplit | null
): KnownPart {
  const isWhole = (key: string): boolean => modelsOf(key)?.size === modelKeys.length
  const modelCount = modelKeys.length - rivalCount
  const groups = split?.groups ?? []
  const begun = groups.flatMap((keys, index) => {
    const known = modelKeys
      .slice(0, modelCount)
      .filter((_, model) => keys.every((key) => modelsOf(key)?.has(model)))
    if (known.length === 0 || keys.every(isWhole)) return []
    return [{ models: known.length, modelCount, group: index + 1, groupCount: groups.length }]
  })
  return {
    prompts: prompts.filter(({ key }) => isWhole(key)).length,
    of: prompts.length,
    begun: begun[0] ?? null
  }
}

/**
 * What is left of an earlier split.
 *
 * @param missing keys of the prompts that are left, in the order of the indices that groups are to have
 * @returns undefined where other than whole groups are left, so that prompts have to be split anew
 */
export function restOfSplit(split: KeyedSplit | null, missing: readonly string[]): PromptSplit | undefined {
  if (split === null) return undefined
  const places = multimap(missing.map((key, place) => [key, place]))
  const groups = split.groups
    .map((keys) => ({ size: keys.length, left: keys.flatMap((key) => places.get(key)?.shift() ?? []) }))
    .filter(({ left }) => left.length > 0)
  const covered = groups.reduce((sum, { left }) => sum + left.length, 0)
  return covered === missing.length && groups.every(({ size, left }) => left.length === size)
    ? { groups: groups.map(({ left }) => left), rowBound: split.rowBound }
    : undefined
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
  if (!isComputedAlike(sweep, identity)) return null
  const { prompts } = sweep
  const known = knownScores(sweep)
  const repeats = holdsSweep(sweep, identity) && known.size === new Set(identity.modelKeys).size
  if (repeats) return null
  const validCounts = new Map(identity.prompts.map(({ key, validCount }) => [key, validCount]))
  const scorer = scorerOf(identity.scoredBy)
  const scores = new Map<string, ScoresByModel>()
  for (const [index, { key }] of prompts.entries()) {
    const validCount = validCounts.get(key)
    if (validCount === undefined) continue
    const ofPrompt = identity.modelKeys.flatMap((name, model): [number, PromptScore][] => {
      const score = known.get(name)?.[index]
      return score === undefined ? [] : [[model, score]]
    })
    if (ofPrompt.length > 0 && ofPrompt.every(([, score]) => isConsistent(score, validCount, scorer)))
      scores.set(key, new Map(ofPrompt))
  }
  return scores.size === 0 ? null : { device: sweep.device, precision: sweep.precision, scores, split: null }
}

/** Whether a finished sweep is another one, or that and more: the same prompts, and all of its models among those that were scored. */
export function holdsSweep(sweep: SweepDocument, identity: SweepIdentity): boolean {
  if (!isComputedAlike(sweep, identity) || !hasPrompts(sweep, identity)) return false
  const known = knownScores(sweep)
  return identity.modelKeys.every((key) => known.get(key)?.every((score) => score !== undefined) === true)
}

function isComputedAlike(sweep: SweepDocument, identity: SweepIdentity): boolean {
  return (
    sweep.programVersion === identity.programVersion &&
    sweep.basePath.fingerprint === identity.base &&
    sweep.postPath.fingerprint === identity.post &&
    sweep.layerCount === identity.layerCount &&
    isScoredAlike(sweep.scoredBy, identity.scoredBy)
  )
}

const hasPrompts = ({ prompts }: SweepDocument, identity: SweepIdentity): boolean =>
  prompts.length === identity.prompts.length &&
  prompts.every(({ key }, index) => key === identity.prompts[index]?.key)

/** Of each model and rival, by its key, what a sweep has on each of its prompts; undefined on those that it was not scored on. */
function knownScores(sweep: SweepDocument): Map<string, (PromptScore | undefined)[]> {
  const { preview } = sweep
  const models = modelsOf({ ...sweep, recipes: sweep.recipes.filter(({ alone }) => alone === undefined) })
  const places = new Map(preview?.prompts.map((prompt, place) => [prompt, place]))
  const previewed = modelsOf({
    ...sweep,
    base: null,
    ranges: preview?.ranges ?? [],
    soup: preview?.soup ?? [],
    recipes: [],
    checkpoints: []
  }).filter(({ model }) => model.kind !== 'post')
  const key = (model: SweptModel): string => weightsKey(modelOf(model, sweep))
  return new Map([
    ...previewed.map(({ model, score }): [string, (PromptScore | undefined)[]] => [
      key(model),
      sweep.prompts.map((_, prompt) => {
        const place = places.get(prompt)
        return place === undefined ? undefined : score.prompts[place]
      })
    ]),
    // A blend of full strength is the range of all layers: what is exact goes before what is previewed.
    ...models.map(({ model, score }): [string, (PromptScore | undefined)[]] => [key(model), score.prompts]),
    ...sweep.rivals.map(({ rival, prompts }): [string, (PromptScore | undefined)[]] => [
      rivalKey(rival),
      prompts
    ])
  ])
}

/** Keys of prompts tell how answers are drawn, but not for how many draws they are counted. */
function isScoredAlike(one: ScoredBy, other: ScoredBy): boolean {
  return one.kind === 'crc' || other.kind === 'crc' ? one.kind === other.kind : one.draws === other.draws
}

/** Joins what was computed in the same way; of different ways the one that knows more. */
export function joinResults(found: readonly EarlierResults[]): EarlierResults | null {
  const joined = new Map<string, EarlierResults>()
  for (const results of found) {
    const way = `${results.device} ${results.precision}`
    const before = joined.get(way)
    const scores = new Map(before?.scores)
    for (const [key, ofPrompt] of results.scores)
      scores.set(key, new Map([...(scores.get(key) ?? []), ...ofPrompt]))
    joined.set(way, { ...results, scores, split: before?.split ?? results.split })
  }
  const [first, ...others] = joined.values()
  if (first === undefined) return null
  return others.reduce((best, other) => (countScores(other) > countScores(best) ? other : best), first)
}

function countScores({ scores }: EarlierResults): number {
  return [...scores.values()].reduce((sum, { size }) => sum + size, 0)
}
