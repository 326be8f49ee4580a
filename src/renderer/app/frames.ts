/** Runs `draw` at most once per frame however often it is asked for: events come faster than frames. */
export function oncePerFrame(draw: () => void): () => void {
  let scheduled = false
  const run = (): void => {
    scheduled = false
    draw()
  }
  return () => {
    if (scheduled) return
    scheduled = true
    // A hidden window gets no frames, but its title still shows the progress.
    if (document.hidden) setTimeout(run, 250)
    else requestAnimationFrame(run)
  }
}
