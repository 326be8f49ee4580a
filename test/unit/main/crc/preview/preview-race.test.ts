import { describe, expect, it } from 'vitest'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { PreviewRace } from '../../../../../src/main/crc/preview/preview-race'

const PROMPTS = [0, 1, 2, 3, 4, 5, 6, 7]
/** How far base is from post on each prompt. */
const FAR = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
const [POST, BASE, ...CANDIDATES] = [0, 1, 2, 3, 4, 5]
/** Share of base in each model, to which diversity is proportional. Validity falls as fast. */
const SHARES = [0, 1, 0.5, 0.52, 0.1, 0.9]

function race(wobble = 0, drawn = [[0, 1, 2, 3]]): PreviewRace {
  return new PreviewRace(
    {
      categories: [PROMPTS],
      drawn,
      post: POST,
      base: BASE,
      rho: 0.75,
      scoreOf: (model, prompt) => {
        const way = elementAt(SHARES, model, 'model') * elementAt(FAR, prompt, 'prompt')
        const noise = model > 1 ? wobble * Math.sin(7 * model * model + 3 * prompt) : 0
        return { diversity: 0.2 + way + noise, validity: 1 - way }
      }
    },
    CANDIDATES
  )
}

describe('a race of ranges that were scored on some prompts', () => {
  it('estimates over all prompts, not over those that were drawn', () => {
    const estimates = race().estimates()
    // Over the four drawn ones base is on average 0.25 away, over all 0.45.
    expect(estimates.get(2)?.diversity.mean).toBeCloseTo(0.2 + 0.5 * 0.45, 10)
    expect(estimates.get(2)?.validity.mean).toBeCloseTo(1 - 0.5 * 0.45, 10)
  })

  it('expects the most diverse one that keeps the validity to lead', () => {
    expect(race().leader()).toBe(3)
  })

  it('lets an exact score decide', () => {
    const running = race()
    running.finish([2])
    expect(running.leader()).toBe(2)
    expect(running.finished).toEqual([2])
    expect([...running.prospects().keys()]).toEqual([3, 4, 5])
  })

  it('gives one that is far behind, or far below the limit, no chance, and one beside the leader some', () => {
    const running = race(0.02)
    running.finish([2])
    const chances = running.prospects()
    expect(chances.get(4)?.chance).toBeLessThan(0.001)
    expect(chances.get(5)?.chance).toBeLessThan(0.05)
    expect(chances.get(3)?.chance).toBeGreaterThan(0.1)
  })

  it('is sure where all prompts were drawn', () => {
    const running = race(0.02, [PROMPTS])
    running.finish([3])
    expect(running.prospects().get(4)?.chance).toBe(0)
  })

  it('is less sure by fewer prompts', () => {
    const spread = (drawn: number[]): number => race(0.05, [drawn]).estimates().get(2)?.diversity.spread ?? NaN
    expect(spread([0, 2, 4, 6, 7])).toBeLessThan(spread([0, 4]))
  })
})
