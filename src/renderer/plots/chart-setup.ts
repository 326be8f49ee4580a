import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineElement,
  PointElement,
  ScatterController,
  Ticks,
  Tooltip
} from 'chart.js'

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineElement,
  PointElement,
  ScatterController,
  Tooltip
)
// A chart with a legend enables it itself.
Chart.defaults.plugins.legend.display = false
// Uses the minus sign of all other numbers in the window.
Chart.defaults.scales.linear.ticks.callback = function (value, index, ticks) {
  return Ticks.formatters.numeric.call(this, Number(value), index, ticks).replace('-', '−')
}

/** Options of every chart: it fills its frame and has no animation. */
export const FILLING = { animation: false, responsive: true, maintainAspectRatio: false } as const
