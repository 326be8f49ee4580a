import { totalWork, type Work } from '../../../contract/crc'
import type { EngineSweepEvent, SweepRequest } from '../../../contract/engine'
import { allFinite } from '../../checkpoint/non-finite'
import { openDevice } from '../device/device'
import { choosePrecision, nodesPerRun } from '../forward/forward'
import { type FinalStates, GroupScorer, trackedTokens } from './group-scorer'
import { type LanguageHead, openLanguageHead, sliceRead, type SliceDone } from '../forward/language-head'
import { type Computation, finiteForward, whyNonFinite } from '../forward/non-finite'
import { closePairWeights, memberOf, openPairWeights, type PairWeights } from '../weights/pair-weights'
import { rowAt } from '../rows/rows'
import { ReadAhead } from '../weights/read-ahead'
import { buildRecipeTrie, countEdges } from '../tries/recipe-trie'
import { findSharing } from '../weights/sharing'
import type { SweptModels } from './sweep-memory'
import { keptGroups } from './kept-groups'
import { progressRows, storedBytes } from './sweep-plan'
import { at } from '../../base/look-up'

/**
 * Scores every model on every prompt: the summed next-token probabilities of each prompt's token groups,
 * under `request.sampling` when there is one.
 *
 * Prompts are split into groups that keep the process within `request.memoryBytes` and last no longer than one would like to
 * lose, see `keptGroups`; each group is one layer-major pass
 * over all models, and one over the head, so every weight byte is read once per group. Weights are read and converted
 * beside the computing: at most two blocks are in memory.
 *
 * @throws WorkbenchError when the pair cannot be read or computed, numbers are not finite (see `whyNonFinite`), a token is
 *   outside the vocabulary, the memory allowed is too small, or `signal` fires
 */
export async function* sweep(request: SweepRequest, signal?: AbortSignal): AsyncGenerator<EngineSweepEvent> {
  const startedMs = performance.now()
  const pair = await openPairWeights(request.base, request.post, request.models)
  const device = await openDevice(request.device)
  const reader = new ReadAhead(pair, signal)
  try {
    const precision = choosePrecision(device, pair, request.precision)
    const models = await sweptModels(pair, request, device.keepsTensors ? precision : null)
    const { trie } = models
    const prompts = request.prompts.map((prompt) => prompt.tokens)
    const { groups, rowBound, peakBytes } = keptGroups(models, prompts, request.memoryBytes, device.name)
    const rowsOf = groups.map(({ packed }) => progressRows(pair.post.spec, trie, packed))
    yield {
      type: 'plan',
      rowsTotal: rowsOf.reduce((sum, { layers, head }) => sum + layers + head, 0),
      groupCount: groups.length,
      peakBytes,
      identicalLayers: [...models.identicalLayers],
      device: device.name,
      precision
    }

    const blocks = reader.block.bind(reader)
    const reading = { readMs: 0, convertMs: 0, waitMs: 0 }
    const spend = ({ readMs, convertMs, waitMs }: typeof reading): void => {
      reading.readMs += readMs
      reading.convertMs += convertMs
      reading.waitMs += waitMs
    }
    let rowsDone = 0
    const works: Work[] = []
    const layer = pair.post.spec.layerCount - 1
    for (const [group, { indices, packed }] of groups.entries()) {
      const scorer = new GroupScorer(request, pair, trie, indices, packed)
      let weightBytesRead = 0
      const perRun = nodesPerRun(rowBound, packed.tokens.length, scorer.rowsPerLeaf)
      const run = { device, precision, pair, trie, packed, signal, blocks, nodesPerRun: perRun }
      for await (const event of finiteForward(run, request.models)) {
        if (event.type === 'final') scorer.add(event.leaf, event.hidden)
        if (event.type === 'block') {
          spend(event)
          weightBytesRead += event.bytesRead
        }
        if (event.type === 'rows') {
          rowsDone += event.rows
          yield { type: 'progress', rowsDone, layer: event.layer, group }
        }
      }
      for (const finals of scorer.finals) {
        const share = at(rowsOf, group, 'group').head / scorer.finals.length
        const model = memberOf(pair, finals.origin)
        const head = await openLanguageHead(device, model, (slice) =>
          reader.read([sliceRead(model.spec, finals.origin, slice)])
        )
        try {
          const computation = { device, precision, pair, trie, models: request.models }
          for await (const event of scoreFinals(computation, scorer, finals, head, signal)) {
            if (event.type !== 'slice') yield event
            else {
              spend(event)
              rowsDone += event.share * share
              yield { type: 'progress', rowsDone: Math.round(rowsDone), layer, group }
            }
          }
        } finally {
          await head.close()
        }
      }
      const work: Work = {
        blockEvaluations: countEdges(trie),
        packedTokens: packed.tokens.length,
        promptTokens: indices.reduce((sum, index) => sum + at(prompts, index, 'prompt').length, 0),
        weightBytesRead
      }
      works.push(work)
      yield { type: 'group', prompts: [...indices], work }
    }
    yield {
      type: 'done',
      work: totalWork(works),
      reading: { ...reading, peakBuffers: reader.peakBuffers },
      moved: device.moved === null ? null : { ...device.moved },
      seconds: (performance.now() - startedMs) / 1000
    }
  } finally {
    await reader.close()
    await device.close()
    await closePairWeights(pair)
  }
}

/** Last states through the head: of the whole vocabulary logits for samplers, otherwise the sum that probabilities need. */
async function* scoreFinals(
  computation: Computation,
  scorer: GroupScorer,
  finals: FinalStates,
  head: LanguageHead,
  signal: AbortSignal | undefined
): AsyncGenerator<EngineSweepEvent | SliceDone> {
  const { hidden } = finals
  const tokens = scorer.wantedTokens
  const requireFinite = async (isFinite: (row: number) => boolean): Promise<void> => {
    const bad = scorer.firstRowWithout(finals, isFinite)
    if (bad !== null) throw await whyNonFinite(computation, bad.model, bad.tokens)
  }
  if (tokens === null) {
    for await (const event of head.logits(hidden, signal)) {
      if (event.type === 'slice') {
        yield event
        continue
      }
      const width = event.values.length / scorer.rowsOf(finals)
      await requireFinite((row) => allFinite(rowAt(event.values, row, width)))
      yield* scorer.score(finals, new Float64Array(), event.values)
    }
    return
  }
  for await (const event of head.logSums(hidden, signal)) {
    if (event.type === 'slice') {
      yield event
      continue
    }
    await requireFinite((row) => Number.isFinite(event.values[row]))
    yield* scorer.score(finals, event.values, await head.logitsOf(hidden, tokens))
  }
}

/**
 * The models of a request as a trie, with what decides how much memory they take.
 *
 * @param uploadedIn see `SweptModels`
 */
export async function sweptModels(
  pair: PairWeights,
  request: Pick<SweepRequest, 'models' | 'prompts' | 'sampling'>,
  uploadedIn: SweptModels['uploadedIn'] = null
): Promise<SweptModels> {
  const sharing = await findSharing(pair)
  const trie = buildRecipeTrie(request.models, sharing)
  return {
    pair,
    trie,
    trackedTokens: trackedTokens(request.prompts).length,
    allLogits: request.sampling !== undefined,
    keptBytes: storedBytes(pair, trie).kept,
    identicalLayers: pair.post.spec.layers.flatMap((_, layer) => (sharing.identical(layer) ? [layer] : [])),
    uploadedIn
  }
}
