import { elementAt } from '../../../contract/model/look-up'
import { BAR_WIDTHS, type BarContent, type BarGroup, LABEL_GAP, opacityAt } from '../bars'
import { STRIPE } from '../stripes'
import { roundStep, valueAxis } from './axes-drawing'
import { type Box, type Drawing, path, rect, type Shape, short, textShape } from './drawing'
import type { Figure, FigurePage } from './figure'
import { legendShapes } from './legend-drawing'
import { textWidth } from './text-width'

/** Height of bars as a share of the width. */
const HEIGHT = 0.5
const LINE_HEIGHT = 13

export const barFigure = ({ content, ...figure }: Omit<Figure, 'draw'> & { content: BarContent }): Figure => ({
  ...figure,
  draw: (page) => barDrawing(content, HEIGHT, page)
})

/**
 * Draws bars. The legend is left out if there is only one kind of bars, which the axis names.
 *
 * @param height height as a share of the width, without the legend
 */
export function barDrawing(content: BarContent, height: number, page: FigurePage): Drawing {
  const { x, y, groups } = content
  const { colors } = page
  const size = { width: page.width, height: Math.round(page.width * height) }
  const lineCount = Math.max(1, ...x.labels.map((lines) => lines.length))
  const titleHeight = x.title === undefined ? 0 : 18
  const { area, yOf, shapes } = valueAxis(
    {
      title: y.title ?? '',
      bounds: boundsOf(content),
      tick: y.format,
      ...(y.step !== undefined && { step: y.step })
    },
    size,
    8 + lineCount * LINE_HEIGHT + titleHeight,
    page
  )
  const legend = legendShapes(
    groups.length < 2
      ? []
      : groups.map((group) => ({
          label: group.name,
          key: (left: number, top: number) =>
            barShapes(group, 0, { x: left - 4, y: top - 4, width: 8, height: 8 }, colors)
        })),
    size.height,
    page
  )
  const bottom = area.y + area.height
  return {
    width: page.width,
    height: size.height + legend.height,
    shapes: [
      ...shapes,
      ...groups.flatMap((_, index) => groupShapes(content, index, { area, yOf }, colors)),
      path(`M${short(area.x)} ${short(bottom)}H${short(area.x + area.width)}`, {
        stroke: colors['ink-faint']
      }),
      ...labelShapes(content, area, page),
      ...(x.title === undefined
        ? []
        : [
            textShape(x.title, area.x + area.width / 2, size.height - 5, colors['ink-soft'], {
              size: 11,
              anchor: 'middle'
            })
          ]),
      ...legend.shapes
    ]
  }
}

function boundsOf({ y: { bounds }, groups }: BarContent): [number, number] {
  const [low, high] = bounds
  if (high !== null) return [low, high]
  const largest = Math.max(low, ...groups.flatMap(({ values }) => values.map((value) => value ?? low)))
  if (largest === low) return [low, low + 1]
  const step = roundStep((largest - low) / 5)
  return [low, low + Math.ceil((largest - low) / step - 1e-9) * step]
}

function groupShapes(
  content: BarContent,
  index: number,
  { area, yOf }: { area: Box; yOf: (value: number) => number },
  colors: FigurePage['colors']
): Shape[] {
  const { x, groups, categoryName, format } = content
  const group = elementAt(groups, index, 'group of bars')
  const category = area.width / x.labels.length
  const part = (category * BAR_WIDTHS.group) / groups.length
  const bottom = area.y + area.height
  return group.values.flatMap((value, bar) => {
    if (value === null) return []
    const top = Math.max(area.y, Math.min(bottom, yOf(value)))
    const left = area.x + bar * category + (category * (1 - BAR_WIDTHS.group)) / 2 + index * part
    const box = {
      x: left + (part * (1 - BAR_WIDTHS.bar)) / 2,
      y: top,
      width: part * BAR_WIDTHS.bar,
      height: bottom - top
    }
    return barShapes(group, bar, box, colors, `${categoryName(bar)}: ${group.name} ${format(value)}`)
  })
}

function barShapes(group: BarGroup, index: number, box: Box, colors: FigurePage['colors'], title?: string): Shape[] {
  const color = colors[group.tone]
  const outline = { stroke: color, ...(title !== undefined && { title }) }
  if (group.striped !== true) {
    const opacity = opacityAt(group, index)
    return [
      ...(opacity === 0 ? [] : [rect(box, { fill: color, opacity })]),
      rect(box, { fill: 'transparent', ...outline })
    ]
  }
  const end = box.y + box.height
  let d = ''
  for (let y = box.y; y < end; y += STRIPE.height) {
    const height = short(Math.min(STRIPE.colored, end - y))
    d += `M${short(box.x)} ${short(y)}h${short(box.width)}v${height}h${short(-box.width)}z`
  }
  return [...(d === '' ? [] : [path(d, { fill: color })]), rect(box, { fill: 'transparent', ...outline })]
}

/** Writes the labels of the categories. If not all fit, it writes every second, third, … */
function labelShapes({ x }: BarContent, area: Box, { colors }: FigurePage): Shape[] {
  const category = area.width / x.labels.length
  const widest = Math.max(0, ...x.labels.flat().map((line) => textWidth(line, x.size)))
  const step = x.all ? 1 : Math.max(1, Math.ceil((widest + LABEL_GAP) / category))
  return x.labels.flatMap((lines, index) =>
    index % step !== 0
      ? []
      : lines.map((line, row) =>
          textShape(
            line,
            area.x + (index + 0.5) * category,
            area.y + area.height + 14 + row * LINE_HEIGHT,
            colors['ink-soft'],
            { size: x.size, anchor: 'middle' }
          )
        )
  )
}
