import { join } from 'node:path'
import type { EnginePlan, TrackedPrompt } from '../contract/procedures/engine'
import { planSweep } from '../main/engine/sweep/plan'
import { MODEL_SHAPES, type PairShape } from './model-shapes'
import type { PeakMemory } from './peak-memory'
import { type PairFolders, writeHollowPair } from './synthetic-pair'
import { sweptModels } from './workload'
import { section, gigaflops, mebibytes } from './table'

/** A sweep's plan, with the time that the plan's own short trial predicts, and what the sweep was measured to take. */
export interface PlannedSweep {
  readonly pair: string
  readonly plan: EnginePlan
  /** null for one that was only planned. */
  readonly measured: { readonly peakBytes: number; readonly seconds: number } | null
}

/**
 * The plan of a cut of a model and that of the whole model within the same memory: what the cut was measured to take
 * speaks for the whole one's plan, which nobody here waits for.
 *
 * @param memory of the cut's sweep
 * @param folder a scratch folder
 */
export async function planFullDepth(
  cut: { readonly name: string; readonly shape: PairShape; readonly folders: PairFolders },
  memory: PeakMemory,
  prompts: readonly TrackedPrompt[],
  folder: string,
  signal: AbortSignal
): Promise<PlannedSweep[]> {
  const { shape } = cut.shape
  const layerCount = MODEL_SHAPES[shape].num_hidden_layers
  const whole = await writeHollowPair(join(folder, 'whole'), { shape, layerCount }, signal)
  const planOf = (folders: PairFolders, layers: number): Promise<EnginePlan> =>
    planSweep(
      {
        ...folders,
        device: 'cpu',
        models: sweptModels(layers),
        prompts: [...prompts],
        memoryBytes: memory.memoryBytes
      },
      signal
    )
  return [
    { pair: cut.name, plan: await planOf(cut.folders, cut.shape.layerCount), measured: memory },
    { pair: `${shape}, ${layerCount} layers`, plan: await planOf(whole, layerCount), measured: null }
  ]
}

/** As a table. */
export function describePlans(plans: readonly PlannedSweep[]): string {
  const seconds = (value: number): string =>
    value < 600 ? `${value.toFixed(0)} s` : `${(value / 3600).toFixed(1)} h`
  return section(
    'A whole model planned within the same memory as its cut',
    [
      'pair',
      'groups',
      'block evaluations',
      'projections each',
      'weights',
      'states',
      'activations',
      'last states',
      'planned',
      'peak',
      'to read',
      'predicted',
      'measured'
    ],
    plans.map(({ pair, plan, measured }) => [
      pair,
      String(plan.groups.length),
      String(plan.blockEvaluations),
      gigaflops(plan.flops.projections / plan.blockEvaluations),
      mebibytes(plan.memory.weights),
      mebibytes(plan.memory.states),
      mebibytes(plan.memory.activations),
      mebibytes(plan.memory.finals),
      `${mebibytes(plan.peakBytes)} of ${mebibytes(plan.memoryBytes)}`,
      measured === null ? '-' : mebibytes(measured.peakBytes),
      mebibytes(plan.readBytes.layers + plan.readBytes.head),
      seconds(plan.estimate.seconds),
      measured === null ? '-' : seconds(measured.seconds)
    ]),
    'Projections each: mean over block evaluations; in the last layer most is done for the answering rows only. Predicted: from one ' +
      'block read and run for a moment. The whole model is planned from headers, its weights were not made.'
  )
}
