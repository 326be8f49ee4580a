import type { SampleLine } from '../../contract/documents/samples'
import type { TaskSettings } from '../../contract/documents/task'
import { elementAt } from '../../contract/model/look-up'
import { readList } from '../answers/read-list'
import type { TextModel } from '../text/text-model'
import { multimap } from '../../contract/model/multimap'

/** Of one answer: a longer list would be none of a task. */
const MOST_TOKENS = 100_000

/** How lists are sampled so that they hold as many answers as the settings ask for, each as long as it may be. @param listed answers in each */
export const listSettings = <Settings extends TaskSettings>(
  settings: Settings,
  listed: number
): Settings => ({
  ...settings,
  sampleCount: Math.ceil(settings.sampleCount / listed),
  maxTokens: Math.min(MOST_TOKENS, settings.maxTokens * listed)
})

/** The lists that are there with all their answers, as lines; what is there of others is left out. @param samples of variants that list */
export function wholeLists(
  samples: readonly SampleLine[],
  { sampleCount }: TaskSettings,
  listed: number
): SampleLine[] {
  const lists = multimap(
    samples.map((line) => [
      JSON.stringify([line.variant, line.prompt, Math.floor(line.index / listed)]),
      line
    ])
  )
  return [...lists.values()].flatMap((lines) => {
    const first = elementAt(lines, 0, 'answer')
    const list = Math.floor(first.index / listed)
    const wanted = Math.min(listed, sampleCount - list * listed)
    return lines.length === wanted ? [{ ...first, index: list }] : []
  })
}

/**
 * The answers in lists, in tokens of post.
 *
 * @param lists lines whose index is that of the list
 */
export async function answersIn(
  lists: readonly SampleLine[],
  { sampleCount }: TaskSettings,
  listed: number,
  text: Pick<TextModel, 'encodeAll'>
): Promise<SampleLine[]> {
  const lines = lists.flatMap((line) => {
    const items = readList(line.text)
    const wanted = Math.min(listed, sampleCount - line.index * listed)
    return Array.from({ length: wanted }, (_, place) => {
      const item = items[place] ?? { text: '', probability: null }
      const list = { probability: item.probability, ...(place === 0 ? { whole: line.text } : {}) }
      return { ...line, index: line.index * listed + place, text: item.text, list }
    })
  })
  const tokens = await text.encodeAll(lines.map((line) => line.text))
  return lines.map((line, place) => ({ ...line, tokens: elementAt(tokens, place, 'answer') }))
}
