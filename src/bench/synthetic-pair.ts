import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { decoderSpec, layerTensors, wholeModelTensors } from '../main/family'
import { modelConfig, type PairShape } from './model-shapes'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { writeBf16Safetensors, type Bf16Tensor } from './safetensors-writer'

/** Writes two checkpoints of one shape with independent random weights, so that no layer is shared between them. */
export function writeSyntheticPair(folder: string, shape: PairShape, signal: AbortSignal): Promise<PairFolders> {
  return writePair(folder, shape, undefined, signal)
}

/** Writes checkpoints with other random weights than the pair of the same shape. */
export async function writeSyntheticStages(
  folder: string,
  shape: PairShape,
  count: number,
  signal: AbortSignal
): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, index) => join(folder, `stage-${index + 1}`))
  for (const [index, path] of paths.entries()) await writeModel(path, shape, index + 3, undefined, signal)
  return paths
}

/** Writes a pair for plans only. The files are holes, except for the first weights of each tensor, which differ. */
export function writeHollowPair(folder: string, shape: PairShape, signal: AbortSignal): Promise<PairFolders> {
  return writePair(folder, shape, HOLLOW_ELEMENTS, signal)
}

/** Number of elements of each tensor that a hollow pair stores. */
const HOLLOW_ELEMENTS = 64

/** @param writtenElements number of elements of each tensor to store; undefined for all */
async function writePair(
  folder: string,
  shape: PairShape,
  writtenElements: number | undefined,
  signal: AbortSignal
): Promise<PairFolders> {
  const folders = { base: join(folder, 'base'), post: join(folder, 'post') }
  await writeModel(folders.base, shape, 1, writtenElements, signal)
  await writeModel(folders.post, shape, 2, writtenElements, signal)
  return folders
}

async function writeModel(
  folder: string,
  shape: PairShape,
  seed: number,
  writtenElements: number | undefined,
  signal: AbortSignal
): Promise<void> {
  const config = modelConfig(shape)
  const configPath = join(folder, 'config.json')
  const spec = decoderSpec(config, configPath)
  const { embedding, finalNorm, head } = wholeModelTensors(spec)
  const layers = spec.layers.flatMap((_, layer) => layerTensors(spec, layer))
  const tensors = [embedding, ...layers, ...finalNorm, ...(spec.tiedHead ? [] : [head])]
  const random = randomBf16(seed)
  await mkdir(folder, { recursive: true })
  await writeFile(configPath, JSON.stringify(config, null, 2))
  await writeBf16Safetensors(
    join(folder, 'model.safetensors'),
    tensors.map(({ name, shape }): Bf16Tensor => ({
      name,
      shape,
      fill: /norm/.test(name) ? ones : random,
      ...(writtenElements !== undefined && { writtenElements })
    })),
    signal
  )
}

/** The bits of 1 in bfloat16. */
const ONE_BF16 = 0x3f80

function ones(piece: Uint16Array): void {
  piece.fill(ONE_BF16)
}

/** Fills with random values of deviation 0.019 and magnitudes in [2^-7, 2^-5), so that activations stay finite. */
export function randomBf16(seed: number): (piece: Uint16Array) => void {
  const random = xoroshiro128plus(seed)
  return (piece) => {
    for (let i = 0; i < piece.length; i += 2) {
      // Two values at once: signs, mantissas and the lowest bit of exponents are random, other bits are fixed.
      const bits = (random.next() & 0x80ff80ff) | 0x3c003c00
      piece[i] = bits
      if (i + 1 < piece.length) piece[i + 1] = bits >>> 16
    }
  }
}
