import { basename } from 'node:path'
import { countedScores } from '../../contract/documents/counted-scores'
import type { SweepDocument } from '../../contract/documents/crc'
import type { DistancesDocument } from '../../contract/documents/distances'
import type {
  MeanDifference,
  LineageDocument,
  LineageLayer,
  LineageRange,
  LineageShare,
  TriageDocument
} from '../../contract/documents/lineage'
import { briefScoring } from '../../contract/documents/scored-by'
import type { SourceComparison } from '../../contract/documents/source-comparison'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { freeName } from '../../contract/model/free-name'
import { elementAt } from '../../contract/model/look-up'
import { DEFAULT_SEED } from '../../contract/model/resampling'
import { mismatchError, notFoundError } from '../../contract/model/problem'
import { throwIfCancelled } from '../base/files/cancelling'
import { modelPath } from '../base/files/paths'
import { folderModelName } from '../checkpoint/model-folder'
import { openOther } from '../checkpoint/other-checkpoint'
import { openPair } from '../checkpoint/pair'
import type { PairMember } from '../checkpoint/pair-member'
import { runCooperatively } from '../base/steps'
import { exactShares } from '../crc/search/layer-shares'
import { bestOverSources } from '../crc/selection/best-over-sources'
import { pairedDifference } from '../crc/selection/paired-difference'
import { promptsByCategory } from '../crc/selection/score-table'
import type { LineageScores } from '../crc/sweep/assemble-lineage'
import { stagePairs } from '../crc/sweep/lineage'
import type { CrcSweepRequest } from '../crc/sweep/prepare-sweep'
import type { PairFolders } from '../crc/sweep/score-recipes'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import type { ProjectReadings } from '../project/pair/project-readings'
import { computeDistances } from '../readings/host'
import type { WorkRuntime } from './work-runtime'
import type { SweepWork } from './sweep'
import { findRange } from '../../contract/model/strengths'

/*
 * A lineage shows which training stage lowered diversity, and in which layers. Its sweeps restore the layers of each
 * stage to the stage before, and the layers of the last stage to every stage. Triage scores whole checkpoints only.
 */

/** Checkpoints of one training run, in the order of the training. The first is used as base, and the last as post. */
export interface Training {
  /** Folders of the first and the last stage. */
  readonly folders: PairFolders
  readonly stages: readonly OtherCheckpoint[]
}

/** Opens the checkpoints of a training and gives them unique names. @param words paths or names of the model cache */
export async function openTraining(words: readonly string[]): Promise<Training> {
  const paths = words.map((word) => modelPath(word))
  const folders = {
    base: elementAt(paths, 0, 'stage'),
    post: elementAt(paths, paths.length - 1, 'stage')
  }
  const { base, post } = await openPair(folders.base, folders.post)
  refuseOtherBase(post, words, folders.base)
  const ends = new Map([
    [words.length - 1, post],
    [0, base]
  ])
  const stages: OtherCheckpoint[] = []
  for (const [index, word] of words.entries()) {
    const path = elementAt(paths, index, 'stage')
    const { checkpoint } = ends.get(index) ?? (await openOther(post, path))
    // A path such as `..` does not end in a name, so the name of the folder that it leads to is used.
    const name = /[\w-]/.test(basename(word)) ? basename(word) : folderModelName(checkpoint.path)
    const taken = stages.map((stage) => stage.name)
    stages.push({ name: freeName(name, taken), path, fingerprint: checkpoint.fingerprint })
  }
  return { folders, stages }
}

/**
 * Refuses an adapter as the last stage if it was trained on a later stage than the first. Its weights would be added to
 * the first stage, which is base.
 */
function refuseOtherBase({ checkpoint }: PairMember, words: readonly string[], first: string): void {
  const trainedOn = checkpoint.adapter?.trainedOn ?? null
  const stage = words.slice(1).find((word) => word === trainedOn || modelPath(word) === trainedOn)
  if (stage === undefined) return
  throw mismatchError(
    `${checkpoint.path} is an adapter over ${stage}, and the lineage begins with ${first}.`,
    'Merge the adapter into its base, and name the merged folder as the last stage.'
  )
}

/**
 * Opens a training that begins with a pair's base and ends with its post.
 *
 * @param ids other checkpoints of the pair, in the order of the training
 * @throws WorkbenchError `not-found` for an id that the pair does not have
 */
export async function openProjectTraining(
  { document: { location, otherCheckpoints } }: ProjectPair,
  ids: readonly string[]
): Promise<Training> {
  const folders = pairPaths(location)
  const { base, post } = await openPair(folders.base, folders.post)
  const between: OtherCheckpoint[] = []
  for (const id of ids) {
    const stage = otherCheckpoints.find((checkpoint) => checkpoint.id === id)
    if (stage === undefined)
      throw notFoundError(
        'A stage of the lineage is no longer among the other checkpoints of the project.',
        'Remove the lineage from the queue, and run it again from Models.'
      )
    const name = freeName(stage.name, ['base', 'post', ...between.map((other) => other.name)])
    between.push({ name, path: stage.path, fingerprint: stage.fingerprint })
  }
  const stages = [
    { name: 'base', path: folders.base, fingerprint: base.checkpoint.fingerprint },
    ...between,
    { name: 'post', path: folders.post, fingerprint: post.checkpoint.fingerprint }
  ]
  return { folders, stages }
}

/** Parts of a sweep's request that turn off everything that a lineage does not need. */
const STAGES_ONLY = {
  source: null,
  recipes: [],
  checkpoints: [],
  uniformBlendCount: 0,
  baselines: false,
  whatIf: false,
  split: false
}

/** Returns parts of a sweep's request that compare the stages of a training, layer by layer. */
export const lineageParts = ({ stages }: Training): Partial<CrcSweepRequest> => ({
  ...STAGES_ONLY,
  stages: stages.slice(1, -1)
})

/** Returns parts of a sweep's request that score each checkpoint of a training as a whole model, and no ranges. */
export const triageParts = ({ stages }: Training): Partial<CrcSweepRequest> => ({
  ...STAGES_ONLY,
  checkpoints: stages.slice(1, -1),
  ranges: false
})

/**
 * Computes the sweeps of a lineage, and the document that says which stage changed which layers.
 *
 * @param readings distances that the project has stored, and stores; null for none
 */
export async function computeLineage(
  training: Training,
  work: SweepWork,
  runtime: WorkRuntime,
  readings: ProjectReadings | null = null
): Promise<{ document: LineageDocument; sweeps: readonly SweepDocument[] }> {
  const scores = await work.computeLineage(runtime)
  const distances: DistancesDocument[] = []
  for (const [index, post] of training.stages.slice(1).entries())
    distances.push(await stageDistances(elementAt(training.stages, index, 'stage'), post, runtime, readings))
  throwIfCancelled(runtime.signal, 'The lineage')
  return {
    document: await lineageDocument(training, scores, distances, work.request.rho),
    sweeps: scores.sweeps
  }
}

/** Measures how far the weights of each layer moved from one stage to the next, or returns the stored distances. */
async function stageDistances(
  base: OtherCheckpoint,
  post: OtherCheckpoint,
  { signal, notify }: WorkRuntime,
  readings: ProjectReadings | null
): Promise<DistancesDocument> {
  const stored = (await readings?.distances(base.fingerprint, post.fingerprint)) ?? null
  if (stored !== null) return stored
  const folders = { base: base.path, post: post.path }
  const distances = await computeDistances(folders, signal, (progress) =>
    notify({ type: 'progress', kind: 'distances', progress })
  )
  await readings?.saveDistances(distances)
  return distances
}

/** Returns the stages of each sweep of a lineage, in the order of `stagePairs`: `stage` gets layers of `against`. */
export function comparedStages({ stages }: Training): { stage: OtherCheckpoint; against: OtherCheckpoint }[] {
  const first = elementAt(stages, 0, 'stage')
  const last = elementAt(stages, stages.length - 1, 'stage')
  return stagePairs(stages.slice(1, -1)).map(({ target, source }) => ({
    stage: target ?? last,
    against: source ?? first
  }))
}

type Measure = 'validity' | 'diversity' | 'effectiveChoices'
/** Measures of a model on each prompt. */
type PromptValues = readonly Readonly<Record<Measure, number>>[]

/** Estimates a measure of a model, or its difference to another model, over the prompts of a sweep. */
function estimate(
  { prompts }: Pick<SweepDocument, 'prompts'>,
  measure: Measure,
  scored: PromptValues,
  other: PromptValues | null = null
): MeanDifference {
  const [counted, compared] = [countedScores(prompts, scored), other && countedScores(prompts, other)]
  const values = counted.map(
    (score, index) => score[measure] - (compared === null ? 0 : elementAt(compared, index, 'prompt')[measure])
  )
  const { difference, interval } = pairedDifference(values, promptsByCategory(prompts).categories, DEFAULT_SEED)
  return { difference, interval }
}

/** Facts about the computation, from one of the sweeps. */
const computedBy = (sweep: SweepDocument) => ({
  createdAt: sweep.createdAt,
  programVersion: sweep.programVersion,
  device: sweep.device,
  precision: sweep.precision,
  seconds: sweep.seconds,
  work: sweep.work,
  scoredBy: briefScoring(sweep.scoredBy),
  promptCount: sweep.prompts.length
})

/**
 * Builds the document of a lineage.
 *
 * @param scores.sweeps sweeps in the order of {@link comparedStages}
 * @param distances from each stage to the next, in the order of the training
 */
async function lineageDocument(
  training: Training,
  { sweeps, combinations }: LineageScores,
  distances: readonly DistancesDocument[],
  rho: number
): Promise<LineageDocument> {
  const { stages } = training
  const compared = comparedStages(training)
  const sweepOf = (index: number): SweepDocument => elementAt(sweeps, index, 'sweep')
  const scoreOf = (stage: OtherCheckpoint): SweepDocument['post'] => {
    const index = compared.findIndex((pair) => pair.stage === stage)
    const score = index === -1 ? sweepOf(0).base : sweepOf(index).post
    if (score === null) throw new Error('a lineage without its first stage')
    return score
  }
  const distanceOf = ({ stage, against }: (typeof compared)[number], layer: number): number | null => {
    const index = stages.indexOf(stage) - 1
    if (stages[index] !== against) return null
    return elementAt(elementAt(distances, index, 'distances').layers, layer, 'layer').relativeNorm
  }
  return {
    ...computedBy(sweepOf(0)),
    layerCount: sweepOf(0).layerCount,
    rho,
    stages: stages.map((stage) => {
      const { validity, diversity, effectiveChoices, klToBase } = scoreOf(stage)
      return { ...stage, validity, diversity, effectiveChoices, klToBase: klToBase ?? null }
    }),
    ranges: compared.map(({ stage, against }, index) => ({
      stage: stage.name,
      against: against.name,
      ...bestRange(sweepOf(index))
    })),
    shares: combinations.flatMap((combined) => stageShares(training, sweepOf(0), combined)),
    sources: await bestOfSources(training, sweeps, rho),
    layers: compared.flatMap((pair, index) =>
      sweepOf(index)
        .ranges.filter(({ start, end }) => start === end)
        .map(({ start, prompts }): LineageLayer => {
          const sweep = sweepOf(index)
          return {
            stage: pair.stage.name,
            against: pair.against.name,
            layer: start,
            distance: distanceOf(pair, start),
            diversity: estimate(sweep, 'diversity', prompts, sweep.post.prompts),
            validity: estimate(sweep, 'validity', prompts, sweep.post.prompts)
          }
        })
    )
  }
}

/** Returns the range that a sweep of two stages selects, and the limit that it keeps. */
function bestRange({ selection, ranges }: SweepDocument): Pick<LineageRange, 'minimumValidity' | 'best'> {
  if (selection === null) throw new Error('a lineage without a selection')
  const { selected, minimumValidity } = selection
  const range = findRange(ranges, selected)
  if (range === undefined) return { minimumValidity, best: null }
  const { start, end, validity, diversity } = range
  return { minimumValidity, best: { start, end, validity, diversity } }
}

/**
 * Computes each stage's exact Shapley share of the change that the training caused in a group of layers, with an
 * interval over prompts. `models` has the scores of all combinations of stages.
 */
function stageShares(
  { stages }: Training,
  sweep: SweepDocument,
  { range, models }: LineageScores['combinations'][number]
): LineageShare[] {
  const later = stages.slice(1)
  const sharesOf = (measure: 'validity' | 'diversity', prompt: number): number[] =>
    exactShares(
      models.map((scores) => elementAt(scores, prompt, 'prompt')[measure]),
      later.length
    )
  const shares = sweep.prompts.map((_, prompt) => ({
    validity: sharesOf('validity', prompt),
    diversity: sharesOf('diversity', prompt)
  }))
  return later.map(({ name }, change) => {
    const ofStage = shares.map(({ validity, diversity }) => ({
      validity: elementAt(validity, change, 'stage'),
      diversity: elementAt(diversity, change, 'stage'),
      effectiveChoices: 0
    }))
    return {
      stage: name,
      ...range,
      validity: estimate(sweep, 'validity', ofStage),
      diversity: estimate(sweep, 'diversity', ofStage)
    }
  })
}

/**
 * Selects the best range of the last stage, restored to any of the earlier stages. Returns null if there is only one
 * earlier stage, because its sweep already has the answer.
 */
async function bestOfSources(
  { stages }: Training,
  sweeps: readonly SweepDocument[],
  rho: number
): Promise<SourceComparison | null> {
  const earlier = stages.slice(0, -1)
  const [first] = sweeps
  if (earlier.length < 2 || first === undefined) return null
  // The last sweeps restore the last stage, each to another earlier stage.
  const restored = sweeps.slice(-earlier.length).map((sweep, index) => ({
    ...sweep,
    basePath: first.basePath,
    source: index === 0 ? null : elementAt(earlier, index, 'stage')
  }))
  return runCooperatively(bestOverSources(restored, rho))
}

/** Returns the last number of a checkpoint's name, such as 500 of `checkpoint-500`. */
const stepOf = (name: string): number | null => {
  const number = /(\d+)\D*$/.exec(name)?.[1]
  return number === undefined ? null : Number(number)
}

/** Builds the document of scores over the checkpoints of a training. */
export function triageDocument({ stages }: Training, sweep: SweepDocument): TriageDocument {
  const { base, post, checkpoints } = sweep
  const scoreOf = (stage: OtherCheckpoint, index: number) => {
    if (index === 0) return base
    if (index === stages.length - 1) return post
    return checkpoints.find(({ fingerprint }) => fingerprint === stage.fingerprint)
  }
  // Checkpoints without a score are left out. A notice of the sweep names them.
  const scored = stages.flatMap((stage, index) => {
    const score = scoreOf(stage, index) ?? null
    return score === null ? [] : [{ stage, prompts: score.prompts }]
  })
  const first = elementAt(scored, 0, 'checkpoint').prompts
  const steps = scored.map(({ stage }) => stepOf(stage.name))
  const isNumbered = steps.every((step) => step !== null) && new Set(steps).size === steps.length
  return {
    ...computedBy(sweep),
    checkpoints: scored.map(({ stage, prompts }, index) => ({
      ...stage,
      step: isNumbered ? (steps[index] ?? index) : index,
      validity: estimate(sweep, 'validity', prompts),
      diversity: estimate(sweep, 'diversity', prompts),
      effectiveChoices: estimate(sweep, 'effectiveChoices', prompts),
      change: estimate(sweep, 'diversity', prompts, first)
    }))
  }
}
