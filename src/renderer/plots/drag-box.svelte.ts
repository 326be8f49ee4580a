/** A dragged rectangle, in pixels of its frame, from its start to the current position of the pointer. */
export interface DraggedBox {
  x: number
  y: number
  toX: number
  toY: number
}

/** Distance in pixels below which a movement counts as a click. */
const DRAG_PX = 5

interface Frame {
  getBoundingClientRect(): { readonly left: number; readonly top: number }
  setPointerCapture(pointerId: number): void
}

type Pointer = Pick<PointerEvent, 'clientX' | 'clientY' | 'button' | 'pointerId'>

/** Follows a rectangle that the user drags over a chart. */
export class DragBox {
  private box = $state.raw<DraggedBox | null>(null)
  /** The dragged rectangle; null until the pointer has moved far enough. */
  readonly draggedBox = $derived(this.box !== null && isDragged(this.box) ? this.box : null)
  readonly isPointerDown = $derived(this.box !== null)

  /** @param frame returns the element over which the rectangle is dragged */
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

  /** @returns the dragged rectangle; null for a click */
  end(): DraggedBox | null {
    const { draggedBox } = this
    this.box = null
    return draggedBox
  }

  cancel(): void {
    this.box = null
  }
}

const isDragged = ({ x, y, toX, toY }: DraggedBox): boolean =>
  Math.abs(toX - x) > DRAG_PX || Math.abs(toY - y) > DRAG_PX
