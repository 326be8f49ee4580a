import type * as ort from 'onnxruntime-node'
import { wholeModelTensors } from '../../family'
import { LAYER_INPUTS, layerInputsGraph } from '../../graphs/carried-row'
import { STREAM_INPUTS, streamsGraph } from '../../graphs/streams'
import { mapGet } from '../../../contract/model/look-up'
import { type Device, floatTensor, runSession } from '../device/device'
import { rowAt } from '../rows/rows'
import type { ModelWeights } from '../weights/pair-weights'
import { gatherFloatRows, readFloatRows } from '../weights/stored-rows'

/**
 * Widens embeddings to rows between layers, [tokens, rowSize], with further hidden states and the inputs of all layers.
 * Keys and values for later layers are zero until a layer writes them.
 *
 * @param embedded scaled embeddings of the tokens, [tokens, hidden]
 */
export async function carriedRows(
  device: Device,
  model: ModelWeights,
  tokens: readonly number[],
  embedded: Float32Array
): Promise<Float32Array> {
  const { finalRowSize, rowSize, layerCount, carried, streams } = model.spec
  const states = streams === null ? embedded : await allStates(device, model, tokens.length, embedded)
  const inputs = carried.inputSize === 0 ? null : await layerInputs(device, model, tokens, embedded)
  const rows = new Float32Array(tokens.length * rowSize)
  for (let i = 0; i < tokens.length; i++) {
    rows.set(rowAt(states, i, finalRowSize), i * rowSize)
    if (inputs === null) continue
    rows.set(rowAt(inputs, i, layerCount * carried.inputSize), i * rowSize + finalRowSize)
  }
  return rows
}

/** Computes all hidden states of embedded tokens, [tokens, finalRowSize]. */
async function allStates(
  device: Device,
  model: ModelWeights,
  count: number,
  embedded: Float32Array
): Promise<Float32Array> {
  const { hiddenSize } = model.spec
  const projections = wholeModelTensors(model.spec).rowInputs.filter(({ component }) => component === 'streamInputs')
  const feeds: Record<string, ort.Tensor> = {
    [STREAM_INPUTS.embedded]: floatTensor(embedded, [count, hiddenSize])
  }
  for (const [i, { name }] of projections.entries()) {
    const weights = await readFloatRows(model, name, 0, hiddenSize, hiddenSize)
    feeds[STREAM_INPUTS.projection(i)] = floatTensor(weights, [hiddenSize, hiddenSize])
  }
  const session = await device.createSession(streamsGraph(model.spec))
  try {
    return mapGet(await runSession(session, feeds), STREAM_INPUTS.out, 'output')
  } finally {
    await session.release()
  }
}

/** Computes the inputs of all layers, [tokens, layers x inputSize]. */
async function layerInputs(
  device: Device,
  model: ModelWeights,
  tokens: readonly number[],
  embedded: Float32Array
): Promise<Float32Array> {
  const { hiddenSize, layerCount, carried } = model.spec
  const width = layerCount * carried.inputSize
  const [stored, projection, norm] = wholeModelTensors(model.spec).rowInputs.map(({ name }) => name)
  if (stored === undefined || projection === undefined || norm === undefined)
    throw new Error('a model with inputs of layers has three tensors for them')
  const session = await device.createSession(layerInputsGraph(model.spec))
  try {
    const count = tokens.length
    const outputs = await runSession(session, {
      [LAYER_INPUTS.embedded]: floatTensor(embedded, [count, hiddenSize]),
      [LAYER_INPUTS.stored]: floatTensor(await gatherFloatRows(model, stored, tokens, width), [count, width]),
      [LAYER_INPUTS.projection]: floatTensor(await readFloatRows(model, projection, 0, width, hiddenSize), [
        width,
        hiddenSize
      ]),
      [LAYER_INPUTS.norm]: floatTensor(await readFloatRows(model, norm, 0, carried.inputSize, 1), [carried.inputSize])
    })
    return mapGet(outputs, LAYER_INPUTS.out, 'output')
  } finally {
    await session.release()
  }
}
