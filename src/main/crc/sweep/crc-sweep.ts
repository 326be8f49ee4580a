import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import type { KnownPart } from '../../../contract/documents/known-part'
import { WorkbenchError } from '../../../contract/model/problem'
import { type Shard, SWEEP_PART_VERSION, type SweepPart } from '../../../contract/documents/sweep-part'
import { requireRoom } from '../../base/files/room'
import { inTurns } from '../../base/steps'
import { openPair, pairReferences } from '../../checkpoint/pair'
import type { EngineClient } from '../../engine/host'
import {
  assembleSweep,
  type ModelResults,
  type RivalResults,
  storedPrompt,
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
import { type CrcSweepRequest, type PreparedSweep, prepareSweep } from './prepare-sweep'
import { promptsOfShard } from './shard'
import { sessionRequest } from './engine-request'
import { StageSession } from './stage-session'
import { sweepBytes } from './sweep-bytes'
import type { SweepCheckpoint } from './sweep-checkpoint'
import { elementAt } from '../../../contract/model/look-up'
import { isPreviewed, type PreviewResults, previewResults, stagesOf } from './sweep-stages'
import { cancellable, throwIfCancelled } from '../../base/files/cancelling'
import { NO_PREVIEW } from '../../../contract/words/preview-words'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

/** When all is computed: nothing of it has a rate, and nobody knows how long the disk takes. */
const SAVING = { phase: 'saving', layer: null, rowsPerSecond: null, secondsLeft: null } as const

/** What is there of earlier sweeps, and where this one is kept until it is finished. */
export interface SweepHistory {
  checkpoint: SweepCheckpoint
  /** Files and folders that the result is to be written into. */
  places: readonly string[]
  /** The last finished sweep; null for none. */
  lastSweep: () => Promise<SweepDocument | null>
  /** Whether to compute everything, whatever is there. */
  fresh: boolean
}

/**
 * Scores post, base as a whole model, all restoration ranges and the given recipes on a prompt set (exact CRC: from the
 * next-token distribution at the first answer position), and selects a range.
 *
 * @param onEvent hears of progress, of scores as they arrive (means over the prompts scored so far), and notices
 * @param history what it knows is not computed again
 * @throws WorkbenchError `cancelled` when `signal` fires; whatever the pair, tokenizer, prompts or engine are at fault for
 */
export async function runCrcSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void,
  history: SweepHistory | null = null
): Promise<SweepDocument> {
  const scored = await scorePrompts(engine, request, null, signal, onEvent, history)
  const { id, rho, seed } = request
  return inTurns(assembleSweep({ id, ...scored, rho, seed }))
}

/**
 * Scores the same models on a shard's share of the prompts. Nothing is selected: that takes all parts.
 *
 * @throws WorkbenchError as {@link runCrcSweep}; `bad-input` when there are more shards than prompts
 */
export async function runCrcShard(
  engine: EngineClient,
  request: CrcSweepRequest,
  shard: Shard,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void,
  history: SweepHistory | null = null
): Promise<SweepPart> {
  const scored = await scorePrompts(engine, request, shard, signal, onEvent, history)
  return {
    kind: 'sweep-part',
    schemaVersion: SWEEP_PART_VERSION,
    shard,
    createdAt: new Date().toISOString(),
    rho: request.rho,
    seed: request.seed ?? DEFAULT_SEED,
    ...scored.facts,
    scoredPrompts: scored.chosen,
    models: scored.models.map(({ model, prompts }) => ({ model, prompts: prompts.map(storedPrompt) })),
    rivals: scored.rivals.map(({ rival, prompts }) => ({ rival, prompts: prompts.map(storedPrompt) }))
  }
}

/** See `sweeps.known` of the contract. */
export interface KnownOfSweep {
  known: KnownPart
  interrupted: boolean
}

/** How much of a sweep is known before it begins. */
export async function knownOfSweep(request: CrcSweepRequest, history: SweepHistory): Promise<KnownOfSweep> {
  const prepared = await prepareSweep(request, await openPair(request.base, request.post))
  return knownOf(prepared.identity, await findEarlier(prepared, history))
}

function knownOf(
  identity: SweepIdentity,
  { earlier, interrupted }: Omit<FoundEarlier, 'notices'>
): KnownOfSweep {
  return { known: knownFrom(identity, earlier), interrupted }
}

const knownFrom = (identity: SweepIdentity, found: EarlierResults | null): KnownPart =>
  knownPart(identity, (key) => found?.scores.get(key), found?.split ?? null)

interface ScoredPrompts {
  facts: SweepFacts
  /** Indices of the prompts that were scored. */
  chosen: number[]
  models: ModelResults[]
  rivals: RivalResults[]
  preview: PreviewResults | null
}

/** Indices of the prompts that are scored. */
function chosenPrompts({ prompts }: PreparedSweep, shard: Shard | null): number[] {
  if (shard === null) return [...prompts.keys()]
  return promptsOfShard(
    prompts.map(({ tokens }) => tokens),
    shard
  )
}

async function scorePrompts(
  engine: EngineClient,
  request: CrcSweepRequest,
  shard: Shard | null,
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
      const chosen = chosenPrompts(prepared, shard)
      const found = await findEarlier(prepared, history)
      const { earlier } = found
      const whole = request.preview === true && !isPreviewed(prepared) ? [NO_PREVIEW] : []
      const notices = [...whole, ...found.notices]
      notify(onEvent, [...prepared.notices, ...notices], whole)
      if (history !== null) await requireRoomFor(prepared, chosen, found, history)
      const checkpoint = history?.checkpoint ?? null
      const stages = stagesOf(prepared, chosen)
      const computed = await computeSweep(engine, prepared, {
        stages: stages.follow,
        earlier,
        session,
        checkpoint,
        signal,
        onEvent
      })
      onEvent({ type: 'progress', progress: { ...computed.progress, ...SAVING } })
      const { outcome } = stages
      const ofModel = (model: number, prompts: readonly number[]): PromptScore[] =>
        prompts.map((prompt) => elementAt(computed.scores, model, 'model').of(prompt))
      const exact = outcome?.exact ?? [...prepared.models.keys()]
      return {
        chosen,
        facts: factsOf(prepared, computed, notices),
        models: exact.map((model) => ({
          model: elementAt(prepared.models, model, 'model'),
          prompts: ofModel(model, chosen)
        })),
        rivals: prepared.rivals.map((rival, index) => ({
          rival,
          prompts: ofModel(prepared.models.length + index, chosen)
        })),
        preview: outcome === null ? null : previewResults(prepared, outcome, computed.rows, ofModel)
      }
    })
  } finally {
    await session.end()
    await history?.checkpoint.close()
  }
}

/** @throws WorkbenchError `read-only` where what is missing of a sweep does not fit on the disk */
async function requireRoomFor(
  prepared: PreparedSweep,
  chosen: readonly number[],
  { earlier }: FoundEarlier,
  { places }: SweepHistory
): Promise<void> {
  const isKnown = (prompt: number): boolean =>
    earlier?.scores.has(elementAt(prepared.prompts, prompt, 'prompt').key) === true
  const missing = chosen.filter((prompt) => !isKnown(prompt))
  for (const place of places) await requireRoom(place, sweepBytes(prepared, missing))
}

interface FoundEarlier {
  earlier: EarlierResults | null
  /** Whether a stopped sweep has computed a part of it. */
  interrupted: boolean
  notices: string[]
}

/** What of a sweep is known, as far as it was computed where and how the sweep asks to be; remarks on what could not be used. */
export async function findEarlier(
  {
    identity,
    request
  }: {
    identity: SweepIdentity
    request: Pick<CrcSweepRequest, 'device' | 'precision' | 'preview'>
  },
  history:
    (Omit<SweepHistory, 'checkpoint' | 'places'> & { checkpoint: Pick<SweepCheckpoint, 'find'> }) | null
): Promise<FoundEarlier> {
  const nothing = { earlier: null, interrupted: false, notices: [] }
  if (history === null) return nothing
  const { results, notices } = await history.checkpoint.find(identity, history.fresh)
  if (history.fresh) return nothing
  const isWanted = ({ device, precision }: EarlierResults): boolean =>
    device === (request.device?.device ?? 'cpu') && precision === (request.precision ?? precision)
  const interrupted = results.some(isWanted)
  let repeated = false
  try {
    const last = await history.lastSweep()
    // Who previews again what was previewed wants it computed again.
    const again = request.preview === true && last !== null && last.preview !== null
    const ofLast = last === null || again ? null : resultsOfSweep(last, identity)
    if (ofLast !== null) results.push(ofLast)
    repeated = last !== null && ofLast === null && holdsSweep(last, identity)
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error
    notices.push(`The last sweep was not used. ${error.message}`)
  }
  const earlier = joinResults(results.filter(isWanted))
  // A repetition that was stopped with nothing left to compute is none to go on with: what it repeats is finished, and who repeats
  // that wants it computed again.
  const { prompts, of } = knownFrom(identity, earlier)
  if (repeated && prompts === of) return { ...nothing, notices }
  return { earlier, interrupted, notices }
}

/** @param endings notices that a preview is none */
function notify(onEvent: (event: CrcSweepEvent) => void, notices: string[], endings: string[]): void {
  for (const message of notices)
    onEvent({ type: 'notice', message, ...(endings.includes(message) && { endsPreview: true }) })
}

function factsOf(
  { request, ...prepared }: PreparedSweep,
  computed: ComputedSweep,
  notices: string[]
): SweepFacts {
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
    halves: prepared.halves,
    prompts: prepared.prompts,
    baseUnavailable: prepared.baseUnavailable,
    notices: [...prepared.notices, ...notices, ...computed.notices],
    work: computed.work,
    memory: computed.memory,
    reusedPromptCount: computed.reusedPromptCount
  }
}
