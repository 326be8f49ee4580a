/** Two corners of a rectangle, in pixels of its frame: where it began, and where the pointer is. */
export interface Box {
  x: number
  y: number
  toX: number
  toY: number
}

/** Less is a click of an unsteady hand. */
const DRAG_PX = 5

/** What of an element a rectangle is dragged over. */
interface Frame {
  getBoundingClientRect(): { readonly left: number; readonly top: number }
  setPointerCapture(pointerId: number): void
}

type Pointer = Pick<PointerEvent, 'clientX' | 'clientY' | 'button' | 'pointerId'>

/** A rectangle that is dragged over a chart. */
export class DragBox {
  private box = $state.raw<Box | null>(null)
  /** What is dragged; null while nothing is, or not yet far enough. */
  readonly shown = $derived(this.box !== null && isDragged(this.box) ? this.box : null)
  /** Whether the pointer is down on the chart. */
  readonly held = $derived(this.box !== null)

  /** @param frame over which it is dragged */
  constructor(private readonly frame: () => Frame | undefined) {}

  private at(event: Pointer): { x: number; y: number } {
    const box = this.frame()?.getBoundingClientRect()
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) }
  }

  begin(event: Pointer): void {
    if (event.button !== 0) return
    const { x, y } = this.at(event)
    this.box = { x, y, toX: x, toY: y }
  }

  move(event: Pointer): void {
    if (this.box === null) return
    const { x, y } = this.at(event)
    this.box = { ...this.box, toX: x, toY: y }
    if (isDragged(this.box)) this.frame()?.setPointerCapture(event.pointerId)
  }

  /** @returns what was dragged; null for a click */
  end(): Box | null {
    const { shown } = this
    this.box = null
    return shown
  }

  cancel(): void {
    this.box = null
  }
}

const isDragged = ({ x, y, toX, toY }: Box): boolean =>
  Math.abs(toX - x) > DRAG_PX || Math.abs(toY - y) > DRAG_PX
