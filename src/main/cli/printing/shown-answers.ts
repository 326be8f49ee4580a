import { isCounted, type SampleLine, type SampleRun } from '../../../contract/documents/samples'
import { normaliseAnswer } from '../../../contract/model/answer'
import { elementAt } from '../../../contract/model/look-up'
import { multimap } from '../../../contract/model/multimap'
import { uncountedWords } from '../../../contract/words/uncounted-words'
import { wrapped } from './fitted-table'
import { printable, shownWidth, style } from './output'

/** Lists answers by prompt and variant. Equal answers are counted, the most frequent first. */
export function describeAnswers(
  { prompts, variants }: Pick<SampleRun, 'prompts' | 'variants'>,
  lines: readonly SampleLine[],
  width = shownWidth()
): string {
  const ofPrompts = multimap(lines.map((line) => [line.prompt, line]))
  return prompts
    .flatMap(({ text }, prompt) => {
      const answered = multimap((ofPrompts.get(prompt) ?? []).map((line) => [line.variant, line]))
      if (answered.size === 0) return []
      const cells = variants.flatMap(({ name }) => {
        const answers = answered.get(name)
        return answers === undefined ? [] : describeCell(name, answers, width)
      })
      return [[style('bold', `Prompt ${prompt + 1}: ${printable(text)}`), ...cells].join('\n')]
    })
    .join('\n\n')
}

function describeCell(name: string, answers: readonly SampleLine[], width: number | null): string[] {
  const inOrder = answers.filter(isCounted).sort((a, b) => a.index - b.index)
  // Stable sort: equally frequent answers keep their order.
  const groups = [...multimap(inOrder.map((line) => [normaliseAnswer(line.text), line])).values()].sort(
    (a, b) => b.length - a.length
  )
  const digits = String(Math.max(0, ...groups.map(({ length }) => length))).length
  const counts = [
    ...(groups.length === 0 ? [] : [`${groups.length} distinct of ${inOrder.length}`]),
    ...uncountedWords(answers.map(({ finish }) => finish))
  ]
  return [
    `  ${printable(name)}: ${counts.join(', ')}`,
    ...groups.flatMap((group) => describeGroup(group, digits, width))
  ]
}

/** Describes a group by its most frequent spelling, or the first of equally frequent ones. */
function describeGroup(group: readonly SampleLine[], digits: number, width: number | null): string[] {
  const spellings = [...multimap(group.map(({ text }) => [text, text])).values()].sort((a, b) => b.length - a.length)
  const written = elementAt(elementAt(spellings, 0, 'spelling'), 0, 'text').trim()
  const cut = group.filter(({ finish }) => finish === 'length').length
  const remark = cut === 0 ? '' : ` [${cut === group.length ? 'cut' : `${cut} cut`} off]`
  const answerText = (written === '' ? '[empty answer]' : written) + remark
  const head = `    ${String(group.length).padStart(digits)} × `
  const room = width === null ? Infinity : Math.max(20, width - head.length)
  return answerText
    .split(/\r?\n/)
    .flatMap((line) => wrapped(printable(line), room))
    .map((line, index) => (index === 0 ? head : ' '.repeat(head.length)) + line)
}
