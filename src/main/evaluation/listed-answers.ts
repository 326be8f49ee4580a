import type { SampleLine } from '../../contract/documents/samples'
import type { TaskSettings } from '../../contract/documents/task'
import { elementAt } from '../../contract/model/look-up'
import { readList } from '../answers/read-list'
import type { TextModel } from '../text/text-model'
import { multimap } from '../../contract/model/multimap'

/* A variant can request several answers at once, as a list. A list is generated as one text and split afterwards. */

/** Limit of the program for a generated text. */
const MAX_TOKENS = 100_000

/**
 * Converts settings for answers to settings for lists: fewer texts, each with room for a whole list.
 *
 * @param listed number of answers in each list
 */
export const listSettings = <Settings extends TaskSettings>(settings: Settings, listed: number): Settings => ({
  ...settings,
  sampleCount: Math.ceil(settings.sampleCount / listed),
  maxTokens: Math.min(MAX_TOKENS, settings.maxTokens * listed)
})

/**
 * Returns one line for each list whose answers are all stored. Incomplete lists are left out and generated again.
 *
 * @param samples stored answers of the variants that request lists
 */
export function wholeLists(
  samples: readonly SampleLine[],
  { sampleCount }: TaskSettings,
  listed: number
): SampleLine[] {
  const lists = multimap(
    samples.map((line) => [JSON.stringify([line.variant, line.prompt, Math.floor(line.index / listed)]), line])
  )
  return [...lists.values()].flatMap((lines) => {
    const first = elementAt(lines, 0, 'answer')
    const list = Math.floor(first.index / listed)
    const expected = Math.min(listed, sampleCount - list * listed)
    return lines.length === expected ? [{ ...first, index: list }] : []
  })
}

/** Splits generated lists into answers. `index` counts lists in `lists`, and answers in the result. */
export async function answersIn(
  lists: readonly SampleLine[],
  { sampleCount }: TaskSettings,
  listed: number,
  text: Pick<TextModel, 'encodeAll'>
): Promise<SampleLine[]> {
  const lines = lists.flatMap((line) => {
    const items = readList(line.text)
    const expected = Math.min(listed, sampleCount - line.index * listed)
    return Array.from({ length: expected }, (_, position) => {
      // A list that is too short has empty answers at its end.
      const item = items[position] ?? { text: '', probability: null }
      const list = { probability: item.probability, ...(position === 0 ? { whole: line.text } : {}) }
      return { ...line, index: line.index * listed + position, text: item.text, list }
    })
  })
  const tokens = await text.encodeAll(lines.map((line) => line.text))
  return lines.map((line, index) => ({ ...line, tokens: elementAt(tokens, index, 'answer') }))
}
