import { type RecipeScore, type Score, ScoredHalf, type SweepDocument } from '../../../contract/documents/crc'
import type { SweepProgress } from '../../../contract/documents/sweep-events'
import { WorkbenchError } from '../../../contract/model/problem'
import { findRange, halfStrengths, nameStrengths, rangeStrengths, recipeOf } from '../../../contract/model/strengths'
import { DEVICE_LABELS } from '../../../contract/model/device'
import { elementAt } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'
import { runCooperatively } from '../../base/steps'
import { plural } from '../../../contract/words/format'
import { openPair } from '../../checkpoint/pair'
import type { TensorEntry } from '../../checkpoint/safetensors'
import type { EngineClient } from '../../engine/host'
import { recompareBaselines } from '../selection/compare-baselines'
import { type CrcSweepEvent, NOTHING_DONE } from './compute-sweep'
import { runCrcSweep, type SweepHistory } from './crc-sweep'
import type { CrcSweepRequest } from './prepare-sweep'
import { withFewShotBase } from './few-shot-base'
import { type PairFolders, promptsOf, scoreRecipes, type SweptPair } from './score-recipes'

/** Sweeps, then scores more models for comparison and verifies a GPU. All commands and jobs sweep by this function. */
export async function runWholeSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void,
  history: SweepHistory | null
): Promise<SweepDocument> {
  let progress: SweepProgress = NOTHING_DONE
  const swept = await runCrcSweep(
    engine,
    request,
    signal,
    (event) => {
      if (event.type === 'progress') progress = event.progress
      onEvent(event)
    },
    history
  )
  const reportProgress = (changes: Partial<SweepProgress>): void =>
    onEvent({ type: 'progress', progress: { ...progress, ...changes } })
  const compared = await withHalvesAlone(engine, request, swept, signal, ({ rowsDone, rowsTotal }) =>
    reportProgress({ phase: 'halving', rowsDone, rowsTotal })
  )
  const withFewShot = await withFewShotBase(engine, request, compared, signal)
  if (compared.device !== 'cpu') reportProgress({ phase: 'verifying' })
  const verified = await verifiedOnCpu(engine, request, withFewShot, signal)
  const whole = await withUnmergedDifference(engine, request, verified, signal)
  reportProgress({ phase: 'saving' })
  for (const message of whole.notices.slice(swept.notices.length)) onEvent({ type: 'notice', message })
  return whole
}

/** Adds two baselines that restore only attention or only MLP of the selected layers, or a notice if scoring fails. */
export async function withHalvesAlone(
  engine: EngineClient,
  pair: SweptPair,
  sweep: SweepDocument,
  signal: AbortSignal,
  onProgress: (progress: SweepProgress) => void
): Promise<SweepDocument> {
  const { selected, selection, layerCount, source, preview } = sweep
  if (selected === null || selection === null || preview !== null) return sweep
  const recipes = ScoredHalf.options.map((half) => {
    const layers = halfStrengths(selected, half, layerCount, source)
    return recipeOf(nameStrengths(layers), layers)
  })
  try {
    const scored = await scoreRecipes(engine, { pair, sweep, recipes }, signal, onProgress)
    const alone = scored.recipes.map((score, index) => ({ ...score, alone: ScoredHalf.options[index] }))
    const whole = { ...sweep, recipes: [...sweep.recipes, ...alone], followUp: scored.work }
    const stop = { signal, what: 'The sweep' }
    return { ...whole, selection: await runCooperatively(recompareBaselines(whole, selection), stop) }
  } catch (error) {
    throwIfCancelled(signal, 'The sweep')
    if (!(error instanceof WorkbenchError)) throw error
    const notice = `Attention and MLP of the selected range were not scored alone. ${error.message}`
    return { ...sweep, notices: [...sweep.notices, notice] }
  }
}

/** Maximum number of prompts that are computed again. */
const MAX_PROMPTS = 5

/** A larger difference of a probability is suspicious. On the demo, a GPU differs by 3e-4 in fp16 and 2e-6 in fp32. */
const SUSPICIOUS = 0.02

/** Computes post, base and the selected range again on the CPU, and notes the largest difference. */
export async function verifiedOnCpu(
  engine: EngineClient,
  request: Pick<CrcSweepRequest, 'base' | 'post' | 'memoryBytes'>,
  sweep: SweepDocument,
  signal: AbortSignal
): Promise<SweepDocument> {
  if (sweep.device === 'cpu' || sweep.preview !== null) return sweep
  const notice = (): Promise<string> => compareWithCpu(engine, request, sweep, signal)
  return withNotice(sweep, notice, 'Nothing was verified on the CPU.', signal)
}

/** Computes some models and prompts again on the CPU. @returns a notice on the largest difference */
async function compareWithCpu(
  engine: EngineClient,
  { base, post, memoryBytes }: Parameters<typeof verifiedOnCpu>[1],
  sweep: SweepDocument,
  signal: AbortSignal
): Promise<string> {
  const { selected, source, layerCount, device } = sweep
  // Prompts of the task to regain come first, prompts of the task to keep follow.
  const available = sweep.prompts.filter(({ measure }) => measure !== 'validity').length
  const count = Math.min(MAX_PROMPTS, available)
  const prompts = Array.from({ length: count }, (_, index) => Math.floor((index * available) / count))
  const layers = selected === null ? null : rangeStrengths(selected, layerCount, source)
  const again = await runCrcSweep(
    engine,
    {
      base,
      post,
      memoryBytes,
      prompts: promptsOf(sweep, prompts),
      rendering: sweep.rendering,
      rho: 0,
      ranges: false,
      wholeBase: sweep.base !== null,
      uniformBlendCount: 0,
      recipes: layers === null ? [] : [recipeOf(nameStrengths(layers), layers)],
      device: { device: 'cpu', notice: null }
    },
    signal,
    () => undefined
  )
  const [recipe] = again.recipes
  const range = findRange(sweep.ranges, selected)
  const pairs: [Score, Score | RecipeScore | null | undefined][] = [[sweep.post, again.post]]
  if (sweep.base !== null) pairs.push([sweep.base, again.base])
  if (range !== undefined) pairs.push([range, recipe])
  const largest = Math.max(
    ...pairs.flatMap(([before, after]) =>
      after === null || after === undefined ? [] : [largestDifference(before, after, prompts)]
    )
  )
  const models = ['post']
  if (sweep.base !== null) models.push('base')
  if (selected !== null) models.push('the selected range')
  const repeated = `${models.join(', ')} on ${count} prompts, computed again on the CPU`
  const largestText = largest === 0 ? '0' : largest.toExponential(0)
  return largest > SUSPICIOUS
    ? `${DEVICE_LABELS[device]} may compute wrongly: ${repeated}, differ by up to ${largest.toPrecision(2)} in a ` +
        'probability. Sweep again on the CPU.'
    : `Verified on the CPU: ${repeated}, differ by at most ${largestText} in a probability.`
}

/** Number of prompts on which a merged and an unmerged adapter are compared. */
const COMPARED_PROMPTS = 3

/** Adds a notice on the largest difference between post's logits with its LoRA adapter merged and unmerged. */
export async function withUnmergedDifference(
  engine: EngineClient,
  { base, post }: PairFolders,
  sweep: SweepDocument,
  signal: AbortSignal
): Promise<SweepDocument> {
  if (sweep.preview !== null) return sweep
  const model = { kind: 'post' } as const
  const prompts = sweep.prompts.slice(0, COMPARED_PROMPTS).map(({ tokens }) => tokens)
  const isRounded = ({ adapted, dtype }: TensorEntry): boolean => adapted !== undefined && dtype !== 'F32'
  const notice = async (): Promise<string | null> => {
    const { checkpoint } = (await openPair(base, post)).post
    if (![...checkpoint.tensors.values()].some(isRounded)) return null
    const request = { base, post, model, prompts }
    const merged = (await engine.probe(request, { signal })).logits.flat()
    const unmerged = (await engine.probe({ ...request, unmerged: true }, { signal })).logits.flat()
    const largest = merged.reduce(
      (max, logit, i) => Math.max(max, Math.abs(logit - elementAt(unmerged, i, 'logit'))),
      0
    )
    return (
      'Post is scored with its adapter merged. ' +
      `Unmerged, its logits differ by at most ${largest.toPrecision(2)} on ${plural(prompts.length, 'prompt')}.`
    )
  }
  return withNotice(sweep, notice, 'The adapter was not compared with unmerged arithmetic.', signal)
}

/** Adds the notice that `compute` returns, if any. If it fails, adds the text `failure` and the reason as a notice. */
async function withNotice(
  sweep: SweepDocument,
  compute: () => Promise<string | null>,
  failure: string,
  signal: AbortSignal
): Promise<SweepDocument> {
  const notice = await compute().catch((error: unknown) => {
    throwIfCancelled(signal, 'The sweep')
    if (!(error instanceof WorkbenchError)) throw error
    return `${failure} ${error.message}`
  })
  return notice === null ? sweep : { ...sweep, notices: [...sweep.notices, notice] }
}

/**
 * Returns the largest difference of a probability between two scores.
 * @param partialScore has only the chosen prompts
 */
function largestDifference(fullScore: Score, partialScore: Score, chosen: readonly number[]): number {
  const differences = chosen.flatMap((prompt, index) => {
    const expected = elementAt(partialScore.prompts, index, 'prompt').probabilities
    return elementAt(fullScore.prompts, prompt, 'prompt').probabilities.map((value, answer) =>
      Math.abs(value - elementAt(expected, answer, 'answer'))
    )
  })
  return Math.max(0, ...differences)
}
