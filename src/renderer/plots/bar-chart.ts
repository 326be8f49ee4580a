import { Chart } from 'chart.js'
import type { ChartSurface } from './chart-surface'
import { formatScore } from '../ui/format'
import { FILLING } from './chart-theme'

export type BarChart = Chart<'bar', (number | null)[], string>

/** Grouped bars of values between 0 and 1, without data yet. Nothing moves: results stream in. */
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
          callbacks: {
            label: ({ dataset, parsed }) => `${dataset.label ?? ''} ${formatScore(parsed.y ?? 0)}`
          }
        }
      }
    }
  })
}
