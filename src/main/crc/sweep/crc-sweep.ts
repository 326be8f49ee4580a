import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import type { KnownPart } from '../../../contract/documents/known-part'
import { WorkbenchError } from '../../../contract/model/problem'
import { type Shard, SWEEP_PART_VERSION, type SweepPart } from '../../../contract/documents/sweep-part'
import { elementAt } from '../../../contract/model/look-up'
import { NO_PREVIEW } from '../../../contract/words/preview-words'
import { DEFAULT_SEED } from '../../../contract/model/resampling'
import { requireRoom } from '../../base/files/room'
import { runCooperatively } from '../../base/steps'
import { openPair, pairReferences } from '../../checkpoint/pair'
import type { EngineClient } from '../../engine/host'
import { cancellable, throwIfCancelled } from '../../base/files/cancelling'
import {
  assembleSweep,
  type BaselineResults,
  type ModelResults,
  type PreviewResults,
  promptWithStoredDigits,
  type SweepFacts
} from './assemble-sweep'
import { type ComputedSweep, computeSweep, type CrcSweepEvent, NOTHING_DONE } from './compute-sweep'
import {
  type EarlierResults,
  holdsSweep,
  joinResults,
  knownPart,
  resultsOfSweep,
  type SweepIdentity
} from './earlier-results'
import { type CrcSweepRequest, type PreparedSweep, prepareSweep, whatIfBytes } from './prepare-sweep'
import { assembleLineage, type LineageScores } from './assemble-lineage'
import { scoreFewShotBase } from './few-shot-base'
import { promptsOfShard } from './shard'
import { sessionRequest } from './engine-request'
import { StageSession } from './stage-session'
import type { SavedSweepProgress } from './saved-sweep-progress'
import type { PreviewOutcome } from '../preview/preview-stages'
import { computesPreview, stagesOf } from './sweep-stages'

/** Progress after the computation; the time for resampling is unknown. */
const SELECTING = { phase: 'selecting', layer: null, rowsPerSecond: null, secondsLeft: null } as const

/** Results that a sweep can reuse: the project's last sweep, and the saved progress of an interrupted run. */
export interface SweepHistory {
  savedProgress: SavedSweepProgress
  /** Files and folders that the result will be written to. */
  outputPaths: readonly string[]
  lastSweep: () => Promise<SweepDocument | null>
  /** True to compute everything again. */
  fresh: boolean
}

/** Scores post, base, ranges, recipes and the other models of a request exactly, and selects a range. */
export async function runCrcSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void,
  history: SweepHistory | null = null
): Promise<SweepDocument> {
  const scored = await scorePrompts(engine, { ...request, shard: null }, signal, onEvent, history)
  const { id, rho, seed, budget } = request
  return runCooperatively(assembleSweep({ id, ...scored, rho, seed, budget }))
}

/** Scores each stage of a training with ranges restored to each earlier stage, and combinations of their changes. */
export async function runLineage(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void,
  history: SweepHistory | null
): Promise<LineageScores> {
  const scored = await scorePrompts(engine, { ...request, shard: null }, signal, onEvent, history)
  const { stages = [] } = request
  return assembleLineage(scored, stages, request)
}

/** Scores the models of a sweep on one shard of its prompts. A range is selected when the parts are merged. */
export async function runCrcShard(
  engine: EngineClient,
  request: CrcSweepRequest & { shard: Shard },
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void,
  history: SweepHistory | null
): Promise<SweepPart> {
  const scored = await scorePrompts(engine, request, signal, onEvent, history)
  const { facts, chosen } = scored
  return {
    kind: 'sweep-part',
    schemaVersion: SWEEP_PART_VERSION,
    shard: request.shard,
    createdAt: new Date().toISOString(),
    rho: request.rho,
    seed: request.seed ?? DEFAULT_SEED,
    ...facts,
    ...(await scoreFewShotBase(engine, request, facts, chosen, signal)),
    scoredPrompts: chosen,
    models: scored.models.map(({ model, prompts }) => ({ model, prompts: prompts.map(promptWithStoredDigits) })),
    baselines: scored.baselines.map(({ baseline, prompts }) => ({
      baseline,
      prompts: prompts.map(promptWithStoredDigits)
    }))
  }
}

/** Part of a sweep whose results are stored. */
export interface StoredShare {
  known: KnownPart
  /** True if an interrupted run stored results. */
  interrupted: boolean
}

/** Finds the part of a sweep whose results are stored. */
export async function storedShare(request: CrcSweepRequest, history: SweepHistory): Promise<StoredShare> {
  const prepared = await prepareSweep(request, await openPair(request.base, request.post))
  const { earlier, interrupted } = await findEarlier(prepared, history)
  return { known: knownPartOf(prepared.identity, earlier), interrupted }
}

const knownPartOf = (identity: SweepIdentity, earlier: EarlierResults | null): KnownPart =>
  knownPart(identity, (key) => earlier?.scores.get(key), earlier?.split ?? null)

/** Scores of a sweep's models. */
interface ScoredPrompts {
  facts: SweepFacts
  /** Indices of the scored prompts. */
  chosen: number[]
  models: ModelResults[]
  baselines: BaselineResults[]
  preview: PreviewResults | null
}

/** Returns the indices of a shard's prompts; of all prompts for null. */
function chosenPrompts({ prompts }: PreparedSweep, shard: Shard | null): number[] {
  if (shard === null) return [...prompts.keys()]
  return promptsOfShard(
    prompts.map(({ tokens }) => tokens),
    shard
  )
}

/** Scores all models on the prompts of a shard, or on all prompts for null. Earlier results are used. */
async function scorePrompts(
  engine: EngineClient,
  request: CrcSweepRequest & { shard: Shard | null },
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void,
  history: SweepHistory | null
): Promise<ScoredPrompts> {
  const session = new StageSession(engine)
  try {
    return await cancellable(signal, 'The sweep', async () => {
      throwIfCancelled(signal, 'The sweep')
      const opened = request.preview === true ? sessionRequest(request) : null
      session.start({ memoryBytes: opened?.memoryBytes })
      const pair = await openPair(request.base, request.post)
      if (opened !== null) session.open(opened)
      onEvent({ type: 'progress', progress: { ...NOTHING_DONE, layerCount: pair.post.spec.layerCount } })
      const prepared = await prepareSweep(request, pair)
      throwIfCancelled(signal, 'The sweep')
      const chosen = chosenPrompts(prepared, request.shard)
      const stored = await findEarlier(prepared, history)
      const { earlier } = stored
      const previewNotices = request.preview === true && !computesPreview(prepared) ? [NO_PREVIEW] : []
      const notices = [...previewNotices, ...stored.notices]
      notify(onEvent, [...prepared.notices, ...notices], previewNotices)
      if (history !== null) await requireRoomFor(prepared, chosen, stored, history)
      const savedProgress = history?.savedProgress ?? null
      const stages = stagesOf(prepared, chosen)
      const computed = await computeSweep(engine, prepared, {
        stages: stages.follow,
        earlier,
        session,
        savedProgress,
        signal,
        onEvent
      })
      onEvent({ type: 'progress', progress: { ...computed.progress, ...SELECTING } })
      return {
        chosen,
        facts: factsOf(prepared, computed, notices),
        ...scoresOf(prepared, computed, chosen, stages.outcome)
      }
    })
  } finally {
    await session.end()
    await history?.savedProgress.close()
  }
}

/** Collects the scores of all models on the chosen prompts, and the estimates of a preview. */
function scoresOf(
  { models, baselines, request }: PreparedSweep,
  { scores, rows }: ComputedSweep,
  chosen: readonly number[],
  outcome: PreviewOutcome | null
): Omit<ScoredPrompts, 'chosen' | 'facts'> {
  const on = (prompts: readonly number[], model: number): PromptScore[] =>
    prompts.map((prompt) => elementAt(scores, model, 'model').of(prompt))
  const resultsOf = (model: number, prompts: readonly number[]): ModelResults => ({
    model: elementAt(models, model, 'model'),
    prompts: on(prompts, model)
  })
  const exact = outcome?.exact ?? [...models.keys()]
  return {
    models: exact.map((model) => resultsOf(model, chosen)),
    baselines: baselines.map((baseline, index) => ({ baseline, prompts: on(chosen, models.length + index) })),
    preview:
      outcome === null
        ? null
        : {
            prompts: outcome.prompts,
            rho: request.rho,
            rows,
            wholeRows: outcome.wholeRows,
            models: Array.from(outcome.estimates, ([model, estimate]) => ({
              ...resultsOf(model, outcome.prompts),
              estimate
            }))
          }
  }
}

/** Checks the disk. @throws WorkbenchError `read-only` if the missing part of a sweep does not fit on the disk */
async function requireRoomFor(
  prepared: PreparedSweep,
  chosen: readonly number[],
  { earlier }: StoredResults,
  { outputPaths }: SweepHistory
): Promise<void> {
  const isScored = (prompt: number): boolean =>
    earlier?.scores.has(elementAt(prepared.prompts, prompt, 'prompt').key) === true
  const missing = chosen.filter((prompt) => !isScored(prompt))
  for (const path of outputPaths) await requireRoom(path, sweepBytes(prepared, missing))
}

/** Results of earlier runs. */
interface StoredResults {
  /** Scores that the sweep can use; null if there are none. */
  earlier: EarlierResults | null
  interrupted: boolean
  notices: string[]
}

interface FindingRequest {
  identity: SweepIdentity
  request: Pick<CrcSweepRequest, 'device' | 'precision' | 'preview'>
}

interface FindingHistory extends Pick<SweepHistory, 'lastSweep' | 'fresh'> {
  savedProgress: Pick<SavedSweepProgress, 'find'>
}

/** Collects earlier scores of the requested device and precision, with notices on unusable results. */
export async function findEarlier(
  { identity, request }: FindingRequest,
  history: FindingHistory | null
): Promise<StoredResults> {
  const nothing = { earlier: null, interrupted: false, notices: [] }
  if (history === null) return nothing
  const { results, notices } = await history.savedProgress.find(identity, history.fresh)
  if (history.fresh) return nothing
  const isWanted = ({ device, precision }: EarlierResults): boolean =>
    device === (request.device?.device ?? 'cpu') && precision === (request.precision ?? precision)
  const interrupted = results.some(isWanted)
  let isRepeated = false
  try {
    const last = await history.lastSweep()
    // A repeated preview is computed again.
    const isRepeatedPreview = request.preview === true && last !== null && last.preview !== null
    const lastResults = last === null || isRepeatedPreview ? null : resultsOfSweep(last, identity)
    if (lastResults !== null) results.push(lastResults)
    isRepeated = last !== null && lastResults === null && holdsSweep(last, identity)
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error
    notices.push(`The last sweep was not used. ${error.message}`)
  }
  const earlier = joinResults(results.filter(isWanted))
  // The user repeats a finished sweep, and stored scores would leave nothing to compute. All is computed again.
  const { prompts, of } = knownPartOf(identity, earlier)
  if (isRepeated && prompts === of) return { ...nothing, notices }
  return { earlier, interrupted, notices }
}

/** Reports notices. @param previewNotices notices that say why there is no preview */
function notify(onEvent: (event: CrcSweepEvent) => void, notices: string[], previewNotices: string[]): void {
  for (const message of notices) {
    const event = { type: 'notice', message } as const
    onEvent(previewNotices.includes(message) ? { ...event, endsPreview: true } : event)
  }
}

/** Collects the fields of the sweep document besides its scores. */
function factsOf({ request, ...prepared }: PreparedSweep, computed: ComputedSweep, notices: string[]): SweepFacts {
  return {
    programVersion: prepared.identity.programVersion,
    seconds: computed.seconds,
    device: computed.device,
    precision: computed.precision,
    layerCount: prepared.layerCount,
    source: prepared.source,
    ...pairReferences(request, prepared),
    rendering: request.rendering,
    scoredBy: prepared.scoredBy,
    whatIf: [...prepared.whatIf],
    holdOutSplit: prepared.holdOutSplit,
    prompts: prepared.prompts,
    baseUnavailable: prepared.baseUnavailable,
    notices: [...prepared.notices, ...notices, ...computed.notices],
    work: computed.work,
    memory: computed.memory,
    reusedPromptCount: computed.reusedPromptCount
  }
}

/** Bytes of a model's score on a prompt in a sweep document, without its probabilities. */
const SCORE_BYTES = 120
/** Bytes of a probability in a sweep document. */
const PROBABILITY_BYTES = 15
/** Bytes of a probability in saved progress: a float64 in base64. */
const PROGRESS_PROBABILITY_BYTES = 11

/** Estimates the bytes that a sweep writes: its document, and the progress that stays until the document exists. */
function sweepBytes(
  { models, baselines, groups, whatIf, scoredBy }: PreparedSweep,
  missing: readonly number[]
): number {
  const modelCount = models.length + baselines.length
  const answerCount = groups.reduce((sum, answers) => sum + answers.length, 0)
  const missingCount = missing.reduce((sum, prompt) => sum + elementAt(groups, prompt, 'prompt').length, 0)
  const others = whatIf.length === 0 ? 0 : whatIfBytes(modelCount, groups, scoredBy)
  return (
    modelCount *
      (groups.length * SCORE_BYTES + answerCount * PROBABILITY_BYTES + missingCount * PROGRESS_PROBABILITY_BYTES) +
    others
  )
}
