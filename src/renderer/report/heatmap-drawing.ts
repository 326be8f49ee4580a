import type { RestorationRange } from '../../contract/model/recipe'
import { rangeKey } from '../../contract/model/strengths'
import { formatScore, rangePhrase } from '../../contract/words/format'
import { scoreWords } from '../../contract/words/score-words'
import { colorAt, cssColor, inkOn } from '../../contract/words/color-scale'
import { axisTicks, cellCorner, cellsPath, heatmapGeometry } from '../plots/heatmap-geometry'
import { metricsOf, metricDomain } from '../ranges/metrics'
import { minimumValidity, type ScoreBoard } from '../ranges/score-board'

const NAMESPACE = 'http://www.w3.org/2000/svg'
const WIDTH = 560
/** Below this a number would not fit its cell. */
const NUMBERED_CELL = 28

type Attributes = Readonly<Record<string, string | number>>

/** In the colour of axis labels. */
const word = (attributes: Attributes, text: string): SVGElement =>
  element('text', { class: 'word', ...attributes }, text)

function element(name: string, attributes: Attributes, ...children: (SVGElement | string)[]): SVGElement {
  const created = document.createElementNS(NAMESPACE, name)
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, String(value))
  created.append(...children)
  return created
}

/**
 * The triangle of ranges by diversity, as the window's heatmap shows it, without what moves there: a cell tells its range and
 * scores under the pointer.
 */
export function heatmapDrawing(board: ScoreBoard, rho: number, selected: string | null): SVGElement {
  const spec = metricsOf(board.scoredBy).diversity
  const names = scoreWords(board.scoredBy)
  const geometry = heatmapGeometry(board.layerCount, WIDTH)
  const { cell, margin, size } = geometry
  const minimum = minimumValidity(board, rho) ?? 0
  const domain = metricDomain(
    board.ranges.map(({ diversity }) => diversity),
    spec.centred
  )
  const middle = margin + (cell * board.layerCount) / 2
  const ticks = axisTicks(board.layerCount, cell).flatMap((layer) => {
    const place = margin + (layer + 0.5) * cell
    return [
      word({ x: place, y: margin - 7, 'text-anchor': 'middle' }, String(layer)),
      word({ x: margin - 7, y: place, 'text-anchor': 'end', 'dominant-baseline': 'central' }, String(layer))
    ]
  })
  const cells = board.ranges.flatMap((range) => {
    const { x, y } = cellCorner(geometry, range)
    const color = colorAt(spec.scale, (range.diversity - domain[0]) / (domain[1] - domain[0]))
    const words = `${rangePhrase(range)}: ${names.validity} ${formatScore(range.validity)}, ${names.diversity} ${formatScore(range.diversity)}`
    return element(
      'rect',
      { class: 'cell', x, y, width: cell, height: cell, fill: cssColor(color) },
      element('title', {}, words)
    )
  })
  const values =
    cell < NUMBERED_CELL
      ? []
      : board.ranges.map((range) => {
          const { x, y } = cellCorner(geometry, range)
          const color = colorAt(spec.scale, (range.diversity - domain[0]) / (domain[1] - domain[0]))
          return element(
            'text',
            {
              class: range.validity < minimum ? 'value short' : 'value',
              x: x + cell / 2,
              y: y + cell / 2 + 0.5,
              'text-anchor': 'middle',
              'dominant-baseline': 'central',
              fill: inkOn(color)
            },
            spec.brief(range.diversity)
          )
        })
  const infeasible = board.ranges.filter(({ validity }) => validity < minimum)
  const outline = (range: RestorationRange, name: string): SVGElement => {
    const { x, y } = cellCorner(geometry, range)
    return element('rect', { class: name, x, y, width: cell, height: cell })
  }
  const best = board.ranges.find((range) => rangeKey(range) === selected)
  return element(
    'svg',
    { width: size, height: size, viewBox: `0 0 ${size} ${size}`, 'aria-hidden': 'true' },
    element(
      'defs',
      {},
      element(
        'pattern',
        {
          id: 'hatch',
          width: 6,
          height: 6,
          patternUnits: 'userSpaceOnUse',
          patternTransform: 'rotate(45)'
        },
        element('rect', { class: 'veil', width: 6, height: 6 }),
        element('rect', { class: 'hatch', width: 1, height: 6 })
      )
    ),
    word({ x: middle, y: 11, 'text-anchor': 'middle' }, 'last restored layer'),
    word(
      { transform: `translate(11 ${middle}) rotate(-90)`, 'text-anchor': 'middle' },
      'first restored layer'
    ),
    ...ticks,
    ...cells,
    element('path', { d: cellsPath(geometry, infeasible), fill: 'url(#hatch)', 'pointer-events': 'none' }),
    ...values,
    ...(best === undefined ? [] : [outline(best, 'halo'), outline(best, 'selected')]),
    legend(geometry.margin + 8, size - 84, { domain, minimum, rho, scoredBy: board.scoredBy })
  )
}

/** In the empty corner: what the colours, the hatching and the frame mean. */
function legend(
  x: number,
  y: number,
  {
    domain,
    minimum,
    rho,
    scoredBy
  }: { domain: readonly [number, number]; minimum: number; rho: number } & Pick<ScoreBoard, 'scoredBy'>
): SVGElement {
  const { scale, label, format } = metricsOf(scoredBy).diversity
  const width = 160
  const stops = scale.map((color, index) =>
    element('stop', { offset: index / (scale.length - 1), 'stop-color': cssColor(color) })
  )
  return element(
    'g',
    { transform: `translate(${x} ${y})` },
    element('linearGradient', { id: 'scale' }, ...stops),
    word({}, label),
    element('rect', { y: 8, width, height: 10, rx: 2, fill: 'url(#scale)' }),
    word({ y: 32 }, format(domain[0])),
    word({ x: width, y: 32, 'text-anchor': 'end' }, format(domain[1])),
    element('rect', { y: 46, width: 14, height: 14, fill: cssColor(scale[3] ?? [0, 0, 0]) }),
    element('rect', { y: 46, width: 14, height: 14, fill: 'url(#hatch)' }),
    word(
      { x: 21, y: 57 },
      `${scoreWords(scoredBy).validity} < ${formatScore(minimum)} (${rho.toFixed(2)} × post)`
    ),
    element('rect', { class: 'selected', x: 1, y: 67, width: 12, height: 12 }),
    word({ x: 21, y: 77 }, 'selected')
  )
}
