import type { BarChart } from '../../plots/bar-chart'
import { translucent, type ChartColors, type ChartFont } from '../../plots/chart-theme'
import { striped } from '../../plots/stripes'
import { ROLE_TONES, type ScoredRole } from '../../recipes/scored-models'
import type { Distribution } from './distribution'

const bars = (name: string, data: readonly number[], color: string, fill: CanvasPattern | string) => ({
  label: name,
  data: [...data],
  backgroundColor: fill,
  borderColor: color,
  borderWidth: 1,
  categoryPercentage: 0.86,
  barPercentage: 1
})

function datasets(
  { base, post, hybrid }: Distribution,
  role: ScoredRole,
  colors: ChartColors
): ReturnType<typeof bars>[] {
  return [
    ...(base === null ? [] : [bars('base', base, colors.base, translucent(colors.base, 0.4))]),
    bars('post', post, colors.post, striped(colors.post, colors.surface)),
    bars(role, hybrid, colors[ROLE_TONES[role]], colors[ROLE_TONES[role]])
  ]
}

/**
 * Draws the bars in the theme's colours and the page's font.
 *
 * @param role role of the model beside base and post
 */
export function showDistribution(
  chart: BarChart,
  distribution: Distribution,
  role: ScoredRole,
  colors: ChartColors,
  font: ChartFont
): void {
  chart.data.labels = distribution.answers.map((answer) => (answer === ' ' ? '␠' : answer))
  chart.data.datasets = datasets(distribution, role, colors)
  const ticks = { color: colors['ink-soft'], font: { ...font, size: 11 } }
  // An alphabet fits one label per letter only in a smaller font.
  const answerSize = distribution.answers.length > 20 ? 9 : 11
  chart.options.scales = {
    x: {
      grid: { display: false },
      border: { color: colors['ink-faint'] },
      ticks: {
        ...ticks,
        font: { ...font, size: answerSize },
        autoSkip: true,
        maxRotation: 0,
        autoSkipPadding: 0
      }
    },
    y: {
      beginAtZero: true,
      grid: { color: colors.line },
      border: { display: false },
      ticks: { ...ticks, maxTicksLimit: 5 },
      title: { display: true, text: 'Probability', color: colors['ink-faint'], font: { ...font, size: 11 } }
    }
  }
  chart.update('none')
}
