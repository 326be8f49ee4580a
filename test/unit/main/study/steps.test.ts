import { describe, expect, it } from 'vitest'
import { chosenSteps, expandStudy, onlyFromText, type OnlySteps } from '../../../../src/main/study/steps'
import { Study } from '../../../../src/main/study/study-file'
import { resolveStudy, reportPath } from '../../../../src/main/study/study-project'

const WHOLE = {
  name: 's',
  pairs: ['demo', { name: 'other', base: 'b', post: 'p' }],
  sweep: {},
  check: 5,
  variants: ['post', 'selected'],
  tasks: ['demo-open', { task: 'demo-open', n: 4 }]
}
const steps = (change: object = {}) => expandStudy(Study.parse({ ...WHOLE, ...change }), ['Demo', 'other'])
const keys = (change: object = {}): string[] => steps(change).map(({ key }) => key)

describe('the steps of a study', () => {
  it('run pair by pair, each after those that it needs, with the reports of all pairs last', () => {
    expect(keys()).toEqual([
      ...['Demo/sweep', 'Demo/check', 'Demo/evaluate/demo-open', 'Demo/evaluate/demo-open (2)'],
      ...['other/sweep', 'other/check', 'other/evaluate/demo-open', 'other/evaluate/demo-open (2)'],
      ...['Demo/report', 'other/report', 'report']
    ])
    expect(steps()[2]?.needs).toEqual(['Demo/sweep', 'Demo/check'])
    for (const [place, { needs }] of steps().entries())
      for (const need of needs) expect(keys().slice(0, place)).toContain(need)
  })

  it('score ranges by a task and choose what post fails before the evaluation that needs it', () => {
    const tasks = [{ import: 'gsm8k', file: 'a.jsonl', 'failed-by-post': 9, sweep: true }]
    const only = steps({ tasks, pairs: ['demo'], report: false }).slice(2)
    expect(only.map(({ key, needs }) => [key, needs])).toEqual([
      ['Demo/sweep/gsm8k', []],
      ['Demo/filter/gsm8k', []],
      ['Demo/evaluate/gsm8k', ['Demo/sweep', 'Demo/check', 'Demo/filter/gsm8k']]
    ])
  })

  it('are those of the file, and wait for a sweep only if they need its result', () => {
    const nothing = { sweep: undefined, check: undefined, report: false }
    const only = steps({ ...nothing, variants: ['post'], pairs: ['demo'] })
    expect(only.map(({ key, needs }) => [key, needs])).toEqual([
      ['Demo/evaluate/demo-open', []],
      ['Demo/evaluate/demo-open (2)', []]
    ])
  })

  it('need a sweep for its result, and pairs with different names', () => {
    expect(() => steps({ sweep: undefined, check: undefined })).toThrow(/selected is what a sweep finds/)
    expect(() => expandStudy(Study.parse(WHOLE), ['Demo', 'Demo'])).toThrow(/Two pairs .* "Demo"/)
  })

  it.each([
    ['pair=Demo,step=sweep', ['Demo/sweep']],
    ['step=check', ['Demo/check', 'other/check']],
    ['step=evaluate,pair=other', ['other/evaluate/demo-open', 'other/evaluate/demo-open (2)']],
    ['pair=other,step=evaluate/demo-open', ['other/evaluate/demo-open']]
  ])('are chosen by %s', (text, expected) => {
    const only: OnlySteps = onlyFromText(text) ?? {}
    expect(chosenSteps(steps(), only).map(({ key }) => key)).toEqual(expected)
  })

  it.each(['sweep', 'step=', 'pair=a,pair=b', 'steps=sweep'])('are not chosen by "%s"', (text) => {
    expect(onlyFromText(text)).toBe(null)
  })

  it('say which there are where none is chosen', () => {
    expect(() => chosenSteps(steps(), { pair: 'Dmo' })).toThrow(/no step pair=Dmo/)
  })
})

describe('the places of a study', () => {
  it('lie beside its file', () => {
    const placed = resolveStudy(Study.parse({ ...WHOLE, pairs: ['demo'] }), '/a/b/s.yaml', {})
    expect(placed.projectPath).toBe('/a/b/s.slr')
    expect(reportPath(placed, 'Demo')).toBe('/a/b/s.html')
  })

  it('are those that the file names, with a report for each of several pairs', () => {
    const study = Study.parse({ ...WHOLE, project: '../p.slr', report: 'r.html' })
    const placed = resolveStudy(study, '/a/b/s.yaml', {})
    expect(placed.projectPath).toBe('/a/p.slr')
    expect(placed.pairs.map(({ location }) => location)).toEqual([
      { kind: 'demo', pair: 'stages' },
      { kind: 'folders', base: '/a/b/b', post: '/a/b/p' }
    ])
    expect(reportPath(placed, 'Llama 3.1/8B')).toBe('/a/b/r-Llama-3.1-8B.html')
    expect(reportPath(placed, null)).toBe('/a/b/r.html')
  })
})
