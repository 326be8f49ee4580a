import type { ProbeRequest } from '../../../contract/engine'
import { openDevice } from '../device/device'
import { choosePrecision, forward } from '../forward/forward'
import { openLanguageHead, valuesOf } from '../forward/language-head'
import { closePairWeights, memberOf, openPairWeights } from '../weights/pair-weights'
import { finalRowOfPrompts, packPrompts } from '../tries/prompt-trie'
import { buildRecipeTrie, originOf } from '../tries/recipe-trie'
import { findSharing } from '../weights/sharing'

/**
 * Logits of one model at the last position of each prompt, [prompts][vocabulary]. Prompts that share prefixes share
 * their work, so all positions of a sequence cost hardly more than its last.
 *
 * @throws WorkbenchError when the pair cannot be read or computed, or a token is outside the vocabulary
 */
export async function probe(request: ProbeRequest, signal?: AbortSignal): Promise<number[][]> {
  const pair = await openPairWeights(request.base, request.post, [request.model])
  const device = await openDevice(request.device)
  try {
    const trie = buildRecipeTrie([request.model], await findSharing(pair))
    const precision = choosePrecision(device, pair, request.precision)
    const packed = packPrompts(request.prompts)
    const member = memberOf(pair, originOf(trie, 0))
    const head = await openLanguageHead(device, member)
    try {
      for await (const event of forward({ device, precision, pair, trie, packed, signal })) {
        if (event.type !== 'final') continue
        const logits = await valuesOf(head.logits(event.hidden, signal))
        const { vocabularySize } = member.spec
        return finalRowOfPrompts(packed).map((row) =>
          Array.from(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize))
        )
      }
    } finally {
      await head.close()
    }
    return []
  } finally {
    await device.close()
    await closePairWeights(pair)
  }
}
