import type { BarContent } from '../../plots/bars'
import { ROLE_TONES, type ScoredRole } from '../../recipes/scored-models'
import { formatScore } from '../../ui/format'
import type { Distribution } from './distribution'

/**
 * Returns the bars of base, post and a model, one per answer.
 *
 * @param role role of the model beside base and post
 */
export function distributionBars({ answers, base, post, hybrid }: Distribution, role: ScoredRole): BarContent {
  const labels = answers.map((answer) => (answer === ' ' ? '␠' : answer))
  return {
    // An alphabet fits one label per letter only in a smaller font.
    x: { labels: labels.map((label) => [label]), size: answers.length > 20 ? 9 : 11, all: false },
    y: { title: 'Probability', bounds: [0, null], format: (value) => String(Number(value.toPrecision(2))) },
    groups: [
      ...(base === null ? [] : [{ name: 'base', tone: 'base' as const, opacity: 0.4, values: base }]),
      { name: 'post', tone: 'post', opacity: 1, striped: true, values: post },
      { name: role, tone: ROLE_TONES[role], opacity: 1, values: hybrid }
    ],
    groupWidth: 0.86,
    barWidth: 1,
    categoryName: (index) => labels[index] ?? '',
    format: formatScore
  }
}
