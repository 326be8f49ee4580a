import { describe, expect, it } from 'vitest'
import { proxyCorrelations, scoresAlone } from '../../../../src/main/measures/proxy-correlation'
import { rankInterval } from '../../../../src/main/measures/statistics'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { sweepFixture } from '../../../fixtures/project-documents'

describe('how well the proxy orders models as a task does', () => {
  const characters = sweepFixture({ layerCount: 4, promptCount: 6 })
  const graded = (sign: number) => ({
    ...characters,
    ranges: characters.ranges.map((range, index) => ({
      ...range,
      prompts: range.prompts.map((score, prompt) => ({
        ...score,
        diversity: 0.5 + sign * (0.04 * index + 0.001 * prompt)
      }))
    }))
  })

  it('is taken over all ranges where both have scored them, with an interval over prompts', () => {
    const run = evaluationRun()
    const [diversity] = proxyCorrelations(run, [], { characters: graded(1), task: graded(1) })
    expect(diversity).toMatchObject({ over: 'ranges', count: 10, measure: 'coverage', against: 'diversity' })
    expect(diversity?.correlation).toBeCloseTo(1, 12)
    expect(diversity?.interval?.[0]).toBeCloseTo(1, 12)
    const [opposite] = proxyCorrelations(run, [], { characters: graded(1), task: graded(-1) })
    expect(opposite?.correlation).toBeCloseTo(-1, 12)
  })

  it('is the same by what is sent of the sweeps alone', () => {
    const run = evaluationRun()
    const whole = { characters: graded(1), task: graded(-1) }
    const sent = { characters: scoresAlone(whole.characters, true), task: scoresAlone(whole.task, true) }
    expect(proxyCorrelations(run, [], sent)).toEqual(proxyCorrelations(run, [], whole))
    expect(JSON.stringify(sent)).not.toContain('"probabilities":[0')
    expect(scoresAlone(whole.characters, false).ranges.map(({ prompts }) => prompts.length)).toEqual(
      whole.characters.ranges.map(() => 0)
    )
  })

  it('is not there without a sweep of the proxy', () => {
    expect(proxyCorrelations(evaluationRun(), [], { characters: null, task: graded(1) })).toEqual([])
  })

  it('has over variants the interval of Bonett and Wright, from five on', () => {
    // atanh(0.5) -+ 1.959964 sqrt(1.125 / 7), back through tanh.
    const [low, high] = rankInterval(0.5, 10) ?? [NaN, NaN]
    expect(low).toBeCloseTo(-0.2319, 3)
    expect(high).toBeCloseTo(0.8706, 3)
    expect(rankInterval(0.5, 4)).toBeNull()
    expect(rankInterval(1, 6)?.[1]).toBeLessThanOrEqual(1)
  })
})
