import { STRIPE, type Stripes, stripesOf } from '../stripes'
import { type Box, type Dash, type Paint, paintOf, type Shape, short, type Stroke } from './drawing'

/** The parts of a canvas context that measure texts. */
type Measuring = Pick<CanvasRenderingContext2D, 'font' | 'measureText' | 'canvas'>

type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]
const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0]

interface State {
  fillStyle: string | CanvasGradient | CanvasPattern
  strokeStyle: string | CanvasGradient | CanvasPattern
  lineWidth: number
  lineCap: string
  lineJoin: string
  lineDashOffset: number
  globalAlpha: number
  font: string
  textAlign: string
  textBaseline: string
}

/** Distance of the baseline below a text's position, as a share of the font size, from Arial's metrics. */
const BASELINES: Readonly<Record<string, number>> = {
  alphabetic: 0,
  middle: 0.35,
  top: 0.905,
  hanging: 0.72,
  bottom: -0.212,
  ideographic: -0.212
}
const ANCHORS: Readonly<Record<string, 'start' | 'middle' | 'end'>> = {
  left: 'start',
  start: 'start',
  center: 'middle',
  right: 'end',
  end: 'end'
}

/**
 * Records what is drawn on a canvas context. It implements the calls that Chart.js and our own drawing use. Any other
 * call is an error, so that a figure never lacks a part of the screen.
 */
class Recorder {
  shapes: Shape[] = []
  readonly canvas: HTMLCanvasElement
  readonly state: State = {
    fillStyle: '#000000',
    strokeStyle: '#000000',
    lineWidth: 1,
    lineCap: 'butt',
    lineJoin: 'miter',
    lineDashOffset: 0,
    globalAlpha: 1,
    font: '10px sans-serif',
    textAlign: 'start',
    textBaseline: 'alphabetic'
  }
  private matrix = IDENTITY
  private dash: Dash | null = null
  private clipBox: Box | null = null
  private readonly stack: { state: State; matrix: Matrix; dash: Dash | null; clipBox: Box | null }[] = []
  private d = ''
  /** Bounding box of the current path. */
  private reach: { left: number; top: number; right: number; bottom: number } | null = null

  constructor(private readonly measuring: Measuring) {
    this.canvas = measuring.canvas
  }

  save(): void {
    const { state, matrix, dash, clipBox } = this
    this.stack.push({ state: { ...state }, matrix, dash, clipBox })
  }

  restore(): void {
    const saved = this.stack.pop()
    if (saved === undefined) return
    Object.assign(this.state, saved.state)
    this.matrix = saved.matrix
    this.dash = saved.dash
    this.clipBox = saved.clipBox
  }

  setTransform(...matrix: [number, number, number, number, number, number]): void {
    this.matrix = matrix
  }

  resetTransform(): void {
    this.matrix = IDENTITY
  }

  translate(x: number, y: number): void {
    const [a, b, c, d] = this.matrix
    const [e, f] = this.at(x, y)
    this.matrix = [a, b, c, d, e, f]
  }

  rotate(angle: number): void {
    const [a, b, c, d, e, f] = this.matrix
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    this.matrix = [a * cos + c * sin, b * cos + d * sin, c * cos - a * sin, d * cos - b * sin, e, f]
  }

  private at(x: number, y: number): [number, number] {
    const [a, b, c, d, e, f] = this.matrix
    return [a * x + c * y + e, b * x + d * y + f]
  }

  private point(x: number, y: number): string {
    const [left, top] = this.at(x, y)
    const { reach } = this
    this.reach =
      reach === null
        ? { left, top, right: left, bottom: top }
        : {
            left: Math.min(reach.left, left),
            top: Math.min(reach.top, top),
            right: Math.max(reach.right, left),
            bottom: Math.max(reach.bottom, top)
          }
    return `${short(left)} ${short(top)}`
  }

  beginPath(): void {
    this.d = ''
    this.reach = null
  }

  closePath(): void {
    if (this.d !== '') this.d += 'Z'
  }

  moveTo(x: number, y: number): void {
    this.d += `M${this.point(x, y)}`
  }

  lineTo(x: number, y: number): void {
    this.d += `${this.d === '' ? 'M' : 'L'}${this.point(x, y)}`
  }

  quadraticCurveTo(...[x1, y1, x, y]: [number, number, number, number]): void {
    this.d += `Q${this.point(x1, y1)} ${this.point(x, y)}`
  }

  bezierCurveTo(...[x1, y1, x2, y2, x, y]: [number, number, number, number, number, number]): void {
    this.d += `C${this.point(x1, y1)} ${this.point(x2, y2)} ${this.point(x, y)}`
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.moveTo(x, y)
    this.lineTo(x + width, y)
    this.lineTo(x + width, y + height)
    this.lineTo(x, y + height)
    this.closePath()
  }

  arc(...[x, y, radius, from, to, back = false]: [number, number, number, number, number, boolean?]): void {
    const on = (angle: number): [number, number] => [
      x + radius * Math.cos(angle),
      y + radius * Math.sin(angle)
    ]
    const turn = Math.max(-2 * Math.PI, Math.min(2 * Math.PI, to - from))
    const swept = back && turn > 0 ? turn - 2 * Math.PI : !back && turn < 0 ? turn + 2 * Math.PI : turn
    this.lineTo(...on(from))
    // A single SVG arc cannot be a full circle.
    for (const share of [0.5, 1]) {
      this.d += `A${short(radius)} ${short(radius)} 0 0 ${swept < 0 ? 0 : 1} ${this.point(...on(from + swept * share))}`
    }
  }

  clip(): void {
    const { reach, clipBox } = this
    if (reach === null) return
    const left = Math.max(reach.left, clipBox?.x ?? -Infinity)
    const top = Math.max(reach.top, clipBox?.y ?? -Infinity)
    const right = Math.min(reach.right, clipBox === null ? Infinity : clipBox.x + clipBox.width)
    const bottom = Math.min(reach.bottom, clipBox === null ? Infinity : clipBox.y + clipBox.height)
    this.clipBox = { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) }
  }

  private paint(style: State['fillStyle']): Paint | null {
    const paint = paintOf(typeof style === 'string' ? style : '')
    return paint === null ? null : { ...paint, opacity: paint.opacity * this.state.globalAlpha }
  }

  private stroked(): Stroke | null {
    const paint = this.paint(this.state.strokeStyle)
    if (paint === null || this.state.lineWidth <= 0) return null
    return { ...paint, width: this.state.lineWidth, ...(this.dash === null ? {} : { dash: this.dash }) }
  }

  /**
   * Returns the box that the current path must be clipped to: null if it is fully visible, undefined if nothing is
   * visible.
   *
   * @param edge width of the stroke outside the path
   */
  private visibleClip(edge: number): Box | null | undefined {
    const { clipBox, reach } = this
    if (reach === null) return undefined
    if (clipBox === null) return null
    const [right, bottom] = [clipBox.x + clipBox.width, clipBox.y + clipBox.height]
    if (reach.right < clipBox.x || reach.left > right || reach.bottom < clipBox.y || reach.top > bottom)
      return undefined
    const whole =
      reach.left - edge >= clipBox.x &&
      reach.right + edge <= right &&
      reach.top - edge >= clipBox.y &&
      reach.bottom + edge <= bottom
    return whole ? null : clipBox
  }

  private add(fill: Paint | null, stroke: Stroke | null, evenOdd = false): void {
    const clip = this.visibleClip(stroke === null ? 0 : stroke.width / 2)
    if (clip === undefined || (fill === null && stroke === null)) return
    const last = this.shapes.at(-1)
    // A path that is filled and then stroked becomes one shape.
    if (last?.kind === 'path' && last.d === this.d && last.stroke === null && fill === null)
      this.shapes[this.shapes.length - 1] = { ...last, stroke, clip }
    else this.shapes.push({ kind: 'path', d: this.d, fill, stroke, clip, ...(evenOdd && { evenOdd }) })
  }

  fill(rule?: CanvasFillRule): void {
    const stripes = stripesOf(this.state.fillStyle)
    if (stripes !== undefined) this.fillStriped(stripes)
    else this.add(this.paint(this.state.fillStyle), null, rule === 'evenodd')
  }

  /**
   * Fills as the pattern does on a canvas, with the first stripe at the top edge. It supports only upright boxes, such
   * as bars.
   */
  private fillStriped({ color, ground }: Stripes): void {
    const { d, reach } = this
    if (reach === null) return
    this.add(paintOf(ground), null)
    const { left, right, top, bottom } = reach
    this.beginPath()
    for (let y = Math.floor(top / STRIPE.height) * STRIPE.height; y < bottom; y += STRIPE.height) {
      const [from, to] = [Math.max(top, y), Math.min(bottom, y + STRIPE.colored)]
      if (to > from) this.rect(left, from, right - left, to - from)
    }
    this.add(paintOf(color), null)
    this.d = d
    this.reach = reach
  }

  stroke(...paths: readonly unknown[]): void {
    if (paths.length > 0) throw new Error('a figure cannot record Path2D objects')
    this.add(null, this.stroked())
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.beginPath()
    this.rect(x, y, width, height)
    this.fill()
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.beginPath()
    this.rect(x, y, width, height)
    this.stroke()
  }

  /** Discards all shapes. Chart.js clears the canvas before each full drawing. */
  clearRect(): void {
    this.shapes = []
  }

  setLineDash(dash: readonly number[]): void {
    const [length, gap] = dash
    this.dash = length === undefined || gap === undefined ? null : [length, gap]
  }

  getLineDash(): number[] {
    return this.dash === null ? [] : [...this.dash]
  }

  measureText(words: string): TextMetrics {
    this.measuring.font = this.state.font
    return this.measuring.measureText(words)
  }

  fillText(words: string, x: number, y: number): void {
    const fill = this.paint(this.state.fillStyle)
    if (fill === null || words === '') return
    const last = this.shapes.at(-1)
    const next = this.letters(words, x, y, fill)
    // A text that was just stroked becomes the halo of this one.
    if (
      last?.kind === 'text' &&
      last.halo !== null &&
      last.text === words &&
      last.x === next.x &&
      last.y === next.y
    )
      this.shapes[this.shapes.length - 1] = { ...next, halo: last.halo }
    else this.shapes.push(next)
  }

  strokeText(words: string, x: number, y: number): void {
    const halo = this.stroked()
    if (halo === null || words === '') return
    this.shapes.push({ ...this.letters(words, x, y, halo), halo })
  }

  private letters(words: string, x: number, y: number, { color, opacity }: Paint): Shape & { kind: 'text' } {
    const { font, textAlign, textBaseline } = this.state
    const size = Number(/([\d.]+)px/.exec(font)?.[1] ?? NaN)
    const down = BASELINES[textBaseline]
    const anchor = ANCHORS[textAlign]
    if (!(size > 0) || down === undefined || anchor === undefined)
      throw new Error(`a figure cannot use the font ${font}, aligned ${textAlign} ${textBaseline}`)
    const [a, b] = this.matrix
    const [left, baseline] = this.at(x, y + down * size)
    const angle = (Math.atan2(b, a) * 180) / Math.PI
    const bold = /\b(bold|[6-9]00)\b/.test(font)
    return {
      kind: 'text',
      text: words,
      x: left,
      y: baseline,
      anchor,
      size,
      bold,
      angle: Math.abs(angle) < 1e-6 ? 0 : angle,
      fill: { color, opacity },
      halo: null
    }
  }
}

/** A context to draw on, with the shapes drawn so far. */
export interface Recording {
  context: CanvasRenderingContext2D
  shapes: () => readonly Shape[]
}

/**
 * Creates a context that records drawing.
 *
 * @param measuring context that measures texts; nothing is drawn on it
 */
export function record(measuring: CanvasRenderingContext2D): Recording {
  const recorder = new Recorder(measuring)
  const context = new Proxy(measuring, {
    get(_canvas, name): unknown {
      if (name in recorder.state) return Reflect.get(recorder.state, name)
      const member: unknown = Reflect.get(recorder, name)
      if (typeof member === 'function') return member.bind(recorder)
      if (member !== undefined) return member
      throw new Error(`a figure cannot record the canvas property ${String(name)}`)
    },
    set(_canvas, name, value): boolean {
      if (name in recorder.state) return Reflect.set(recorder.state, name, value)
      throw new Error(`a figure cannot record the canvas property ${String(name)}`)
    }
  })
  return { context, shapes: () => recorder.shapes }
}
