import type { CharacterAnswers } from '../../../contract/words/first-finding'
import type { BarContent } from '../../plots/bars'
import { formatScore } from '../../ui/format'

/** Returns bars of base and post, one per character. */
export function characterBars({ characters, base, post }: CharacterAnswers): BarContent {
  return {
    x: {
      labels: characters.map((character) => [character]),
      size: characters.length > 20 ? 9 : 11,
      all: true
    },
    y: { title: 'Probability', bounds: [0, null], format: (value) => String(Number(value.toPrecision(2))) },
    groups: [
      { name: 'base', tone: 'base', opacity: 1, values: base },
      { name: 'post', tone: 'post', opacity: 1, striped: true, values: post }
    ],
    groupWidth: 0.86,
    barWidth: 1,
    categoryName: (index) => characters[index] ?? '',
    format: formatScore
  }
}
