import { Chart } from 'chart.js'
import { BAR_WIDTHS, type BarContent, type BarGroup, LABEL_GAP, opacityAt } from './bars'
import { FILLING } from './chart-setup'
import { type ChartColors, type ChartFont, translucent } from './chart-theme'
import { striped } from './stripes'

type BarChart = Chart<'bar', (number | null)[], string>

/** Bars on a canvas, empty at first. `show` draws their content with the theme's colours and the page's font. */
export interface ShownBars {
  chart: BarChart
  show: (content: BarContent, colors: ChartColors, font: ChartFont) => void
}

const labelCount = ({ data: { labels } }: { data: { labels?: unknown[] } }): number => Math.max(1, labels?.length ?? 1)

/** Creates grouped bars without data. Animation is off, because results stream in. */
export function createBars(canvas: HTMLCanvasElement): ShownBars {
  let lastContent: BarContent | null = null
  const chart: BarChart = new Chart<'bar', (number | null)[], string>(canvas, {
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
          xAlign: ({ chart: drawn, tooltip }) =>
            tooltip.getActiveElements().some(({ index }) => 2 * index >= labelCount(drawn)) ? 'right' : 'left',
          caretPadding: ({ chart: drawn }) => drawn.chartArea.width / labelCount(drawn) / 2,
          callbacks: {
            title: ([item]) => (item === undefined ? '' : (lastContent?.categoryName(item.dataIndex) ?? '')),
            label: ({ dataset, parsed }) => `${dataset.label ?? ''} ${lastContent?.format(parsed.y ?? 0) ?? ''}`
          }
        }
      }
    }
  })
  return {
    chart,
    show(content, colors, font) {
      lastContent = content
      chart.data.labels = content.x.labels.map((lines) => lines.join(''))
      chart.data.datasets = content.groups.map((group) => ({
        label: group.name,
        data: [...group.values],
        ...fillOf(group, colors),
        borderColor: colors[group.tone],
        borderWidth: 1,
        categoryPercentage: BAR_WIDTHS.group,
        barPercentage: BAR_WIDTHS.bar
      }))
      chart.options.scales = scalesOf(content, colors, font)
      chart.update('none')
    }
  }
}

const fillOf = (group: BarGroup, colors: ChartColors): { backgroundColor: (string | CanvasPattern)[] } => ({
  backgroundColor: group.values.map((_, index) =>
    group.striped === true
      ? striped(colors[group.tone], colors.surface)
      : translucent(colors[group.tone], opacityAt(group, index))
  )
})

function scalesOf(
  { x, y }: BarContent,
  colors: ChartColors,
  font: ChartFont
): NonNullable<BarChart['options']['scales']> {
  const small = { ...font, size: 11 }
  const title = (text: string | undefined): object =>
    text === undefined ? {} : { title: { display: true, color: colors['ink-soft'], font: small, text } }
  const [low, high] = y.bounds
  return {
    x: {
      grid: { display: false },
      border: { color: colors['ink-faint'] },
      ticks: {
        color: colors['ink-soft'],
        font: { ...font, size: x.size },
        maxRotation: 0,
        autoSkip: x.all !== true,
        autoSkipPadding: LABEL_GAP,
        callback: (_value, index) => [...(x.labels[index] ?? [])]
      },
      ...title(x.title)
    },
    y: {
      min: low,
      ...(high === null ? {} : { max: high }),
      grid: { color: colors.line },
      border: { display: false },
      ticks: {
        color: colors['ink-soft'],
        font: small,
        maxTicksLimit: 7,
        includeBounds: false,
        ...(y.step === undefined ? {} : { stepSize: y.step }),
        callback: (value) => y.format(Number(value))
      },
      ...title(y.title)
    }
  }
}
