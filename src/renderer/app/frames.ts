/** Milliseconds between two drawings. More frequent drawings would slow down the engine. */
const PAUSE_MS = 200

/** Returns a function that calls `draw` in the next frame, at most once per `PAUSE_MS`. */
export function throttled(draw: () => void): () => void {
  let scheduled = false
  let drawnAt = -Infinity
  const run = (): void => {
    scheduled = false
    drawnAt = performance.now()
    draw()
  }
  return () => {
    if (scheduled) return
    scheduled = true
    const waitMs = Math.max(0, drawnAt + PAUSE_MS - performance.now())
    setTimeout(() => {
      // A hidden window gets no frames, but its title still shows the progress.
      if (document.hidden) run()
      else requestAnimationFrame(run)
    }, waitMs)
  }
}
