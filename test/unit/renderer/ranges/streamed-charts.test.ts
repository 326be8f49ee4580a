import { describe, expect, it, vi } from 'vitest'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import type { LiveEntry } from '../../../../src/contract/documents/sweep-events'
import { exactGeometry } from '../../../../src/renderer/plots/heatmap-geometry'
import { type CellsContext, CellsPicture } from '../../../../src/renderer/ranges/heatmap/cells-picture'
import {
  type CellsLook,
  type DrawnCells,
  HeatmapCells,
  positionRows,
  rangesByStart
} from '../../../../src/renderer/ranges/heatmap/heatmap-cells'
import { metricDomain, metricsOf } from '../../../../src/renderer/ranges/board/metrics'
import { describeRanges } from '../../../../src/renderer/ranges/board/readout'
import { createPlot } from '../../../../src/renderer/plots/plot-chart'
import { scatterPicture } from '../../../../src/renderer/ranges/trade-off/scatter-picture'
import type { ScatterContent, ScatterDatum } from '../../../../src/renderer/ranges/trade-off/scatter-content'
import { LiveBoard } from '../../../../src/renderer/ranges/board/build-board'
import { minimumValidity, type ScoreBoard } from '../../../../src/renderer/ranges/board/score-board'
import { type CellElement, SpokenCells } from '../../../../src/renderer/ranges/heatmap/spoken-cells'
import { scatterContent } from '../../../fixtures/board-content'
import { figurePage } from '../../../fixtures/figure-page'
import { loggedCanvas } from '../../../fixtures/logged-canvas'

/** The path that a canvas strokes, as the log shows it. */
class LoggedPath {
  constructor(readonly d: string) {}
}
vi.stubGlobal('Path2D', LoggedPath)

const LAYERS = 8
const PROMPTS = 4

/** The boards of a sweep of which some scores come at a time: first from some prompts, some of them twice, on both sides of the limit. */
function streamedBoards(): ScoreBoard[] {
  const live = new LiveBoard(BY_CHARACTERS, { layerCount: LAYERS, source: null }, PROMPTS)
  const wave = (place: number): number => ((place * 7919) % 101) / 100
  const score = (place: number, promptCount = PROMPTS): LiveEntry['score'] => ({
    validity: 0.4 + 0.6 * wave(place),
    diversity: wave(place * 31 + promptCount),
    effectiveChoices: 2,
    promptCount
  })
  const ranges = rangesByStart(LAYERS).flat().reverse()
  const entryOf = (place: number, promptCount?: number): LiveEntry[] =>
    ranges
      .slice(place, place + 1)
      .map((range) => ({ model: { kind: 'range', range }, score: score(place, promptCount) }))
  const boards = [live.read()]
  const apply = (entries: LiveEntry[]): void => {
    live.apply(entries)
    boards.push(live.read())
  }
  apply([{ model: { kind: 'post' }, score: { ...score(0), validity: 0.9 } }])
  apply([{ model: { kind: 'base' }, score: score(3) }])
  for (let from = 0; from < ranges.length; from += 9) {
    const places = ranges.slice(from, from + 9).map((_, index) => from + index)
    apply(places.flatMap((place) => entryOf(place, place % 5 === 0 ? 2 : PROMPTS)))
    apply(places.filter((place) => place % 10 === 0).flatMap((place) => entryOf(place)))
  }
  return boards
}

const spec = metricsOf(BY_CHARACTERS).diversity
/** Cells of 5 pixels, all of them and of a part. */
const WHOLE = exactGeometry(LAYERS, 39 + 5 * LAYERS, null)
const PART = exactGeometry(LAYERS, 39 + 5 * 6, { starts: [0, 5], ends: [2, 7] })

/** Returns the cells of the heatmap for consecutive boards. */
function cellsOf(cells: HeatmapCells): (board: ScoreBoard, geometry: typeof WHOLE) => DrawnCells {
  const rows = new Map([WHOLE, PART].map((geometry) => [geometry, positionRows(geometry)]))
  const describers = new Map<number | null, CellsLook['describe']>()
  return (board, geometry) => {
    const minimum = minimumValidity(board, 0.9)
    const describe =
      describers.get(minimum) ??
      describeRanges({
        scoredBy: BY_CHARACTERS,
        source: null,
        minimum,
        selected: null,
        mark: '',
        promptCount: PROMPTS,
        unscored: ''
      })
    describers.set(minimum, describe)
    const [low, high] = metricDomain(
      board.ranges.map(({ diversity }) => diversity),
      false,
      100
    )
    const look = { geometry, rows: rows.get(geometry) ?? [], spec, promptCount: PROMPTS, low, high, describe }
    return cells.drawn(look, board.ranges, ({ diversity }) => diversity, new Map())
  }
}

/** A canvas of whole pixels. */
function pixels(): { context: CellsContext; at: Map<string, string> } {
  const at = new Map<string, string>()
  const each = (x: number, y: number, width: number, height: number, set: (key: string) => void): void => {
    for (let row = y; row < y + height; row++)
      for (let column = x; column < x + width; column++) set(`${column} ${row}`)
  }
  const size = { width: 0, height: 0 }
  const canvas = {
    get width() {
      return size.width
    },
    set width(width) {
      size.width = width
      at.clear()
    },
    height: 0
  }
  const context: CellsContext = {
    canvas,
    fillStyle: '',
    strokeStyle: '',
    globalAlpha: 1,
    clearRect: (...box) => each(...box, (key) => at.delete(key)),
    fillRect: (...box) => each(...box, (key) => at.set(key, `${String(context.fillStyle)} ${context.globalAlpha}`)),
    strokeRect: () => undefined,
    setTransform: () => undefined
  }
  return { context, at }
}

/** Elements of a grid, with what is written to them. */
function elements(count: number): { element: CellElement; written: Map<string, string | boolean> }[] {
  return Array.from({ length: count }, () => {
    const written = new Map<string, string | boolean>([
      ['tabindex', '-1'],
      ['aria-selected', 'false']
    ])
    const element: CellElement = {
      setAttribute: (name, value) => void written.set(name, value),
      toggleAttribute: (name, force = false) => {
        written.set(name, force)
        return force
      }
    }
    return { element, written }
  })
}

describe('drawings of a running sweep in pieces equal a drawing at once', () => {
  const boards = streamedBoards()

  it('on the canvas of the triangle, zoomed in between', () => {
    const streamed = { ...pixels(), picture: new CellsPicture(), cells: cellsOf(new HeatmapCells()) }
    const colors = { empty: 'grey', surface: 'white' }
    for (const [turn, board] of boards.entries()) {
      const geometry = turn % 7 === 3 ? PART : WHOLE
      const frame = { geometry, ratio: 1, colors }
      const shown = streamed.cells(board, geometry)
      // Not every picture is drawn: a window in the background gets none.
      if (turn % 5 === 4) continue
      streamed.picture.draw(streamed.context, shown, frame)
      const once = pixels()
      new CellsPicture().draw(once.context, cellsOf(new HeatmapCells())(board, geometry), frame)
      expect(streamed.at).toEqual(once.at)
    }
  })

  it('in what its cells say, which is chosen and which takes the focus', () => {
    const streamed = { grid: new SpokenCells(), cells: cellsOf(new HeatmapCells()) }
    const count = (LAYERS * (LAYERS + 1)) / 2
    const kept = elements(count)
    const found = kept.map(({ element }) => element)
    for (const [turn, board] of boards.entries()) {
      const state = { chosen: turn % 4 === 0 ? null : `0-${turn % LAYERS}`, stop: `1-${1 + (turn % 3)}` }
      const shown = streamed.cells(board, WHOLE)
      if (turn % 5 === 4) continue
      // Found again, as after another size of the window, they keep what was written to them.
      streamed.grid.speak(turn % 7 === 3 ? [...found] : found, shown, state)
      const once = elements(count)
      new SpokenCells().speak(
        once.map(({ element }) => element),
        cellsOf(new HeatmapCells())(board, WHOLE),
        state
      )
      expect(kept.map(({ written }) => written)).toEqual(once.map(({ written }) => written))
    }
  })

  it('without a word written again where only the colours have another scale', () => {
    const [grid, cells] = [new SpokenCells(), cellsOf(new HeatmapCells())]
    const last = boards.at(-1)
    if (last === undefined) throw new Error('no boards')
    const brighter = {
      ...last,
      ranges: last.ranges.map((range, place) => (place > 0 ? range : { ...range, diversity: 2 }))
    }
    let writes = 0
    const counting = elements((LAYERS * (LAYERS + 1)) / 2).map(({ element }): CellElement => ({
      setAttribute: (name, value) => {
        writes++
        element.setAttribute(name, value)
      },
      toggleAttribute: (name, force) => element.toggleAttribute(name, force)
    }))
    const state = { chosen: null, stop: '0-0' }
    const before = cells(last, WHOLE)
    grid.speak(counting, before, state)
    writes = 0
    const after = cells(brighter, WHOLE)
    grid.speak(counting, after, state)
    expect(after.changed).toHaveLength(last.ranges.length)
    expect(writes).toBe(1)
  })

  it('in the trade-off', () => {
    const { colors } = figurePage()
    const drawn = (contents: readonly ScatterContent[]): readonly unknown[] => {
      const { canvas, calls } = loggedCanvas()
      const { chart, show } = createPlot<ScatterDatum>(canvas)
      for (const shown of contents) show(scatterPicture(shown, colors), colors, { family: 'Arial', size: 12 })
      const last = [...calls]
      chart.destroy()
      return last
    }
    const streamed = boards.map((board) => scatterContent(board, { streaming: true }))
    const [first] = streamed
    const last = streamed.at(-1)
    if (first === undefined || last === undefined) throw new Error('no boards')
    // The seventh has nothing new but another score of a range below the limit.
    for (const end of [7, streamed.length])
      expect(drawn(streamed.slice(0, end))).toEqual(drawn(streamed.slice(end - 1, end)))
    const ended = scatterContent(last.board)
    const marked = { ...last, hidden: ['below' as const], selected: '3-7' }
    // Chart.js fits axes that it had before otherwise than new ones.
    for (const next of [marked, ended]) expect(drawn([first, last, next])).toEqual(drawn([first, next]))
    expect(drawn([ended, last])).toEqual(drawn([{ ...ended, board: first.board }, last]))
    expect(drawn([last])).not.toEqual(drawn([first]))
  })
})
