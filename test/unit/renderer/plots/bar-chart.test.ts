import { expect, it } from 'vitest'
import { createBars } from '../../../../src/renderer/plots/bar-chart'
import { figurePage } from '../../../fixtures/figure-page'
import { loggedCanvas } from '../../../fixtures/logged-canvas'

it('leaves out labels of bars that would touch', () => {
  const names = Array.from({ length: 26 }, (_, layer) => String(layer))
  const { canvas, calls } = loggedCanvas()
  const { chart, show } = createBars(canvas)
  show(
    {
      x: { labels: names.map((name) => [name]), size: 11 },
      y: { bounds: [0, 1], format: String },
      groups: [{ name: 'all', tone: 'post', values: names.map(() => 1) }],
      categoryName: (index) => `Layer ${index}`,
      format: String
    },
    figurePage().colors,
    { family: 'sans-serif', size: 12 }
  )
  const width = chart.chartArea.width / names.length
  // The canvas writes two digits in 12 pixels.
  expect(width).toBeGreaterThan(12)
  expect(width).toBeLessThan(15)
  const written = calls.flatMap((call) => (Array.isArray(call) && call[0] === 'fillText' ? [String(call[1])] : []))
  expect(written.filter((label) => names.includes(label)).slice(0, 4)).toEqual(['0', '2', '4', '6'])
  chart.destroy()
})
