import type { BarContent } from '../../plots/bars'
import { ROLE_TONES, type ScoredRole } from '../../recipes/scored-models'
import { formatScore } from '../../ui/format'
import type { Distribution } from './distribution'

/**
 * Returns the bars of base, post and another model, one per answer.
 *
 * @param role role of the other model
 */
export function distributionBars(
  { answers, base, post, hybrid }: Distribution,
  role: ScoredRole = 'recipe'
): BarContent {
  const labels = answers.map((answer) => (answer === ' ' ? '␠' : answer))
  return {
    // An alphabet fits one label per letter only in a smaller font.
    x: { labels: labels.map((label) => [label]), size: answers.length > 20 ? 9 : 11, all: hybrid === null },
    y: { title: 'Probability', bounds: [0, null], format: (value) => String(Number(value.toPrecision(2))) },
    groups: [
      ...(base === null
        ? []
        : [{ name: 'base', tone: 'base' as const, opacity: hybrid === null ? 1 : 0.4, values: base }]),
      { name: 'post', tone: 'post', striped: true, values: post },
      ...(hybrid === null ? [] : [{ name: role, tone: ROLE_TONES[role], values: hybrid }])
    ],
    categoryName: (index) => labels[index] ?? '',
    format: formatScore
  }
}
