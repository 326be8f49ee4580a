import { randomUUID } from 'node:crypto'
import { totalmem } from 'node:os'
import { type CrcPrompts, type Rendering, SWEEP_VERSION, type SweepDocument } from '../../contract/crc'
import type { ChosenDevice, Precision } from '../../contract/device'
import type { EngineModel, EngineSweepEvent } from '../../contract/engine'
import { WorkbenchError } from '../../contract/problem'
import type { Recipe, RestorationRange } from '../../contract/recipe'
import type { LiveEntry, SweepEvent, SweepProgress } from '../../contract/sweep-events'
import { openPair, type PairMember } from '../checkpoint/pair'
import type { EngineClient } from '../engine/host'
import {
  allRanges,
  blendStrengths,
  postStrengths,
  rangeStrengths,
  recipeStrengths,
  soupStrengths
} from '../../contract/strengths'
import { refuseTokensOutside } from '../text/base-tokens'
import { loadTextModel } from '../text/text-model'
import { compareBase, crcTokens } from './base-comparison'
import { ModelScores } from './model-scores'
import { progressRate } from './progress-rate'
import { promptName, type RenderedPrompts, renderPrompts } from './render-prompts'
import { selection } from './selection'

export interface CrcSweepRequest {
  /** Names the document; a fresh one when left out. */
  id?: string
  base: string
  post: string
  prompts: CrcPrompts
  rendering: Rendering
  rho: number
  /** Whether to score all restoration ranges and select one. */
  ranges: boolean
  /** Scored besides post, base and the ranges. */
  recipes: readonly Recipe[]
  /** Number of blends from post to base, one strength for all layers; 0 for none. */
  soupSize: number
  /** Of the bootstrap. */
  seed?: number
  /** The CPU when left out. */
  device?: ChosenDevice
  /** What suits device and family when left out. */
  precision?: Precision
}

/** What a watcher of the window sees while it runs, and remarks for the user. */
export type CrcSweepEvent =
  Extract<SweepEvent, { type: 'progress' | 'scores' }> | { type: 'notice'; message: string }

/** A model of the sweep: what it is called, and what the engine is to compute. */
type SweptModel = { engine: EngineModel } & (
  | { kind: 'post' | 'base' }
  | { kind: 'range'; range: RestorationRange }
  | { kind: 'blend'; strength: number }
  | { kind: 'recipe'; recipe: Recipe }
)

/** At most this often a watcher hears of progress and new scores. */
const EVENT_INTERVAL_MS = 100

/**
 * Scores post, base as a whole model, all restoration ranges, a soup and the given recipes on a prompt set (exact CRC: from the
 * next-token distribution at the first answer position), and selects a range.
 *
 * @param onEvent hears of progress, of scores as they arrive (means over the prompts scored so far), and notices
 * @throws WorkbenchError `cancelled` when `signal` fires; whatever the pair, tokenizer, prompts or engine are at fault for
 */
export async function runCrcSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void
): Promise<SweepDocument> {
  try {
    signal.throwIfAborted()
    return await sweepPair(engine, request, signal, onEvent)
  } catch (error) {
    // Whatever an interrupted step reports, the cause is the user's wish.
    if (signal.aborted) throw new WorkbenchError('cancelled', 'The sweep was cancelled.')
    throw error
  }
}

async function sweepPair(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void
): Promise<SweepDocument> {
  const { base, post } = await openPair(request.base, request.post)
  const layerCount = post.spec.layerCount
  const progress: SweepProgress = {
    phase: 'preparing',
    rowsDone: 0,
    rowsTotal: 0,
    rowsPerSecond: null,
    secondsLeft: null,
    layer: null,
    layerCount
  }
  onEvent({ type: 'progress', progress })

  const text = await loadTextModel(post.checkpoint.path)
  signal.throwIfAborted()
  const rendered = renderPrompts(request.prompts, request.rendering, text)
  refuseTokensOutside(post, crcTokens(rendered))
  refuseLongPrompts(rendered, post)
  const comparison = await compareBase(base, post, text, rendered, request.rendering.countLeadingSpace)
  const notices = [
    request.device?.notice ?? null,
    ...rendered.notices,
    comparison.unavailable,
    comparison.notice
  ].filter((notice) => notice !== null)
  for (const message of notices) onEvent({ type: 'notice', message })
  signal.throwIfAborted()

  const models = sweptModels(request, layerCount, comparison.unavailable === null)
  const events = await engine.sweep(
    {
      base: base.checkpoint.path,
      post: post.checkpoint.path,
      models: models.map((model) => model.engine),
      prompts: rendered.prompts.map(({ tokens }, index) => ({
        tokens,
        groups: rendered.groups[index] ?? []
      })),
      stateBytes: stateBytes(),
      device: request.device?.device,
      precision: request.precision
    },
    { signal }
  )
  const outcome = await followSweep(events, models, request.prompts, progress, signal, onEvent)
  onEvent({ type: 'progress', progress: { ...outcome.progress, phase: 'saving', layer: null } })

  const scores = outcome.scores.map((score, index) => ({ model: models[index], score: score.complete() }))
  const complete = scores.flatMap(({ model, score }) =>
    model === undefined || score === null ? [] : [{ model, score }]
  )
  const postScore = complete.find(({ model }) => model.kind === 'post')?.score
  if (complete.length < models.length || postScore === undefined) {
    throw new WorkbenchError('engine-lost', 'The engine ended the sweep before every score had arrived.')
  }
  const ranges = complete.flatMap(({ model, score }) =>
    model.kind === 'range' ? [{ ...model.range, ...score }] : []
  )
  const selected = request.ranges
    ? selection(request.prompts, postScore, ranges, request.rho, request.seed)
    : null
  return {
    schemaVersion: SWEEP_VERSION,
    id: request.id ?? randomUUID(),
    createdAt: new Date().toISOString(),
    seconds: outcome.done.seconds,
    device: outcome.plan.device,
    precision: outcome.plan.precision,
    layerCount,
    basePath: { path: request.base, fingerprint: base.checkpoint.fingerprint },
    postPath: { path: request.post, fingerprint: post.checkpoint.fingerprint },
    rendering: request.rendering,
    prompts: rendered.prompts,
    base: complete.find(({ model }) => model.kind === 'base')?.score ?? null,
    baseUnavailable: comparison.unavailable,
    notices,
    post: postScore,
    ranges,
    recipes: complete.flatMap(({ model, score }) =>
      model.kind === 'recipe' ? [{ recipe: model.recipe, ...score }] : []
    ),
    soup: complete.flatMap(({ model, score }) =>
      model.kind === 'blend' ? [{ strength: model.strength, ...score }] : []
    ),
    selected: selected?.selected ?? null,
    selection: selected,
    work: outcome.done.work
  }
}

function refuseLongPrompts(rendered: RenderedPrompts, post: PairMember): void {
  const { contextLength } = post.spec
  for (const [index, prompt] of rendered.prompts.entries()) {
    if (contextLength === null || prompt.tokens.length <= contextLength) continue
    throw new WorkbenchError(
      'bad-input',
      `${promptName(prompt, index)} becomes ${prompt.tokens.length} tokens; post's context window is ${contextLength}.`,
      'Shorten the prompt or the system prompt.'
    )
  }
}

function sweptModels(request: CrcSweepRequest, layerCount: number, withBase: boolean): SweptModel[] {
  const restored = (layers: ReturnType<typeof postStrengths>): EngineModel => ({ kind: 'recipe', layers })
  const models: SweptModel[] = [{ kind: 'post', engine: restored(postStrengths(layerCount)) }]
  if (withBase) models.push({ kind: 'base', engine: { kind: 'base' } })
  for (const range of request.ranges ? allRanges(layerCount) : []) {
    models.push({ kind: 'range', range, engine: restored(rangeStrengths(range, layerCount)) })
  }
  for (const strength of soupStrengths(request.soupSize)) {
    models.push({ kind: 'blend', strength, engine: restored(blendStrengths(strength, layerCount)) })
  }
  for (const recipe of request.recipes) {
    models.push({ kind: 'recipe', recipe, engine: restored(recipeStrengths(recipe, layerCount)) })
  }
  return models
}

/** A quarter of this machine's memory, at least what small models need in one group and at most what still pays off. */
export function stateBytes(): number {
  return Math.min(Math.max(totalmem() / 4, 256 * 2 ** 20), 8 * 2 ** 30)
}

interface SweepOutcome {
  scores: ModelScores[]
  progress: SweepProgress
  plan: Extract<EngineSweepEvent, { type: 'plan' }>
  done: Extract<EngineSweepEvent, { type: 'done' }>
}

/** Turns the engine's events into scores and into what a watcher sees, a few times a second. */
async function followSweep(
  events: AsyncIterable<EngineSweepEvent>,
  models: readonly SweptModel[],
  prompts: CrcPrompts,
  preparing: SweepProgress,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void
): Promise<SweepOutcome> {
  const scores = models.map(() => new ModelScores(prompts))
  const changed = new Set<number>()
  const rate = progressRate()
  const startedMs = performance.now()
  let progress = preparing
  let plan: SweepOutcome['plan'] | null = null
  let toldMs = -Infinity

  const tell = (): void => {
    toldMs = performance.now()
    onEvent({ type: 'progress', progress })
    const entries = [...changed].flatMap((index) => liveEntry(models[index], scores[index]))
    changed.clear()
    if (entries.length > 0) onEvent({ type: 'scores', entries })
  }

  for await (const event of events) {
    signal.throwIfAborted()
    if (event.type === 'plan') {
      plan = event
      progress = { ...progress, phase: 'sweeping', rowsTotal: event.rowsTotal }
      tell()
    } else if (event.type === 'progress') {
      const seconds = (performance.now() - startedMs) / 1000
      const { perSecond, secondsLeft } = rate(event.rowsDone, progress.rowsTotal, seconds)
      progress = {
        ...progress,
        rowsDone: event.rowsDone,
        rowsPerSecond: perSecond,
        secondsLeft,
        layer: event.layer
      }
    } else if (event.type === 'probabilities') {
      for (const [place, prompt] of event.prompts.entries()) {
        scores[event.model]?.add(prompt, event.probabilities[place] ?? [])
      }
      changed.add(event.model)
    } else if (event.type === 'done' && plan !== null) {
      tell()
      return { scores, progress, plan, done: event }
    }
    if (performance.now() - toldMs >= EVENT_INTERVAL_MS) tell()
  }
  throw new WorkbenchError('engine-lost', 'The engine ended the sweep before it was done.')
}

function liveEntry(model: SweptModel | undefined, scores: ModelScores | undefined): LiveEntry[] {
  if (model === undefined || scores === undefined) return []
  const score = scores.soFar()
  if (model.kind === 'range') return [{ kind: 'range', ...model.range, score }]
  if (model.kind === 'blend') return [{ kind: 'blend', strength: model.strength, score }]
  if (model.kind === 'recipe') return [{ kind: 'recipe', name: model.recipe.name, score }]
  return [{ kind: model.kind, score }]
}
