import { describe, expect, it } from 'vitest'
import type { PromptScore, SweepDocument } from '../../../../../src/contract/documents/crc'
import type { WhatIf } from '../../../../../src/contract/documents/what-if'
import { askWhatIf as askWhatIfSteps } from '../../../../../src/main/crc/check/ask-what-if'
import { sweepUnder as sweepUnderSteps } from '../../../../../src/main/crc/selection/what-if'
import { scorerOf } from '../../../../../src/main/crc/task/scorer'
import { averageScores } from '../../../../../src/main/crc/task/scoring'
import { FEW_SHOT_DEFAULTS } from '../../../../../src/contract/model/few-shot'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { BARE_PREVIEW } from '../../../../fixtures/bare-sweep'
import { tinySweep, tinyTaskSweep } from '../../../../fixtures/tiny-sweep'
import { runToEnd } from '../../../../../src/main/base/steps'

const askWhatIf = (...given: Parameters<typeof askWhatIfSteps>) => runToEnd(askWhatIfSteps(...given))
const sweepUnder = (...given: Parameters<typeof sweepUnderSteps>) => runToEnd(sweepUnderSteps(...given))

const SAMPLERS = [
  { temperature: 2, minP: 0 },
  { temperature: 2, minP: 0.1 }
]
const AS_SWEPT: WhatIf = { rho: 0.9, sampler: null, draws: null, mix: null }
const scorer = scorerOf({ kind: 'crc' })

/** Encodes scores under other samplers, as the engine does. */
function told(bySampler: readonly (readonly number[])[]): string {
  const values = Float32Array.from(bySampler.flat())
  return Buffer.from(values.buffer).toString('base64')
}

const ofPrompt = (own: number[], bySampler: number[][]): PromptScore =>
  scorer.score(own, scorer.keep(told(bySampler), own.length))

/** Base, post and two ranges over three prompts, which under the second sampler change places. */
function kept(): SweepDocument {
  const tiny = tinySweep()
  const score = (own: number[], bySampler: number[][]) =>
    averageScores(
      tiny.prompts,
      tiny.prompts.map(() => ofPrompt(own, bySampler))
    )
  const first = score([0.5, 0.4], [[0.5, 0.5], [0.9, 0.05]]) // prettier-ignore
  const second = score([0.8, 0.1], [[0.6, 0.4], [0.5, 0.45]]) // prettier-ignore
  return {
    ...tiny,
    whatIf: SAMPLERS,
    base: null,
    post: score([0.9, 0.05], [[0.85, 0.1], [0.92, 0.04]]), // prettier-ignore
    ranges: [
      { start: 0, end: 0, ...first },
      { start: 1, end: 1, ...second }
    ],
    recipes: [],
    checkpoints: [],
    uniformBlends: [],
    baselines: []
  }
}

describe('what if', () => {
  it('is a preview that knows no estimated range under another sampler', () => {
    const sweep = kept()
    const margins = { validity: 0.1, diversity: 0.1 }
    const ranges = sweep.ranges.slice(1).map((range) => ({ ...range, margins }))
    const preview = { ...BARE_PREVIEW, prompts: [0], ranges }
    expect(sweepUnder({ ...sweep, preview }, AS_SWEPT).preview).toEqual(preview)
    const under = sweepUnder({ ...sweep, preview }, { ...AS_SWEPT, sampler: elementAt(SAMPLERS, 1, 'sampler') })
    expect(under.preview).toEqual({ ...preview, ranges: [] })
  })

  it('is the sweep itself without other settings', () => {
    const sweep = kept()
    expect(sweepUnder(sweep, AS_SWEPT)).toEqual(sweep)
    expect(askWhatIf(sweep, null, AS_SWEPT).selection.selected).toEqual({ start: 0, end: 0 })
  })

  it('has the scores of another sampler, selects by them, and leaves the sweep unchanged', () => {
    const sweep = kept()
    const before = structuredClone(sweep)
    const { sweep: under, selection } = askWhatIf(sweep, null, { ...AS_SWEPT, sampler: SAMPLERS[1] ?? null })
    const wanted = scorer.score([0.5, 0.45])
    expect(under.ranges[1]?.validity).toBeCloseTo(wanted.validity, 6)
    expect(under.ranges[1]?.diversity).toBeCloseTo(wanted.diversity, 6)
    expect(under.ranges[1]?.effectiveChoices).toBeCloseTo(wanted.effectiveChoices, 5)
    expect(selection.selected).toEqual({ start: 1, end: 1 })
    expect(selection.minimumValidity).toBeCloseTo(0.9 * 0.96, 6)
    expect(sweep).toEqual(before)
  })

  it('has base after a few-shot prompt only if that was scored under the sampler', () => {
    const sweep = kept()
    const sampler = elementAt(SAMPLERS, 1, 'sampler')
    const scored = { format: FEW_SHOT_DEFAULTS.characters, work: sweep.work }
    const asked = { ...AS_SWEPT, sampler }
    const { fewShot, ...without } = sweepUnder({ ...sweep, fewShot: { ...sweep.post, ...scored } }, asked)
    expect(fewShot).toEqual({ ...sweepUnder(sweep, asked).post, ...scored })
    const unstored = averageScores(sweep.prompts, sweep.prompts.map(() => scorer.score([0.5, 0.4]))) // prettier-ignore
    const under = sweepUnder({ ...sweep, fewShot: { ...unstored, ...scored } }, asked)
    expect(Object.keys(under)).not.toContain('fewShot')
    expect(under).toEqual(without)
  })

  it('refuses a mix that was not scored, and says which were', () => {
    const ask = (mix: number) => () => sweepUnder(kept(), { ...AS_SWEPT, mix })
    expect(ask(0.33)).toThrow("scored no mix with 0.33 of base's logits")
  })

  it('has the selected range under each of the samplers, and compares the one that the rule takes', () => {
    const { selection } = askWhatIf(kept(), null, AS_SWEPT)
    expect(selection.tempered.map(({ validity }) => Number(validity.toFixed(3)))).toEqual([1, 0.95])
    expect(selection.baselines.find(({ baseline }) => baseline.kind === 'tempered')).toMatchObject({
      baseline: { temperature: 2, minP: 0, range: { start: 0, end: 0 } },
      diversity: expect.closeTo(1, 6)
    })
  })

  it('does not compare the selected range with itself, under the sampler that it was drawn with', () => {
    const own = { ...kept(), whatIf: [{ temperature: 1, minP: 0 }, SAMPLERS[1]].flatMap((one) => one ?? []) }
    const { selection } = askWhatIf(own, null, AS_SWEPT)
    expect(selection.tempered).toHaveLength(2)
    expect(selection.baselines.find(({ baseline }) => baseline.kind === 'tempered')).toMatchObject({
      baseline: SAMPLERS[1]
    })
  })

  it('does not compare the range with itself under the sampler in question', () => {
    const { selection } = askWhatIf(kept(), null, { ...AS_SWEPT, sampler: elementAt(SAMPLERS, 0, 'sampler') })
    expect(selection.tempered).toHaveLength(2)
    const tempered = selection.baselines.filter(({ baseline }) => baseline.kind === 'tempered')
    expect(tempered.map(({ baseline }) => baseline)).not.toContainEqual(
      expect.objectContaining(elementAt(SAMPLERS, 0, 'sampler'))
    )
  })

  it('is never more than certain, also of what an old sweep kept', () => {
    const sweep = kept()
    const whatIf = told([[1.0000001, 1.0000001], [1.0000001, 0.5]]) // prettier-ignore
    const prompts = sweep.post.prompts.map((prompt) => ({ ...prompt, whatIf }))
    const { post } = sweepUnder(
      { ...sweep, post: { ...sweep.post, prompts } },
      { ...AS_SWEPT, sampler: elementAt(SAMPLERS, 0, 'sampler') }
    )
    expect([post.validity, post.diversity]).toEqual([1, 1])
  })

  it('leaves out models that were scored without the sampler, and refuses unknown samplers', () => {
    const sweep = kept()
    const [first] = sweep.ranges
    if (first === undefined) throw new Error('no range')
    const prompts = first.prompts.map(({ whatIf: _, ...score }) => score)
    const partly = { ...sweep, ranges: [{ ...first, prompts }, ...sweep.ranges.slice(1)] }
    const asked = { ...AS_SWEPT, sampler: SAMPLERS[1] ?? null }
    expect(sweepUnder(partly, asked).ranges).toHaveLength(1)
    expect(() => sweepUnder(sweep, { ...asked, sampler: { temperature: 3, minP: 0 } })).toThrow(
      'no scores for temperature 3'
    )
    expect(() => sweepUnder({ ...sweep, whatIf: [] }, asked)).toThrow('Sweep again with --what-if')
    const { scoredBy } = tinyTaskSweep()
    if (scoredBy.kind !== 'task') throw new Error('not scored by a task')
    const sampling = { ...scoredBy.sampling, topK: 20 }
    const cut = { ...sweep, scoredBy: { ...scoredBy, sampling }, whatIf: [] }
    expect(() => sweepUnder(cut, asked)).toThrow('not greedily, without top-k')
    expect(() => sweepUnder(sweep, { ...asked, draws: 4 })).toThrow('counts no draws')
  })
})
