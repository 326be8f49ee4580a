import { Chart } from 'chart.js'
import type { ChartSurface } from './chart-surface'
import { formatScore } from '../ui/format'
import { FILLING } from './chart-theme'

export type BarChart = Chart<'bar', (number | null)[], string>

const labelCount = ({ data: { labels } }: { data: { labels?: unknown[] } }): number =>
  Math.max(1, labels?.length ?? 1)

/** Creates grouped bars of values between 0 and 1, without data. Animation is off, because results stream in. */
export function createBarChart({ canvas, ...surface }: ChartSurface): BarChart {
  return new Chart<'bar', (number | null)[], string>(canvas, {
    ...surface,
    type: 'bar',
    data: { labels: [], datasets: [] },
    options: {
      ...FILLING,
      interaction: { mode: 'index', intersect: false },
      plugins: {
        tooltip: {
          animation: false,
          // The tooltip is beside its bars, on the side with more room.
          yAlign: 'center',
          xAlign: ({ chart, tooltip }) =>
            tooltip.getActiveElements().some(({ index }) => 2 * index >= labelCount(chart))
              ? 'right'
              : 'left',
          caretPadding: ({ chart }) => chart.chartArea.width / labelCount(chart) / 2,
          callbacks: {
            label: ({ dataset, parsed }) => `${dataset.label ?? ''} ${formatScore(parsed.y ?? 0)}`
          }
        }
      }
    }
  })
}
