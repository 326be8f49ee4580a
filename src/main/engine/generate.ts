import type { EngineGenerateEvent, GenerateRequest } from '../../contract/engine'
import { Cohorts } from './cohorts'
import { Decoder } from './decoder'
import { openDevice } from './device'
import { planGeneration } from './generation-plan'
import { openLanguageHead, type LanguageHead } from './language-head'
import { closePairWeights, findSharing, openPairWeights } from './pair-weights'
import { prefill } from './prefill'
import { buildRecipeTrie, type Origin } from './recipe-trie'
import { openRunner, type RowRunner } from './row-runner'
import type { StopText } from './stop-text'

/**
 * Samples answers of several models side by side. Blocks stay in memory, and at every layer the rows of all models that
 * use the same block run as one batch; prompts are prefilled once per model, in one pass through the tries.
 *
 * The draws of a sample depend on the seed, its prompt, its model and its index alone.
 *
 * @throws WorkbenchError when the pair cannot be read, nothing fits into memory, or `signal` fires
 */
export async function* generate(
  request: GenerateRequest,
  stopText: StopText,
  signal?: AbortSignal
): AsyncGenerator<EngineGenerateEvent> {
  const startedMs = performance.now()
  const pair = await openPairWeights(request.base, request.post)
  const device = await openDevice('cpu')
  let runner: RowRunner | null = null
  const heads = new Map<Origin, LanguageHead>()
  try {
    const trie = buildRecipeTrie(request.models, await findSharing(pair))
    const plan = planGeneration(request, pair.post.spec, trie)
    const { weights, weightBytes, keyValueBytes, rowsPerModel, promptGroups } = plan
    const modelCount = request.models.length
    yield {
      type: 'plan',
      weights,
      weightBytes,
      keyValueBytes,
      rows: rowsPerModel * modelCount,
      sampleTotal: modelCount * request.prompts.length * request.sampleCount - request.finished.length
    }
    const cohorts = new Cohorts(trie)
    runner = await openRunner({ request, device, pair, trie, cohorts, heads, plan })
    for (const origin of trie.roots) heads.set(origin, await openLanguageHead(device, pair[origin]))

    const decoder = new Decoder({
      request,
      stopText,
      plan,
      cohorts,
      runner,
      prefill: (prompts, aborted) =>
        prefill({ request, device, precision: 'fp32', pair, trie, heads }, prompts, aborted)
    })
    for (const prompts of promptGroups) yield* decoder.generateGroup(prompts, signal)
    yield {
      type: 'done',
      tokenCount: decoder.tokenCount,
      steps: decoder.steps,
      seconds: (performance.now() - startedMs) / 1000
    }
  } finally {
    await runner?.close()
    for (const head of heads.values()) await head.close()
    await device.close()
    await closePairWeights(pair)
  }
}
