import { elementAt } from '../../contract/model/look-up'

/** Prefixes that are decoded at a time, so that the cost grows with the number of tokens only. */
const PREFIXES_AT_ONCE = 32

const PARTIAL_END = /\uFFFD+$/

/**
 * Returns how many characters each token adds to a text. A character that is split over several tokens counts once, for
 * its last token.
 *
 * @param texts text of each token by itself; an incomplete character is U+FFFD
 * @param decodeAll decodes sequences of tokens
 */
export async function addedLengths(
  tokens: readonly number[],
  texts: readonly string[],
  decodeAll: (sequences: readonly (readonly number[])[]) => Promise<readonly string[]>
): Promise<number[]> {
  const isPartial = texts.map((text) => text.includes('\uFFFD'))
  const lengths: number[] = []
  while (lengths.length < tokens.length) {
    const start = lengths.length
    const complete = isPartial.indexOf(false, start)
    const runEnd = complete === -1 ? tokens.length : complete
    if (runEnd === start) {
      lengths.push(elementAt(texts, start, 'token').length)
      continue
    }
    const ends = tokens.slice(start, Math.min(runEnd, start + PREFIXES_AT_ONCE)).map((_, i) => start + i + 1)
    const prefixes = await decodeAll(ends.map((end) => tokens.slice(start, end)))
    // The rest of a long run is decoded from its last whole character.
    const lastWhole = prefixes.findLastIndex((prefix) => !PARTIAL_END.test(prefix))
    const isWholeRun = ends.at(-1) === runEnd
    const used = prefixes.slice(0, isWholeRun || lastWhole === -1 ? undefined : lastWhole + 1)
    let length = 0
    for (const [i, prefix] of used.entries()) {
      // Incomplete characters that no later token completes are in the text.
      const whole = i === used.length - 1 ? prefix : prefix.replace(PARTIAL_END, '')
      lengths.push(Math.max(0, whole.length - length))
      length = Math.max(length, whole.length)
    }
  }
  return lengths
}
