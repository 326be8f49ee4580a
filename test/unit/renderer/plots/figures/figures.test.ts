import { describe, expect, it } from 'vitest'
import { type Drawing, paintOf, type TextShape } from '../../../../../src/renderer/plots/figures/drawing'
import { plotCsv, plotFigure } from '../../../../../src/renderer/plots/figures/plot-figure'
import { barDrawing } from '../../../../../src/renderer/plots/figures/bar-drawing'
import { svgOf, unitsWide } from '../../../../../src/renderer/plots/figures/svg'
import { translucent } from '../../../../../src/renderer/plots/chart-theme'
import type { BarContent } from '../../../../../src/renderer/plots/bars'
import type { PlotContent } from '../../../../../src/renderer/plots/plot'
import { figurePage } from '../../../../fixtures/figure-page'

const HOSTILE = `<b>"x" & 'y'</b>\u0000\ud800]]>`

const point = { mark: 'rect', connected: false, named: false, opacity: 1, radius: 5 } as const
const CONTENT: PlotContent = {
  label: HOSTILE,
  series: [
    { ...point, name: HOSTILE, tone: 'base', points: [{ x: 0.25, y: 0.5, lines: [], xInterval: [0, 0.5] }] },
    {
      ...point,
      name: 'curve',
      tone: 'post',
      connected: true,
      points: [
        { x: 0, y: 1, lines: [] },
        { x: 1, y: 0, lines: [] }
      ]
    },
    { ...point, name: 'told beside it', tone: 'hybrid', named: true, points: [{ x: 1, y: 1, lines: [] }] }
  ],
  x: { title: 'across', bounds: [0, 1] },
  y: { title: 'up', bounds: [0, 1] }
}

const textsOf = ({ shapes }: Drawing): TextShape[] => shapes.filter((shape) => shape.kind === 'text')
const wordsOf = (drawing: Drawing): string[] => textsOf(drawing).map((shape) => shape.text)

function textOf(drawing: Drawing, words: string): TextShape {
  const found = textsOf(drawing).find((shape) => shape.text === words)
  if (found === undefined) throw new Error(`nothing says ${words}`)
  return found
}

/** The middle of the marks of a colour that stand above the legend. */
const marksOf = ({ shapes }: Drawing, color: string): { x: number; y: number }[] =>
  shapes.flatMap((shape) => {
    if (shape.kind !== 'path' || shape.fill?.color !== color) return []
    const numbers = [...shape.d.matchAll(/([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const)
    const mean = (of: 0 | 1): number => numbers.reduce((sum, at) => sum + at[of], 0) / numbers.length
    return [{ x: mean(0), y: mean(1) }]
  })

describe('a figure of a plot', () => {
  const drawing = plotFigure(CONTENT, []).draw(figurePage())

  it('has each point where the ticks of both axes say that it is', () => {
    // The first point along each axis, at 0 and 1.
    const [low, high] = [textOf(drawing, '0'), textOf(drawing, '1.0')]
    const ticks = textsOf(drawing).filter(({ anchor, angle, size }) => anchor === 'end' && angle === 0 && size === 11)
    const [bottom, top] = ['0', '1.0'].map((value) => ticks.find((tick) => tick.text === value)?.y ?? NaN)
    const [mark] = marksOf(drawing, '#0000ff')
    expect(mark?.x).toBeCloseTo(low.x + 0.25 * (high.x - low.x), 1)
    // A tick's middle lies above its baseline.
    expect((mark?.y ?? NaN) + 0.35 * 11).toBeCloseTo((bottom ?? NaN) + 0.5 * ((top ?? NaN) - (bottom ?? NaN)), 1)
  })

  it('is drawn as stored', async () => {
    await expect(svgOf(drawing, 'plot', 85)).toMatchFileSnapshot('./plot.golden.svg')
  })

  it('names marks without a name beside them in a legend', () => {
    expect(wordsOf(drawing).filter((words) => words === HOSTILE || words === 'curve')).toHaveLength(2)
    expect(textOf(drawing, 'told beside it').bold).toBe(true)
    expect(textOf(drawing, 'curve').y).toBeGreaterThan(textOf(drawing, 'across').y)
  })

  it('has the requested width and font size', () => {
    const widthMm = 85
    const wide = plotFigure(CONTENT, []).draw(figurePage(unitsWide({ widthMm, fontPt: 7 })))
    const svg = svgOf(wide, 'plot', widthMm)
    const [, units, width] = /viewBox="0 0 ([\d.]+).* width="([\d.]+)mm"/.exec(svg) ?? []
    expect(Number(width)).toBe(widthMm)
    const { size } = textOf(wide, 'across')
    expect((size * Number(width) * (72 / 25.4)) / Number(units)).toBeCloseTo(7, 2)
  })

  it('has as CSV the numbers that it draws, with intervals where there are any', () => {
    expect(plotCsv(CONTENT).split('\r\n').slice(0, 3)).toEqual([
      'series,across,"across, low","across, high",up',
      `"${HOSTILE.replaceAll('"', '""')}",0.25,0,0.5,0.5`,
      'curve,0,,,1'
    ])
  })
})

describe('an SVG', () => {
  it('says hostile names as text, without what XML does not hold', () => {
    const svg = svgOf(plotFigure(CONTENT, []).draw(figurePage()), HOSTILE, 85)
    expect(svg).toContain("&lt;b&gt;&quot;x&quot; &amp; 'y'&lt;/b&gt;\ufffd\ufffd]]&gt;</text>")
    for (const part of ['<b>', '\u0000', '\ud800']) expect(svg).not.toContain(part)
    expectWellFormed(svg)
  })

  it('clips lines to the axes and leaves out marks beyond them', () => {
    const zoomed = { ...CONTENT, x: { ...CONTENT.x, bounds: [0, 0.5] } } as const
    const svg = svgOf(plotFigure(zoomed, []).draw(figurePage()), '', 85)
    const [, id = 'none'] = /<clipPath id="(clip[\d._-]+)">/.exec(svg) ?? []
    expect(svg.split(`clip-path="url(#${id})"`)).toHaveLength(2)
    // The mark at x = 1 is gone; its key in the legend stays.
    expect(marksOf(plotFigure(zoomed, []).draw(figurePage()), '#00aa00')).toHaveLength(0)
  })
})

describe('a figure of bars', () => {
  const bars: BarContent = {
    x: { labels: [['a'], ['b']], size: 11 },
    y: { title: 'share', bounds: [0, null], format: String },
    groups: [
      { name: 'base', tone: 'base', opacity: 1, values: [0.2, null] },
      { name: 'post', tone: 'post', opacity: 1, striped: true, values: [0.4, 0.1] }
    ],
    categoryName: (index) => `category ${index}`,
    format: (value) => value.toFixed(2)
  }

  it('has bars as high as their values, a tooltip for each, and a legend of the groups', async () => {
    const drawing = barDrawing(bars, 0.5, figurePage())
    await expect(svgOf(drawing, 'bars', 85)).toMatchFileSnapshot('./bars.golden.svg')
    const outlines = drawing.shapes.filter((shape) => shape.kind === 'path' && shape.title !== undefined)
    expect(outlines.map((shape) => (shape.kind === 'path' ? shape.title : ''))).toEqual([
      'category 0: base 0.20',
      'category 0: post 0.40',
      'category 1: post 0.10'
    ])
    const heights = outlines.map((shape) => {
      const [, top = NaN, bottom = NaN] =
        shape.kind === 'path' ? (/^M\S+ (\S+)H\S+V(\S+)H/.exec(shape.d) ?? []).map(Number) : []
      return bottom - top
    })
    expect((heights[0] ?? NaN) / (heights[1] ?? NaN)).toBeCloseTo(0.5, 2)
    expect((heights[2] ?? NaN) / (heights[1] ?? NaN)).toBeCloseTo(0.25, 2)
    expect(wordsOf(drawing)).toEqual(expect.arrayContaining(['base', 'post', 'a', 'b', 'share', '0.4']))
  })
})

describe('the drawn figure', () => {
  it('reads colours as style sheets and canvases write them', () => {
    expect(paintOf('#AbC')).toEqual({ color: '#aabbcc', opacity: 1 })
    expect(paintOf('rgb(1 2 3)')).toEqual({ color: '#010203', opacity: 1 })
    expect(paintOf('rgba(255, 0, 16, 0.5)')).toEqual({ color: '#ff0010', opacity: 0.5 })
    expect(paintOf('var(--ink-soft)')).toEqual({ color: 'var(--ink-soft)', opacity: 1 })
    expect(paintOf(translucent('var(--base)', 0.55))).toEqual({ color: 'var(--base)', opacity: 0.55 })
    expect(paintOf('transparent')).toBeNull()
    expect(() => paintOf('url(#x)')).toThrow('url(#x) is not a colour')
  })
})

/** Elements that are closed in the order in which they were opened, attributes in quotes, and nothing else between `<` and `>`. */
function expectWellFormed(xml: string): void {
  const open: string[] = []
  const rest = xml
    .replace(/^<\?xml [^>]*\?>/, '')
    .replaceAll(/<(\/?)([a-zA-Z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g, (_, end, name, _attributes, empty) => {
      if (end === '/') expect(open.pop()).toBe(name)
      else if (empty === '') open.push(String(name))
      return ''
    })
  expect(open).toEqual([])
  expect(rest).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot);)/)
}
