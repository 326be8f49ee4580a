/** Wheel distance of one step in pixels. A mouse wheel scrolls further at once, a trackpad in many small parts. */
const STEP_PX = 50

/** Turns the events of a wheel into steps of a zoom. */
export class WheelSteps {
  private distance = 0

  /** Returns the direction of a completed step; null while the wheel has not moved far enough. */
  step({ deltaY }: Pick<WheelEvent, 'deltaY'>): 'in' | 'out' | null {
    if (Math.sign(deltaY) !== Math.sign(this.distance)) this.distance = 0
    this.distance += deltaY
    if (Math.abs(this.distance) < STEP_PX) return null
    this.distance = 0
    return deltaY < 0 ? 'in' : 'out'
  }
}

/** Factor by which one step changes the visible part of a chart. */
export const ZOOM_FACTORS = { in: 0.8, out: 1.25 } as const
