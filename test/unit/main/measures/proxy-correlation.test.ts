import { describe, expect, it } from 'vitest'
import { proxyCorrelations, proxyPick, withoutPromptScores } from '../../../../src/main/measures/proxy-correlation'
import { rankInterval } from '../../../../src/main/measures/statistics'
import { elementAt } from '../../../../src/contract/model/look-up'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { sweepFixture } from '../../../fixtures/project-documents'

describe('how well the proxy orders models as a task does', () => {
  const characters = sweepFixture({ layerCount: 4, promptCount: 6 })
  const graded = (sign: number) => ({
    ...characters,
    ranges: characters.ranges.map((range, index) => ({
      ...range,
      diversity: 0.5 + sign * 0.04 * index
    }))
  })

  it('is computed over all ranges that both sweeps scored, without an interval', () => {
    const run = evaluationRun()
    const [diversity] = proxyCorrelations(run, [], { characters: graded(1), task: graded(1) })
    expect(diversity).toMatchObject({ over: 'ranges', count: 10, measure: 'coverage', against: 'diversity' })
    expect(diversity?.correlation).toBeCloseTo(1, 12)
    expect(diversity?.interval).toBeNull()
    const [opposite] = proxyCorrelations(run, [], { characters: graded(1), task: graded(-1) })
    expect(opposite?.correlation).toBeCloseTo(-1, 12)
  })

  it('is the same from sweeps without their prompts', () => {
    const run = evaluationRun()
    const whole = { characters: graded(1), task: graded(-1) }
    const sent = { characters: withoutPromptScores(whole.characters), task: withoutPromptScores(whole.task) }
    expect(proxyCorrelations(run, [], sent)).toEqual(proxyCorrelations(run, [], whole))
    expect(JSON.stringify(sent)).not.toContain('"probabilities":[0')
  })

  it("reports the task's score of the selected range, against the task's limit", () => {
    const task = graded(-1)
    const score = elementAt(task.ranges, 3, 'range')
    const range = { start: score.start, end: score.end }
    expect(proxyPick({ characters, task, picked: { range, rho: 0.9 } })).toEqual({
      range,
      validity: score.validity,
      limit: 0.9 * task.post.validity,
      gain: score.diversity - task.post.diversity
    })
    expect(proxyPick({ characters, task })).toBeUndefined()
    expect(proxyPick({ characters, task, picked: { range: { start: 90, end: 91 }, rho: 0.9 } })).toBeUndefined()
    expect(proxyPick({ characters, task: null, picked: { range, rho: 0.9 } })).toBeUndefined()
  })

  it('is absent without a sweep by characters', () => {
    expect(proxyCorrelations(evaluationRun(), [], { characters: null, task: graded(1) })).toEqual([])
  })

  it('has over variants the interval of Bonett and Wright, from five variants on', () => {
    // atanh(0.5) -+ 1.959964 sqrt(1.125 / 7), back through tanh.
    const [low, high] = rankInterval(0.5, 10) ?? [NaN, NaN]
    expect(low).toBeCloseTo(-0.2319, 3)
    expect(high).toBeCloseTo(0.8706, 3)
    expect(rankInterval(0.5, 4)).toBeNull()
    expect(rankInterval(1, 6)?.[1]).toBeLessThanOrEqual(1)
  })
})
