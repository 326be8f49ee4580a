import { ScoredHalf, type SweepDocument } from '../../../contract/documents/crc'
import { WorkbenchError } from '../../../contract/model/problem'
import { halfStrengths, nameStrengths, recipeOf } from '../../../contract/model/strengths'
import { throwIfCancelled } from '../../base/files/cancelling'
import { runCooperatively } from '../../base/steps'
import type { EngineClient } from '../../engine/host'
import { recompareBaselines } from '../selection/compare-baselines'
import type { CrcSweepEvent } from './compute-sweep'
import { runCrcSweep, type SweepHistory } from './crc-sweep'
import type { CrcSweepRequest } from './prepare-sweep'
import { type PairFolders, scoreRecipes } from './score-recipes'
import { verifiedOnCpu } from './verify-on-cpu'

/**
 * Sweeps, then scores the baselines that depend on the selected range, and verifies results of a GPU. Every entry to a
 * sweep uses this function, so that all sweeps compare the selected range with the same baselines.
 *
 * @throws WorkbenchError as `runCrcSweep`
 */
export async function runWholeSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void,
  history: SweepHistory | null
): Promise<SweepDocument> {
  const swept = await runCrcSweep(engine, request, signal, onEvent, history)
  const compared = await withHalvesAlone(engine, request, swept, signal)
  const whole = await verifiedOnCpu(engine, request, compared, signal)
  for (const message of whole.notices.slice(swept.notices.length)) onEvent({ type: 'notice', message })
  return whole
}

/**
 * Adds attention alone and MLP alone of the selected layers as baselines. These two models are omitted in a
 * preview. If scoring fails, the sweep stays unchanged and gets a notice.
 *
 * @throws WorkbenchError `cancelled`
 */
export async function withHalvesAlone(
  engine: EngineClient,
  pair: PairFolders,
  sweep: SweepDocument,
  signal: AbortSignal
): Promise<SweepDocument> {
  const { selected, selection, layerCount, source, preview } = sweep
  if (selected === null || selection === null || preview !== null) return sweep
  const recipes = ScoredHalf.options.map((half) => {
    const layers = halfStrengths(selected, half, layerCount, source)
    return recipeOf(nameStrengths(layers), layers)
  })
  try {
    const scored = await scoreRecipes(engine, pair, sweep, recipes, signal, () => undefined)
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
