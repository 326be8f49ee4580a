import type { ProbeRequest } from '../../../contract/procedures/engine'
import { unroundedSums } from '../../checkpoint/adapted-reader'
import { allFinite } from '../../checkpoint/non-finite'
import { choosePrecision } from '../forward/choose-precision'
import { openLanguageHead, valuesOf } from '../forward/language-head'
import { finiteForward, whyNonFinite } from '../forward/non-finite'
import { rowAt } from '../rows/rows'
import { openRun, type OpenRun } from '../forward/open-run'
import { memberOf, openStoredModel, type PairWeights } from '../weights/pair-weights'
import { finalRowOfPrompts, packPrompts } from '../tries/prompt-trie'
import { buildRecipeTrie, originOf } from '../tries/recipe-trie'
import { findSharing } from '../weights/sharing'

/** Computes the last logits of each prompt, [prompts][vocabulary]. Common prefixes are computed once. */
export async function probe(request: ProbeRequest, signal?: AbortSignal): Promise<number[][]> {
  const open = await openRun(request, [request.model])
  try {
    const { device } = open
    const pair = request.unmerged === true ? unmergedPair(open) : open.pair
    const trie = buildRecipeTrie([request.model], await findSharing(pair, [request.model]))
    const precision = choosePrecision(device, pair, request.precision)
    const packed = packPrompts(request.prompts)
    const member = memberOf(pair, originOf(trie, 0))
    const head = open.register(await openLanguageHead(device, member))
    const models = [request.model]
    for await (const event of finiteForward({ device, precision, pair, trie, packed, signal }, models)) {
      if (event.type !== 'final') continue
      const logits = await valuesOf(head.logits(event.hidden, signal))
      const { vocabularySize } = member.spec
      const results = finalRowOfPrompts(packed).map((row) => rowAt(logits, row, vocabularySize))
      const bad = request.prompts.find((_, i) => !results.slice(i, i + 1).every(allFinite))
      if (bad !== undefined) throw await whyNonFinite({ device, precision, pair, trie, models }, 0, bad)
      return results.map((row) => Array.from(row))
    }
    return []
  } finally {
    await open.close()
  }
}

/** Returns the pair with the sums of post's adapter in float32; see `unroundedSums`. */
function unmergedPair(open: OpenRun): PairWeights {
  const { post } = open.pair
  const stored = openStoredModel({ ...post.checkpoint, tensors: unroundedSums(post.checkpoint.tensors) })
  open.register(stored.reader)
  return { ...open.pair, post: { ...post, ...stored } }
}
