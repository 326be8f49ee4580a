/** A picture takes time from the engine that works beside it, and nobody reads more than some in a second. */
const REST_MS = 200

/**
 * Runs `draw` soon after it is asked for, in a frame, and then not again before `REST_MS` have passed, however often it is asked
 * for: events come faster than anybody looks.
 */
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
    const rest = Math.max(0, drawnAt + REST_MS - performance.now())
    setTimeout(() => {
      // A hidden window gets no frames, but its title still shows the progress.
      if (document.hidden) run()
      else requestAnimationFrame(run)
    }, rest)
  }
}
