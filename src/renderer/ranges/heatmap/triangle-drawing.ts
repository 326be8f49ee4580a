import type { RestorationRange } from '../../../contract/model/recipe'
import { rangeKey, rangeOfKey, spanKey } from '../../../contract/model/strengths'
import { colorAt, cssColor, inkOn } from '../../../contract/words/color-scale'
import { formatScore, plural, rangePhrase } from '../../../contract/words/format'
import { scoreWords } from '../../../contract/words/score-words'
import {
  axisTicks,
  BOTH_ENDS,
  cellCorner,
  FINE_CELL,
  type HeatmapGeometry,
  type HeatmapView,
  isInView,
  numberSize
} from '../../plots/heatmap-geometry'
import { cellsPath, contourPath, crossesPath } from '../../plots/heatmap-paths'
import { baselineAt, type Drawing, path, rect, type Shape, short, textShape } from '../../plots/figures/drawing'
import type { FigurePage } from '../../plots/figures/figure'
import { textWidth } from '../../plots/figures/text-width'
import { colorBar } from '../../plots/figures/color-bar'
import { metricDomain, type MetricSpec } from '../board/metrics'
import { hasRoomFor, HeatmapCells, positionRows } from './heatmap-cells'
import {
  splitAtLimit,
  isBelow,
  isPartial,
  minimumValidity,
  type RangePoint,
  type ScoreBoard
} from '../board/score-board'
import type { ChartColors } from '../../plots/chart-theme'
import { FAILS_CHECK, MARK_LOOKS, MARKS_ROOM, type MarkLook } from '../board/mark-looks'

export interface TriangleContent {
  board: ScoreBoard
  /** Scores of the previous sweep while another runs, shown faintly where the new sweep has no score. */
  before: ScoreBoard | null
  spec: MetricSpec
  rho: number
  /** Keys of models, which may not be ranges, here and below. */
  selected: string | null
  chosen: string | null
  brushed: ReadonlySet<string> | null
  /** Keys of models that fail the full-answer check. They are crossed out. */
  failed: ReadonlySet<string>
  plateau: readonly RestorationRange[]
  outlines: { selected: string; plateau: string }
  /** The visible part; null for all. */
  view: HeatmapView | null
  /** True while scores arrive. The colour scale then ends at tenths, so that few scores change all colours. */
  streaming?: boolean
}

/** Distance between two lines of the hatching, in units. */
const HATCH = 6

/** Facts that decide the colours and the marks of all cells. */
interface TriangleScale {
  /** Values of the previous sweep, by the spans of their ranges. */
  readonly old: ReadonlyMap<string, number | null>
  /** Values at both ends of the colour scale. */
  readonly domain: readonly [number, number]
  /** Lower limit of validity; null if post has no score yet. */
  readonly minimum: number | null
}

interface Parts extends TriangleContent, TriangleScale {
  geometry: HeatmapGeometry
  fine: boolean
  colors: FigurePage['colors']
}

/** Computes the scale that contains the values of all cells. */
export function triangleScale({
  board,
  before,
  spec,
  rho,
  streaming = false
}: Pick<TriangleContent, 'board' | 'before' | 'spec' | 'rho' | 'streaming'>): TriangleScale {
  const old = new Map(before?.ranges.map((point) => [spanKey(point), spec.value(point, before)]))
  const values = board.ranges.map((point) => spec.value(point, board))
  return {
    old,
    domain: metricDomain([...values, ...old.values()], spec.centred, streaming ? 10 : 100),
    minimum: minimumValidity(board, rho)
  }
}

/** Draws the triangle without hover effects: its cells, and all marks around and over them. */
export function triangleDrawing(
  content: TriangleContent,
  geometry: HeatmapGeometry,
  colors: FigurePage['colors']
): Drawing {
  const { size } = geometry
  const parts = { ...content, ...triangleScale(content), geometry, fine: geometry.cell < FINE_CELL, colors }
  return { width: size, height: size, shapes: [...triangleFrame(parts), ...cells(parts), ...marks(parts)] }
}

/** Draws the limit, crosses, numbers and outlines over the cells, and their legend, for the window's own cells. */
export const triangleMarks = (
  content: TriangleContent & TriangleScale,
  geometry: HeatmapGeometry,
  colors: FigurePage['colors']
): Shape[] => marks({ ...content, geometry, fine: geometry.cell < FINE_CELL, colors })

const marks = (parts: Parts): Shape[] => [
  ...limit(parts),
  ...crosses(parts),
  ...numbers(parts),
  ...outlined(parts),
  ...legend(parts)
]

const colorOf = ({ spec, domain }: Parts, value: number): ReturnType<typeof colorAt> =>
  colorAt(spec.scale, (value - domain[0]) / (domain[1] - domain[0]))

type Frame = Pick<Parts, 'geometry' | 'spec' | 'domain' | 'view' | 'colors'>

/** Draws the axes and the colour scale, which stay while scores arrive. */
export const triangleFrame = (frame: Frame): Shape[] => [...axes(frame), ...scale(frame)]

function axes({ geometry, colors }: Frame): Shape[] {
  const { view, cell, margin, size, layerCount } = geometry
  const middle = (margin + size) / 2
  const fill = colors['ink-faint']
  const small = { size: 11 }
  const centre = { ...small, anchor: 'middle' } as const
  const at = (layer: number, [first]: readonly [number, number]): number => margin + (layer - first + 0.5) * cell
  return [
    textShape('last restored layer', middle, 11, fill, centre),
    textShape('first restored layer', 11, middle, fill, { ...centre, angle: -90 }),
    ...axisTicks(layerCount, cell, view.ends).map((layer) =>
      textShape(String(layer), at(layer, view.ends), margin - 7, fill, centre)
    ),
    ...axisTicks(layerCount, cell, view.starts).map((layer) =>
      textShape(String(layer), margin - 7, baselineAt(at(layer, view.starts), 11), fill, {
        ...small,
        anchor: 'end'
      })
    )
  ]
}

function cells({ board, before, geometry, spec, fine, old, domain, colors }: Parts): Shape[] {
  const words = scoreWords(board.scoredBy)
  const gap = fine ? {} : { stroke: colors.surface, width: 1 }
  const oldPoints = new Map(before?.ranges.map((point) => [spanKey(point), point]))
  const [low, high] = domain
  const look = { geometry, rows: positionRows(geometry), spec, promptCount: board.promptCount, low, high }
  const picture = new HeatmapCells().drawn(
    { ...look, describe: () => '' },
    board.ranges,
    (point) => spec.value(point, board),
    old
  )
  return picture.cells.flatMap((cell) => {
    const point = cell.point ?? oldPoints.get(cell.key)
    if (point === undefined) return []
    const validity = `${words.validity} ${formatScore(point.validity)}`
    const diversity = `${words.diversity} ${formatScore(point.diversity)}`
    const title = `${rangePhrase(point, board.source)}: ${validity}, ${diversity}${basisOf(point, board)}`
    const box = { x: cell.x, y: cell.y, width: cell.side, height: cell.side }
    return [rect(box, { fill: cell.fill ?? colors.line, ...gap, title, ...(cell.old && { opacity: 0.3 }) })]
  })
}

/** Describes the basis of a score that is not exact, for the title of its cell. */
function basisOf(point: RangePoint, board: ScoreBoard): string {
  if (!isPartial(point, board)) return ''
  const { validity = null, diversity = null } = point.margins ?? {}
  const words = scoreWords(board.scoredBy)
  const margins = [
    ...(validity === null ? [] : [`${words.validity} ± ${formatScore(validity)}`]),
    ...(diversity === null ? [] : [`${words.diversity} ± ${formatScore(diversity)}`])
  ]
  const from = `estimated from ${point.promptCount} of ${plural(board.promptCount, words.prompt)}`
  return `, ${[from, ...margins].join(', ')}`
}

/**
 * Covers the ranges below the limit with hatching. Fine cells are dimmed instead, and a contour separates the other
 * ranges.
 */
function limit({ board, geometry, minimum, fine, colors }: Parts): Shape[] {
  const { below, feasible } = splitAtLimit(board, minimum)
  if (below.length === 0) return []
  const cover = cellsPath(geometry, below)
  if (!fine) {
    const visible = below.filter((range) => isInView(geometry.view, range))
    return [
      path(cover, { fill: colors.surface, opacity: 0.4 }),
      path(hatchPath(geometry, visible), { stroke: colors.ink, opacity: 0.55 })
    ]
  }
  const contour = contourPath(geometry, feasible, false)
  return [
    path(cover, { fill: colors.surface, opacity: 0.55 }),
    ...outline(MARK_LOOKS.limit, colors, (style) => path(contour, style))
  ]
}

/** Crosses out the ranges that fail the check, below the numbers. */
function crosses({ board, geometry, failed, colors }: Parts): Shape[] {
  const d = crossesPath(geometry, failedOf(board, failed))
  return d === '' ? [] : outline(MARK_LOOKS.failed, colors, (style) => path(d, style))
}

const failedOf = (board: ScoreBoard, failed: ReadonlySet<string>): RangePoint[] =>
  failed.size === 0 ? [] : board.ranges.filter((range) => failed.has(rangeKey(range, board)))

/** Draws a line over a wider one that separates it from the cells. */
function outline(
  { color, width, halo }: MarkLook,
  colors: ChartColors,
  shape: (style: { stroke: string; width: number }) => Shape
): Shape[] {
  return [shape({ stroke: colors.surface, width: halo }), shape({ stroke: colors[color], width })]
}

/** Returns diagonal lines over cells, continuous from cell to cell. */
function hatchPath(geometry: HeatmapGeometry, ranges: readonly RestorationRange[]): string {
  const side = geometry.cell
  const step = HATCH * Math.SQRT2
  return ranges
    .map((range) => {
      const { x, y } = cellCorner(geometry, range)
      const lines: string[] = []
      // The line where x + y equals `sum`.
      for (let sum = Math.ceil((x + y) / step) * step; sum < x + y + 2 * side; sum += step) {
        const from = Math.min(x + side, sum - y)
        const to = Math.max(x, sum - y - side)
        lines.push(`M${short(from)} ${short(sum - from)}L${short(to)} ${short(sum - to)}`)
      }
      return lines.join('')
    })
    .join('')
}

function numbers(parts: Parts): Shape[] {
  if (!hasRoomFor(parts.geometry.cell, false, parts.spec.centred)) return []
  const { board, geometry, minimum, spec, failed, colors } = parts
  return board.ranges
    .filter(
      (point) => isInView(geometry.view, point) && hasRoomFor(geometry.cell, isPartial(point, board), spec.centred)
    )
    .flatMap((point) => {
      const value = spec.value(point, board)
      if (value === null) return []
      const { x, y } = cellCorner(geometry, point)
      // Hatching or a cross removes the contrast between the cell and its number.
      const covered = isBelow(point, board, minimum) || failed.has(rangeKey(point, board))
      const fill = covered ? colors.ink : inkOn(colorOf(parts, value))
      const size = numberSize(geometry.cell, spec.centred)
      const [middle, baseline] = [x + geometry.cell / 2, baselineAt(y + geometry.cell / 2, size)]
      return [
        textShape(spec.brief(value), middle, baseline, fill, {
          size,
          anchor: 'middle',
          ...(covered && { halo: colors.surface })
        })
      ]
    })
}

function outlined({ board, geometry, brushed, plateau, selected, chosen, colors }: Parts): Shape[] {
  const unbrushed = brushed === null ? [] : board.ranges.filter((point) => !brushed.has(rangeKey(point, board)))
  const visibleRange = (key: string | null): RestorationRange[] => {
    const range = rangeOfKey(board, key)
    return range !== undefined && isInView(geometry.view, range) ? [range] : []
  }
  const box = (range: RestorationRange) => ({
    ...cellCorner(geometry, range),
    width: geometry.cell,
    height: geometry.cell
  })
  const framed = (range: RestorationRange, look: MarkLook): Shape[] =>
    outline(look, colors, (style) => rect(box(range), style))
  const contour = contourPath(geometry, plateau, true)
  const corner = short(Math.min(14, geometry.cell * 0.6))
  return [
    ...(unbrushed.length === 0 ? [] : [path(cellsPath(geometry, unbrushed), { fill: colors.surface, opacity: 0.78 })]),
    ...(contour === '' ? [] : outline(MARK_LOOKS.plateau, colors, (style) => path(contour, style))),
    ...visibleRange(selected).flatMap((range) => {
      const { x, y } = cellCorner(geometry, range)
      return [
        ...framed(range, MARK_LOOKS.selected),
        path(`M${short(x)} ${short(y)}h${corner}l-${corner} ${corner}z`, { fill: colors.ink })
      ]
    }),
    ...(chosen === selected ? [] : visibleRange(chosen).flatMap((range) => framed(range, MARK_LOOKS.chosen)))
  ]
}

/** Minimum width of the colour scale. Below it the scale's name would cover cells. */
const MIN_SCALE = 44

const cornerWidth = ({ size, margin }: HeatmapGeometry): number => (size - margin) / 2

/** Draws the colour scale in the empty corner. */
function scale({ geometry, spec, domain, view, colors }: Frame): Shape[] {
  const room = cornerWidth(geometry)
  if (view !== null || room - 24 < MIN_SCALE) return []
  const width = Math.min(160, room - 24)
  const small = room < MARKS_ROOM
  const [x, y] = [geometry.margin + 8, geometry.size - (small ? 40 : 134)]
  return [
    textShape(spec.label, x, y, colors.ink, { size: 11, bold: true }),
    ...colorBar(spec, domain, { x, y: y + 8, width, low: !small || (width >= BOTH_ENDS && !spec.centred) }, colors)
  ]
}

/** Explains the marks below the colour scale. In a small triangle, text below it does, see `marksWords`. */
function legend({ board, geometry, spec, minimum, rho, fine, view, ...parts }: Parts): Shape[] {
  const { colors, selected, chosen, plateau, outlines, failed } = parts
  const room = cornerWidth(geometry)
  if (view !== null || room < MARKS_ROOM) return []
  const label = (words: string, x: number, y: number): Shape => textShape(words, x, y, colors['ink-soft'], { size: 11 })
  const [x, y] = [geometry.margin + 8, geometry.size - 134]
  const has = (key: string | null): boolean => rangeOfKey(board, key) !== undefined
  const key = ({ color, keyed }: MarkLook, left: number, top: number): Shape =>
    rect({ x: left + 1, y: top + 1, width: 12, height: 12 }, { stroke: colors[color], width: keyed })
  const failedTop = y + (plateau.length > 0 ? 112 : 90)
  // The window's font may be wider than the font of figures.
  const besideSelected = x + (has(selected) ? 36 + 1.2 * textWidth(outlines.selected, 11) : 0)
  const validity = scoreWords(board.scoredBy).validity
  const ofPost = room < 180 ? '' : ` (${rho.toFixed(2)} × post)`
  const limitKey = (): Shape[] => {
    if (minimum === null) return []
    const limit = `${formatScore(minimum)}${ofPost}`
    if (fine) return [key(MARK_LOOKS.limit, x, y + 46), label(`${validity} ≥ ${limit}`, x + 21, y + 57)]
    const square = { x, y: y + 46, width: 14, height: 14 }
    return [
      rect(square, { fill: cssColor(colorAt(spec.scale, 1 / 3)) }),
      rect(square, { fill: colors.surface, opacity: 0.4 }),
      path(`M${x} ${y + 52}l6 -6M${x} ${y + 60}l14 -14M${x + 8} ${y + 60}l6 -6`, {
        stroke: colors.ink,
        opacity: 0.55
      }),
      label(`${validity} < ${limit}`, x + 21, y + 57)
    ]
  }
  return [
    ...limitKey(),
    ...(has(selected)
      ? [
          key(MARK_LOOKS.selected, x, y + 68),
          path(`M${x + 1} ${y + 69}h7l-7 7z`, { fill: colors.ink }),
          label(outlines.selected, x + 21, y + 79)
        ]
      : []),
    ...(chosen !== selected && has(chosen)
      ? [key(MARK_LOOKS.chosen, besideSelected, y + 68), label('inspected', besideSelected + 21, y + 79)]
      : []),
    ...(plateau.length > 0 ? [key(MARK_LOOKS.plateau, x, y + 90), label(outlines.plateau, x + 21, y + 101)] : []),
    ...(failedOf(board, failed).length > 0
      ? [
          path(`M${short(x + 2)} ${short(failedTop + 2)}l10 10m-10 0l10 -10`, {
            stroke: colors[MARK_LOOKS.failed.color],
            width: MARK_LOOKS.failed.keyed
          }),
          label(FAILS_CHECK, x + 21, failedTop + 11)
        ]
      : [])
  ]
}
