import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import type { KnownPart } from '../../../contract/documents/known-part'
import type { ScoredBy } from '../../../contract/documents/scored-by'
import type { DeviceName, Precision } from '../../../contract/model/device'
import { modelOf, modelsOf, type SweptModel } from '../../../contract/documents/swept-model'
import { weightsKey } from '../../../contract/model/model'
import { samplingBaselineKey } from '../../../contract/model/sampling-baseline'
import { type Scorer, scorerOf } from '../task/scorer'
import type { KeyedSplit } from './keyed-split'

/** Identifies a sweep's computation. Sweeps share the results of prompts and models that have equal keys. */
export interface SweepIdentity {
  /** Version of this program; another version may compute differently. */
  programVersion: string
  /** Fingerprints of the checkpoints. */
  base: string
  post: string
  layerCount: number
  modelKeys: readonly string[]
  /** Number of keys at the end that belong to baselines. */
  baselineCount: number
  scoredBy: ScoredBy
  prompts: readonly { key: string; validCount: number }[]
}

/** Device and precision of results. A sweep does not mix them, unless the CPU finishes it after a GPU failed. */
export interface ComputedIn {
  device: DeviceName
  precision: Precision
}

/** Scores of one prompt by index into the identity's models; some models may be missing. */
export type ScoresByModel = ReadonlyMap<number, PromptScore>

/** Scores from an interrupted or earlier sweep. */
export interface EarlierResults extends ComputedIn {
  /** Scores by prompt key. */
  scores: ReadonlyMap<string, ScoresByModel>
  /** Groups of prompts of an interrupted sweep; null for a finished sweep, or if they are unknown. */
  split: KeyedSplit | null
}

/** Counts the stored results of a sweep. @param modelsOf indices of the scored models of a prompt, by its key */
export function knownPart(
  { modelKeys, baselineCount, prompts }: SweepIdentity,
  modelsOf: (promptKey: string) => { readonly size: number; has(model: number): boolean } | undefined,
  split: KeyedSplit | null
): KnownPart {
  const isWhole = (key: string): boolean => modelsOf(key)?.size === modelKeys.length
  const modelCount = modelKeys.length - baselineCount
  const groups = split?.groups ?? []
  const begun = groups.flatMap((keys, index) => {
    const scored = modelKeys.slice(0, modelCount).filter((_, model) => keys.every((key) => modelsOf(key)?.has(model)))
    if (scored.length === 0 || keys.every(isWhole)) return []
    return [{ models: scored.length, modelCount, group: index + 1, groupCount: groups.length }]
  })
  return { prompts: prompts.filter(({ key }) => isWhole(key)).length, of: prompts.length, begun: begun[0] ?? null }
}

/** Largest difference between a stored score and its probabilities, which are stored with nine digits. */
const STORED_TOLERANCE = 1e-6

/** Checks that a score from a file agrees with its own probabilities. */
export function isConsistent(score: PromptScore, validCount: number, scorer: Scorer): boolean {
  const { probabilities } = score
  if (probabilities.length !== validCount) return false
  if (!probabilities.every((p) => p >= 0 && p <= 1 + STORED_TOLERANCE)) return false
  const rescored = scorer.score(scorer.groupsOf(score))
  return MEASURES.every((measure) => {
    const [stored, computed] = [score[measure], rescored[measure]]
    if (stored === undefined || computed === undefined) return stored === computed
    return Math.abs(stored - computed) <= STORED_TOLERANCE * Math.max(1, computed)
  })
}

/** Measures that are compared. */
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

/** Returns the scores of a finished sweep that a new sweep can use; null if there are none, or if it has all. */
export function resultsOfSweep(sweep: SweepDocument, identity: SweepIdentity): EarlierResults | null {
  if (!isComputedAlike(sweep, identity)) return null
  const { prompts } = sweep
  const scoresByKey = scoresByModelKey(sweep)
  const isRepeated = holdsSweep(sweep, identity) && scoresByKey.size === new Set(identity.modelKeys).size
  if (isRepeated) return null
  const validCounts = new Map(identity.prompts.map(({ key, validCount }) => [key, validCount]))
  const scorer = scorerOf(identity.scoredBy)
  const scores = new Map<string, ScoresByModel>()
  for (const [index, { key }] of prompts.entries()) {
    const validCount = validCounts.get(key)
    if (validCount === undefined) continue
    const promptScores = identity.modelKeys.flatMap((name, model): [number, PromptScore][] => {
      const score = scoresByKey.get(name)?.[index]
      return score === undefined ? [] : [[model, score]]
    })
    if (promptScores.length > 0 && promptScores.every(([, score]) => isConsistent(score, validCount, scorer)))
      scores.set(key, new Map(promptScores))
  }
  return scores.size === 0 ? null : { device: sweep.device, precision: sweep.precision, scores, split: null }
}

/** Reports whether a finished sweep has the same prompts as a new sweep, and scores of all its models. */
export function holdsSweep(sweep: SweepDocument, identity: SweepIdentity): boolean {
  if (!isComputedAlike(sweep, identity) || !hasPrompts(sweep, identity)) return false
  const scoresByKey = scoresByModelKey(sweep)
  return identity.modelKeys.every((key) => scoresByKey.get(key)?.every((score) => score !== undefined) === true)
}

/** Reports whether two sweeps have the same program, checkpoints and scoring. */
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
  prompts.length === identity.prompts.length && prompts.every(({ key }, index) => key === identity.prompts[index]?.key)

/** Lists the scores of each model and baseline on each prompt, by model key; undefined for prompts without a score. */
function scoresByModelKey(sweep: SweepDocument): Map<string, (PromptScore | undefined)[]> {
  const { preview } = sweep
  const models = modelsOf({ ...sweep, recipes: sweep.recipes.filter(({ alone }) => alone === undefined) })
  const previewRows = new Map(preview?.prompts.map((prompt, row) => [prompt, row]))
  const previewed = modelsOf({
    ...sweep,
    base: null,
    ranges: preview?.ranges ?? [],
    uniformBlends: preview?.uniformBlends ?? [],
    recipes: [],
    checkpoints: []
  }).filter(({ model }) => model.kind !== 'post')
  const key = (model: SweptModel): string => weightsKey(modelOf(model, sweep))
  return new Map([
    ...previewed.map(({ model, score }): [string, (PromptScore | undefined)[]] => [
      key(model),
      sweep.prompts.map((_, prompt) => {
        const row = previewRows.get(prompt)
        return row === undefined ? undefined : score.prompts[row]
      })
    ]),
    // Later entries replace earlier ones, so exact scores replace a preview's. A full blend equals the full range.
    ...models.map(({ model, score }): [string, (PromptScore | undefined)[]] => [key(model), score.prompts]),
    ...sweep.baselines.map(({ baseline, prompts }): [string, (PromptScore | undefined)[]] => [
      samplingBaselineKey(baseline),
      prompts
    ])
  ])
}

/** Compares how prompts are scored. Prompt keys contain the sampling but not the number of draws. */
function isScoredAlike(first: ScoredBy, second: ScoredBy): boolean {
  return first.kind === 'crc' || second.kind === 'crc' ? first.kind === second.kind : first.draws === second.draws
}

/** Joins the results of each device and precision, and returns the joined results with the most scores. */
export function joinResults(resultSets: readonly EarlierResults[]): EarlierResults | null {
  const joined = new Map<string, EarlierResults>()
  for (const results of resultSets) {
    const environment = `${results.device} ${results.precision}`
    const before = joined.get(environment)
    const scores = new Map(before?.scores)
    for (const [key, promptScores] of results.scores)
      scores.set(key, new Map([...(scores.get(key) ?? []), ...promptScores]))
    joined.set(environment, { ...results, scores, split: before?.split ?? results.split })
  }
  const [first, ...others] = joined.values()
  if (first === undefined) return null
  return others.reduce((best, other) => (countScores(other) > countScores(best) ? other : best), first)
}

function countScores({ scores }: EarlierResults): number {
  return [...scores.values()].reduce((sum, { size }) => sum + size, 0)
}
