import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { throttled } from '../../../../src/renderer/app/frames'

describe('the drawing of a job', () => {
  const draw = vi.fn()
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
    vi.stubGlobal('requestAnimationFrame', (frame: () => void) => setTimeout(frame, 16))
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
    draw.mockReset()
  })

  it.each([false, true])(
    'is drawn at once and then some times in a second, and the last in any case, in a window that is hidden: %s',
    (hidden) => {
      vi.stubGlobal('document', { hidden })
      const drawSoon = throttled(draw)
      drawSoon()
      vi.advanceTimersByTime(16)
      expect(draw).toHaveBeenCalledTimes(1)
      for (let event = 0; event < 4000; event++) {
        drawSoon()
        vi.advanceTimersByTime(1)
      }
      const during = draw.mock.calls.length
      expect(during).toBeGreaterThan(10)
      expect(during).toBeLessThanOrEqual(21)
      drawSoon()
      vi.advanceTimersByTime(300)
      expect(draw).toHaveBeenCalledTimes(during + 1)
      vi.advanceTimersByTime(1000)
      expect(draw).toHaveBeenCalledTimes(during + 1)
    }
  )
})
