import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { median } from 'simple-statistics'
import type { TrackedPrompt } from '../contract/procedures/engine'
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../main/checkpoint/adapter-config'
import { openPair } from '../main/checkpoint/pair'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { createEngineHost, type EngineClient } from '../main/engine/host'
import { type DecoderSpec, layerTensors } from '../main/family'
import { writeBf16Safetensors, type Bf16Tensor } from './safetensors-writer'
import { randomBf16 } from './synthetic-pair'
import { ratio, section } from './table'
import { postAndRanges } from './workload'

/* Compares sweeps of a pair whose post is a LoRA adapter with sweeps of an equal pair with a merged post. */

/** Seconds of sweeps of all ranges, in each round. */
export interface AdapterSweepTime {
  readonly pair: string
  readonly rank: number
  /** Times with a complete model as post, like an adapter that was merged. */
  readonly mergedSeconds: readonly number[]
  /** Times with base and an adapter of every matrix as post. */
  readonly adapterSeconds: readonly number[]
}

const RANK = 16
const ROUNDS = 3
const MEMORY_BYTES = 6 * 2 ** 30

/** Sweeps a pair, and its base with a random adapter, in alternation. Both sweeps compute the same products. */
export async function measureAdapterSweep(
  name: string,
  { base, post }: PairFolders,
  prompts: readonly TrackedPrompt[],
  folder: string,
  signal: AbortSignal
): Promise<AdapterSweepTime> {
  const { spec } = (await openPair(base, post)).base
  const adapter = await writeRandomAdapter(join(folder, 'adapter'), spec, base, signal)
  const host = createEngineHost()
  try {
    const seconds: { merged: number[]; adapter: number[] } = { merged: [], adapter: [] }
    for (let round = 0; round < ROUNDS; round++) {
      const timed = (other: string): Promise<number> =>
        sweepSeconds(host.client(), { base, post: other }, spec.layerCount, prompts, signal)
      seconds.merged.push(await timed(post))
      seconds.adapter.push(await timed(adapter))
    }
    return { pair: name, rank: RANK, mergedSeconds: seconds.merged, adapterSeconds: seconds.adapter }
  } finally {
    await host.close()
  }
}

async function sweepSeconds(
  engine: EngineClient,
  pair: PairFolders,
  layerCount: number,
  prompts: readonly TrackedPrompt[],
  signal: AbortSignal
): Promise<number> {
  const models = postAndRanges(layerCount)
  const request = { ...pair, models, prompts: [...prompts], memoryBytes: MEMORY_BYTES }
  for await (const event of await engine.sweep(request, { signal })) if (event.type === 'done') return event.seconds
  throw new Error('the sweep has not ended')
}

/** Writes a LoRA adapter with random weights for every matrix of every layer. @returns the adapter's folder */
async function writeRandomAdapter(
  folder: string,
  spec: DecoderSpec,
  base: string,
  signal: AbortSignal
): Promise<string> {
  await mkdir(folder, { recursive: true })
  const matrices = spec.layers
    .flatMap((_, layer) => layerTensors(spec, layer))
    .filter(({ shape }) => shape.length === 2)
  const fill = randomBf16(3)
  const tensors = matrices.flatMap(({ name, shape: [outputs = 1, inputs = 1] }): Bf16Tensor[] => {
    const module = `base_model.model.${name.replace(/\.weight$/, '')}`
    return [
      { name: `${module}.lora_A.weight`, shape: [RANK, inputs], fill },
      { name: `${module}.lora_B.weight`, shape: [outputs, RANK], fill }
    ]
  })
  await writeBf16Safetensors(join(folder, ADAPTER_WEIGHTS), tensors, signal)
  const config = { peft_type: 'LORA', r: RANK, lora_alpha: 2 * RANK, base_model_name_or_path: base }
  await writeFile(join(folder, ADAPTER_CONFIG), JSON.stringify(config))
  return folder
}

/** Formats the results as a table. */
export function describeAdapterSweeps(sweeps: readonly AdapterSweepTime[]): string {
  return section(
    'Sweep of a pair whose post is an adapter (median of the rounds, in turn)',
    'pair | rank | merged | adapter | ratio',
    sweeps.map(({ pair, rank, mergedSeconds, adapterSeconds }) => {
      const [merged, adapter] = [median([...mergedSeconds]), median([...adapterSeconds])]
      return [pair, String(rank), `${merged.toFixed(1)} s`, `${adapter.toFixed(1)} s`, ratio(adapter / merged)]
    })
  )
}
