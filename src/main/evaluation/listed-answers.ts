import type { SampleLine } from '../../contract/documents/samples'
import type { TaskSettings } from '../../contract/documents/task'
import { elementAt } from '../../contract/model/look-up'
import { readList } from '../answers/read-list'
import type { TextModel } from '../text/text-model'
import { multimap } from '../../contract/model/multimap'

const MAX_TOKENS = 100_000

/** Adapts settings so that lists contain the requested number of answers. @param listed answers in each list */
export const listSettings = <Settings extends TaskSettings>(settings: Settings, listed: number): Settings => ({
  ...settings,
  sampleCount: Math.ceil(settings.sampleCount / listed),
  maxTokens: Math.min(MAX_TOKENS, settings.maxTokens * listed)
})

/** Selects the complete lists, as lines; incomplete lists are omitted. @param samples of variants that list */
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

/** Splits lists that a model wrote into answers. The index of a list counts lists, that of an answer counts answers. */
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
      const item = items[position] ?? { text: '', probability: null }
      const list = { probability: item.probability, ...(position === 0 ? { whole: line.text } : {}) }
      return { ...line, index: line.index * listed + position, text: item.text, list }
    })
  })
  const tokens = await text.encodeAll(lines.map((line) => line.text))
  return lines.map((line, index) => ({ ...line, tokens: elementAt(tokens, index, 'answer') }))
}
