import type * as ort from 'onnxruntime-node'
import { elementAt } from '../../../contract/model/look-up'
import type { DeviceCheck, Precision } from '../../../contract/model/device'
import type { CheckDeviceRequest } from '../../../contract/procedures/engine'
import { throwIfCancelled } from '../../base/files/cancelling'
import { weightType } from '../../graphs/block-graph'
import { type Device, floatsOf, floatTensor, openDevice } from '../device/device'
import { openTimedProduct } from '../device/timed-product'
import { choosePrecision } from '../forward/choose-precision'
import { embedTokens } from '../forward/embed-tokens'
import { openLanguageHead, valuesOf } from '../forward/language-head'
import { type LayerSource, openLayer } from '../forward/layer-session'
import { openRun } from '../forward/open-run'
import { RotaryFeeds } from '../forward/rotary-feeds'
import { attentionLayout } from '../tries/attention-layout'
import { packPrompts } from '../tries/prompt-trie'
import { readBlock } from '../weights/block-weights'
import type { PairWeights } from '../weights/pair-weights'
import { joinRows, rowAt } from '../rows/rows'

/** Tokens of each prompt. Attention kernels change at 32 positions. */
const PROMPT_LENGTH = 64

/** Prompts of the two checks, of 64 and 512 rows. Kernels of products change with the number of rows. */
const PROMPT_COUNTS = [1, 8]

/** Number of equal nodes in a run, for devices with large runs of 8,192 rows. The CPU computes only one of them. */
const LARGE_RUN_NODES = 16

/** The shape of the timed product: as large as a layer's, and small enough for a software adapter. */
const PRODUCT = { rows: 512, inner: 1024, columns: 1024 }
const PRODUCT_RUNS = 3

/** Compares three layers and the head of post on a device with the CPU, and measures the device's speed. */
export async function checkDevice(request: CheckDeviceRequest, signal?: AbortSignal): Promise<DeviceCheck> {
  const open = await openRun(request, [])
  try {
    const { pair, device } = open
    const precision = choosePrecision(device, pair, request.precision)
    let largestDifference = 0
    if (device.name !== 'cpu') {
      const cpu = open.register(await openDevice('cpu'))
      for (const count of PROMPT_COUNTS) {
        // A NaN anywhere makes the result NaN.
        for await (const difference of differences(pair, count, [device, precision], cpu, signal))
          largestDifference = Math.max(largestDifference, difference)
      }
    }
    if (!Number.isFinite(largestDifference)) largestDifference = Number.MAX_VALUE
    return { precision, largestDifference, gigaflops: await productSpeed(device) }
  } finally {
    await open.close()
  }
}

/**
 * Yields the difference between device and CPU for each checked part of post, relative to what the part changes. The
 * input of a layer is the CPU's output of the checked layer before it.
 */
async function* differences(
  pair: PairWeights,
  promptCount: number,
  [device, precision]: readonly [Device, Precision],
  cpu: Device,
  signal: AbortSignal | undefined
): AsyncGenerator<number> {
  const { spec } = pair.post
  const tokenAt = (_: unknown, i: number): number => (7919 * i + 1) % spec.vocabularySize
  const tokens = Array.from({ length: promptCount * PROMPT_LENGTH }, tokenAt)
  const packed = packPrompts(
    Array.from({ length: promptCount }, (_, i) => tokens.slice(PROMPT_LENGTH * i, PROMPT_LENGTH * (i + 1)))
  )
  const hiddenOf = (rows: Float32Array): Float32Array =>
    joinRows(
      Array.from(packed.tokens, (_, row) =>
        rowAt(rows, row, rows.length / packed.tokens.length).subarray(0, spec.finalRowSize)
      )
    )
  let states = await embedTokens(cpu, pair.post, packed.tokens)
  for (const layer of new Set([0, Math.floor(spec.layerCount / 2), spec.layerCount - 1])) {
    throwIfCancelled(signal, 'The check of a device')
    const expected = await throughLayer({ device: cpu, precision: 'fp32', pair, packed }, layer, states)
    const source = { device, precision, pair, packed }
    const nodeCounts = device.copiesTensors && promptCount > 1 ? [1, LARGE_RUN_NODES] : [1]
    for (const nodes of nodeCounts) {
      const actual = await throughLayer(source, layer, states, nodes)
      for (let node = 0; node < nodes; node++)
        yield distance(rowAt(actual, node, expected.length), expected) / distance(expected, hiddenOf(states))
    }
    states = expected
  }
  const last = rowAt(states, packed.tokens.length - 1, spec.finalRowSize)
  const logitsOn = async (name: Device): Promise<Float32Array> => {
    const head = await openLanguageHead(name, pair.post)
    try {
      return await valuesOf(head.logits(last, signal))
    } finally {
      await head.close()
    }
  }
  const expected = await logitsOn(cpu)
  yield distance(await logitsOn(device), expected) / distance(expected, new Float32Array(expected.length))
}

/**
 * Computes a layer of post up to its experts, if it has any, for `nodes` equal copies of states.
 * @param states [rows, hidden]. @returns [nodes, rows, hidden]
 */
async function throughLayer(
  source: LayerSource,
  layer: number,
  states: Float32Array,
  nodes = 1
): Promise<Float32Array> {
  const { device, precision, pair, packed } = source
  const { spec } = pair.post
  const { rope, window } = elementAt(spec.layers, layer, 'layer')
  const session = await openLayer(source, spec, layer, attentionLayout(packed), false)
  const weights: Record<string, ort.Tensor> = {}
  try {
    const block = await readBlock(pair, layer, { kind: 'recipe', attention: 0, mlp: 0 })
    for (const [role, { data, shape }] of block.tensors)
      weights[role] = await device.resident(data, shape, weightType(role, precision))
    const repeated = new Float32Array(nodes * states.length)
    for (let node = 0; node < nodes; node++) repeated.set(states, node * states.length)
    const input = floatTensor(repeated, [nodes, packed.tokens.length, spec.rowSize])
    const rotary = new RotaryFeeds(spec, PROMPT_LENGTH).of(rope)
    const masks = await session.masks(window)
    return floatsOf((await session.advance(input, nodes, { ...weights, ...rotary, ...masks })).hidden)
  } finally {
    for (const tensor of Object.values(weights)) tensor.dispose()
    await session.close()
  }
}

function distance(left: Float32Array, right: Float32Array): number {
  return Math.sqrt(left.reduce((sum, value, i) => sum + (value - elementAt(right, i, 'value')) ** 2, 0))
}

/** Measures the best of a few runs of one product, in GFLOP/s. */
async function productSpeed(device: Device): Promise<number> {
  const product = await openTimedProduct(device, PRODUCT)
  let best = 0
  for (let run = 0; run < PRODUCT_RUNS; run++) best = Math.max(best, await product.measure())
  await product.close()
  return best
}
