import { join } from 'node:path'
import type { TrackedPrompt } from '../contract/procedures/engine'
import { countFlops } from '../main/engine/sweep/sweep-plan'
import { decoderSpec } from '../main/family'
import { timeSweep } from './comparison'
import { modelConfig, type PairShape } from './model-shapes'
import { fittedExponent, median } from './statistics'
import { writeSyntheticPair } from './synthetic-pair'
import { pack, somePrompts, sweptModels, trieOf } from './workload'
import { wholeTrie } from '../main/engine/tries/trie-parts'
import { section } from './table'

/** How a sweep's time grows along one axis, and how its counted work does: both as y ~ x^exponent. */
export interface Growth {
  readonly axis: string
  readonly points: readonly { readonly x: number; readonly seconds: number; readonly flops: number }[]
  readonly timeExponent: number
  readonly workExponent: number
}

const SHAPE = { shape: 'SmolLM2-135M', vocabularySize: 2048 } as const
const AXES: readonly {
  readonly axis: string
  readonly xs: readonly number[]
  /** Shape of the pair and number of prompts at a point. */
  readonly at: (x: number) => { readonly shape: PairShape; readonly promptCount: number }
}[] = [
  {
    axis: 'layers',
    xs: [3, 6, 9, 12],
    at: (x) => ({ shape: { ...SHAPE, layerCount: x }, promptCount: 40 })
  },
  {
    axis: 'prompts',
    xs: [5, 10, 20, 40],
    at: (x) => ({ shape: { ...SHAPE, layerCount: 6 }, promptCount: x })
  },
  {
    axis: 'hidden size',
    xs: [192, 576, 1152],
    at: (x) => ({ shape: { ...SHAPE, layerCount: 4, widthFactor: x / 576 }, promptCount: 40 })
  }
]
const ROUNDS = 3

export async function measureGrowth(
  prompts: readonly TrackedPrompt[],
  folder: string,
  signal: AbortSignal
): Promise<Growth[]> {
  const axes: Growth[] = []
  for (const { axis, xs, at } of AXES) {
    const runs = await Promise.all(
      xs.map(async (x) => {
        const { shape, promptCount } = at(x)
        const pair = await writeSyntheticPair(join(folder, `${axis} ${x}`), shape, signal)
        return { x, pair, layerCount: shape.layerCount, prompts: somePrompts(prompts, promptCount), shape }
      })
    )
    const seconds = runs.map((): number[] => [])
    // Round by round, so that a busy spell of the machine touches all points alike.
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, run] of runs.entries()) {
        const { elapsedMs } = await timeSweep(run.pair, sweptModels(run.layerCount), run.prompts, signal)
        seconds[i]?.push(elapsedMs / 1000)
      }
    }
    const points = runs.map((run, i) => {
      const spec = decoderSpec(modelConfig(run.shape), 'config.json')
      const trie = trieOf(sweptModels(run.layerCount), run.layerCount)
      const { projections, head } = countFlops(spec, wholeTrie(trie), pack(run.prompts))
      return { x: run.x, seconds: median(seconds[i] ?? []), flops: projections + head }
    })
    axes.push({
      axis,
      points,
      timeExponent: fittedExponent(
        xs,
        points.map((point) => point.seconds)
      ),
      workExponent: fittedExponent(
        xs,
        points.map((point) => point.flops)
      )
    })
  }
  return axes
}

/** As a table. */
export function describeGrowth(growth: readonly Growth[]): string {
  return section(
    'Growth of a sweep (time ~ x^exponent; in brackets the exponent of its FLOPs)',
    ['axis', 'exponent', 'measured'],
    growth.map(({ axis, points, timeExponent, workExponent }) => [
      axis,
      `${timeExponent.toFixed(2)} (${workExponent.toFixed(2)})`,
      points.map(({ x, seconds }) => `${x}: ${seconds.toFixed(2)} s`).join(', ')
    ])
  )
}
