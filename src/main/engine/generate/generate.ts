import type { Precision } from '../../../contract/model/device'
import type { EngineGenerateEvent, GenerateRequest } from '../../../contract/procedures/engine'
import { Decoder } from './decoder'
import { drawnModels, type SinglesRequest } from './drawn-models'
import type { Device } from '../device/device'
import { choosePrecision } from '../forward/choose-precision'
import { whyNonFinite } from '../forward/non-finite'
import { openRun, OpenResources } from '../forward/open-run'
import { planGeneration } from './generation-plan'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { prefill } from './prefill'
import { buildRecipeTrie, type Origin } from '../tries/recipe-trie'
import { openResidentHead, type ResidentHead } from './resident-head'
import { openRunner } from './open-runner'
import { findSharing } from '../weights/sharing'
import type { StopText } from './stop-text'

/**
 * Samples answers of several models side by side. Blocks stay in memory. At every layer the rows of all models that use
 * the same block run as one batch. Prompts are prefilled once per model, in one pass through the tries.
 *
 * The draws of a sample depend only on the seed, its prompt, its model and its index.
 *
 * @throws WorkbenchError when the pair cannot be read, nothing fits into memory, numbers are not finite (see
 * `whyNonFinite`), or `signal` fires
 */
export async function* generate(
  request: GenerateRequest,
  stopText: StopText,
  signal?: AbortSignal
): AsyncGenerator<EngineGenerateEvent> {
  const open = await openRun(request, drawnModels(request.models, request.sampling).singles)
  try {
    yield* generateOn(open.device, open.pair, request, stopText, signal)
  } finally {
    await open.close()
  }
}

/** Runs {@link generate} on an open device and pair. On every exit it releases all memory of the device. */
export async function* generateOn(
  device: Device,
  pair: PairWeights,
  request: GenerateRequest,
  stopText: StopText,
  signal?: AbortSignal
): AsyncGenerator<EngineGenerateEvent> {
  const startedMs = performance.now()
  const heads = new Map<Origin, ResidentHead>()
  const open = new OpenResources()
  try {
    const drawn = drawnModels(request.models, request.sampling)
    const singles: SinglesRequest = { ...request, models: drawn.singles }
    const trie = buildRecipeTrie(drawn.singles, await findSharing(pair, drawn.singles))
    const precision = choosePrecision(device, pair, request.precision ?? widthOf(request.weights))
    const plan = planGeneration(singles, pair.post.spec, trie, precision)
    const { weights, weightBytes, keyValueBytes, peakBytes, rowsPerModel, promptGroups } = plan
    yield {
      type: 'plan',
      device: request.device,
      precision,
      weights,
      weightBytes,
      keyValueBytes,
      peakBytes,
      rows: rowsPerModel * drawn.singles.length,
      sampleTotal:
        request.models.length * request.prompts.length * request.sampleCount - request.finished.length
    }
    // Heads are opened first. An opening head is in memory several times, and the blocks are not in memory yet.
    for (const origin of trie.roots) {
      const model = memberOf(pair, origin)
      heads.set(origin, open.own(await openResidentHead(device, model, weights, request.sampling)))
    }
    const runner = open.own(await openRunner({ request: singles, device, pair, trie, heads, plan }))

    const decoder = new Decoder({
      request,
      stopText,
      plan,
      trie,
      drawn: drawn.drawn,
      runner,
      prefill: (prompts, aborted) =>
        prefill({ request: singles, device, precision, pair, trie, heads }, prompts, aborted),
      whyNonFinite: (model, tokens) =>
        whyNonFinite({ device, precision, pair, trie, models: drawn.singles }, model, tokens)
    })
    for (const prompts of promptGroups) yield* decoder.generateGroup(prompts, signal)
    yield {
      type: 'done',
      tokenCount: decoder.tokenCount,
      steps: decoder.steps,
      seconds: (performance.now() - startedMs) / 1000
    }
  } finally {
    await open.close()
  }
}

/** Returns the precision that float weights require. Quantised weights allow any. */
function widthOf(weights: GenerateRequest['weights']): Precision | undefined {
  return weights === 'fp32' || weights === 'fp16' ? weights : undefined
}
