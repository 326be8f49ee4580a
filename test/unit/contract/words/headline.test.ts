import {
  nameStrengths,
  rangeStrengths,
  recipeOf,
  recipeStrengths
} from '../../../../src/contract/model/strengths'
import { describe, expect, it } from 'vitest'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import type { CheckedModel, CheckResult, WholeAnswers } from '../../../../src/contract/documents/answer-check'
import type { Bootstrap, CategoryScore, CrossFit, Selection } from '../../../../src/contract/documents/crc'
import { assurances } from '../../../../src/contract/words/assurances'
import {
  headline,
  type HeadlineEvidence,
  headlineSentence,
  isGood,
  sweepState
} from '../../../../src/contract/words/headline'
import { recipeCheck, scoreBasis } from '../../../../src/contract/words/recipe-check'
import { selectedMark } from '../../../../src/contract/words/selected-mark'
import { at } from '../../../../src/contract/model/look-up'
import { HeadlineState } from '../../../../src/contract/documents/headline'
import type { Recipe, RestorationRange } from '../../../../src/contract/model/recipe'
import { defaultSearchSettings } from '../../../../src/contract/documents/search'
import { searchFinding } from '../../../../src/contract/words/search-words'

const LAYERS = 12
const range = (start: number, end: number): RestorationRange => ({ start, end })
const score = (validity: number, diversity: number): CategoryScore => ({ validity, diversity })
const prompts = (...validities: number[]): HeadlineEvidence['post']['prompts'] =>
  validities.map((validity) => ({ validity, diversity: 0.4, effectiveChoices: 3, probabilities: [] }))

const POST = { ...score(0.991, 0.458), prompts: prompts(0.99, 0.99, 0.99, 0.99, 0.99, 0.99) }
const FEW = { ...POST, prompts: POST.prompts.slice(0, 2) }
const RANGES = [
  { ...range(4, 11), ...score(0.916, 0.917) },
  { ...range(5, 11), ...score(0.92, 0.9) },
  { ...range(0, 11), ...score(0.95, 0.93) }
]

/** A selection of a range, with shares of the wins as [start, end, share]. */
function selectionOf(
  selected: RestorationRange | null,
  wins: [number, number, number][],
  diversityGain: [number, number] = [0.44, 0.48]
): Selection {
  const bootstrap: Bootstrap = {
    resamples: 1000,
    seed: 1,
    confidence: 0.95,
    wins: wins.map(([start, end, share]) => ({ start, end, share })),
    noSelectionShare: 0,
    outOfBag: null,
    post: { validity: [0.98, 1], diversity: [0.43, 0.49] },
    selected: selected === null ? null : { validity: [0.9, 0.93], diversity: [0.9, 0.93], diversityGain }
  }
  return {
    rho: 0.9,
    minimumValidity: 0.892,
    selected,
    reason: selected === null ? 'every range loses too much validity' : null,
    bootstrap,
    crossFit: null,
    crossFitReason: 'a category has fewer than two prompts',
    rivals: [],
    tempered: [],
    reported: null
  }
}

const whole = (validity: number, diversity: number, undecided = 0): WholeAnswers => ({
  firstToken: score(0.92, 0.9),
  answers: score(validity, diversity),
  undecided
})
const checked = ({ start, end }: RestorationRange, answers: WholeAnswers): CheckedModel => ({
  recipe: { name: `layers ${start}-${end}`, ranges: [[start, end]] },
  ...answers
})
const checkOfModels = (...models: CheckedModel[]): CheckResult => ({
  layerCount: LAYERS,
  source: null,
  post: whole(0.99, 0.45),
  models,
  baselines: []
})

const CRC = { kind: 'crc' } as const

const STABLE = selectionOf(range(4, 11), [
  [4, 11, 0.7],
  [5, 11, 0.3]
])
const PASSING = checkOfModels(checked(range(4, 11), whole(0.9, 0.91)))
const FAILING = checkOfModels(checked(range(4, 11), whole(0.86, 0.91)))

const UNCHECKED: HeadlineEvidence = {
  layerCount: LAYERS,
  source: null,
  scoredBy: CRC,
  post: POST,
  base: null,
  ranges: RANGES,
  preview: null,
  selection: STABLE,
  check: null
}

const found = (evidence: Partial<HeadlineEvidence>): ReturnType<typeof headline> =>
  headline({ ...UNCHECKED, ...evidence })

const PREVIEW = {
  prompts: [0, 11, 20, 30],
  ranges: [{ ...range(3, 11), ...score(0.8, 0.94), margins: score(0.05, 0.02) }],
  elsewhere: 0.03,
  likeliest: null,
  rho: 0.9,
  rows: 24,
  wholeRows: 100
}

describe('the headline of a preview', () => {
  it('says that it is one, in a sentence that goes into copies, and in its certainty', () => {
    expect(headlineSentence(found({ preview: PREVIEW }))).toMatch(
      /^By a preview, layers 4–11, not checked yet: /
    )
    expect(found({ preview: PREVIEW, check: PASSING }).verdict).toBe('By a preview, restore layers 4–11')
    expect(assurances({ ...UNCHECKED, promptCount: 40, preview: PREVIEW })).toMatchObject([
      { label: 'Whole answers' },
      { label: 'Gain in diversity' },
      { label: 'Same range wins among 3 exact ranges' },
      { label: 'Cross-fitted among 3 exact ranges' }
    ])
  })

  it('names no range to restore where another is as likely, or likelier, to be selected', () => {
    // Of all other ranges there is an estimate.
    const ranges = Array.from({ length: 75 }, () => at(PREVIEW.ranges, 0, 'range'))
    const unsure = { ...PREVIEW, ranges, elsewhere: 0.9999 }
    const guess = found({ preview: unsure, check: PASSING })
    expect(guess).toMatchObject({ state: 'guess', checkNext: false })
    expect(headlineSentence(guess)).toMatch(
      /^A preview cannot tell which range to restore: layers 4–11 are its best guess, another would be selected with a chance of more than 99\.9 %; diversity up from 0\.450 to 0\.910/
    )
    expect(selectedMark(guess.state, null)).toEqual({ label: 'best guess', good: false })
    expect(guess.next).not.toMatch(/Keep it/)
    const all = selectionOf(range(0, 11), [[0, 11, 1]])
    for (const evidence of [{}, { post: FEW }, { selection: all }])
      expect(found({ preview: unsure, ...evidence }).state).toBe('guess')
    // What is exact stays what it is, and so does what no chance is known of.
    expect(found({ preview: unsure, check: FAILING }).verdict).toBe(
      'By a preview, layers 4–11 fail the check'
    )
    expect(found({ preview: unsure, selection: { ...STABLE, rho: 0.5 } }).state).toBe('unchecked')
    expect(found({ preview: { ...unsure, elsewhere: 0.5 } }).state).toBe('guess')
    expect(found({ preview: { ...unsure, elsewhere: 0.49 } }).state).toBe('unchecked')
  })

  it('never says of all ranges that none qualifies, and names what may', () => {
    const none = { ...selectionOf(null, []), rho: 0.5, minimumValidity: 0.5 }
    const { verdict, figures } = found({ selection: none, preview: PREVIEW })
    expect(verdict).toBe('By a preview made for 90 % of validity, not 50 %, no exact range qualifies')
    expect(figures).toBe(
      'of 3 exact ranges none has validity 0.500 and more diversity than post; layers 3–11 may qualify, diversity estimated at 0.940'
    )
  })

  it('does not doubt what is exact: post on all prompts', () => {
    const post = { ...score(0.4, 0.2), prompts: prompts(0.4, 0.4) }
    expect(found({ post, preview: PREVIEW }).verdict).toBe('The prompts do not fit this model')
  })
})

describe('the headline of a sweep', () => {
  it('restores a range that most resamples pick and whose whole answers hold, in their numbers', () => {
    const holds = found({ check: PASSING })
    expect(holds.state).toBe('holds')
    expect(headlineSentence(holds)).toBe(
      'Restore layers 4–11: diversity up from 0.450 to 0.910 at validity 0.900 on whole answers (post 0.990; first token 0.916)'
    )
  })

  it('does not say to restore what was not checked, and asks for the check', () => {
    const unchecked = found({})
    expect(unchecked).toMatchObject({ state: 'unchecked', checkNext: true })
    expect(headlineSentence(unchecked)).toBe(
      'Layers 4–11, not checked yet: diversity up from 0.458 to 0.917 at validity 0.916 (post 0.991), on first tokens alone'
    )
    const another = checkOfModels(checked(range(5, 11), whole(0.9, 0.91)))
    expect(found({ check: another }).state).toBe('unchecked')
  })

  it('says that whole answers fall below the limit, or are not more diverse', () => {
    expect(found({ check: FAILING })).toMatchObject({
      state: 'fails',
      verdict: 'Layers 4–11 fail the check',
      figures: 'whole answers are valid only 0.860 of the time, below the limit of 0.891 (first token 0.920)',
      next: 'No range that was checked passes. Check more of them, or accept a lower validity limit.',
      checkNext: true
    })
    const flat = checkOfModels(
      checked(range(4, 11), whole(0.95, 0.4)),
      checked(range(5, 11), whole(0.8, 0.9))
    )
    expect(found({ check: flat })).toMatchObject({
      state: 'fails',
      figures: "diversity of whole answers is 0.400, not above post's 0.450",
      next: 'None of 2 ranges that was checked passes. Check more of them, or accept a lower validity limit.'
    })
  })

  it('names the family that shares the wins, by its starts and ends', () => {
    const family = selectionOf(range(4, 11), [
      [5, 11, 0.45],
      [4, 11, 0.4],
      [4, 10, 0.1],
      [3, 11, 0.01],
      [0, 2, 0.04]
    ])
    expect(found({ selection: family })).toMatchObject({
      state: 'family',
      verdict: 'Layers 4–11, one of 3 near-equal ranges',
      checkNext: true
    })
    expect(found({ selection: family }).figures).toContain(
      'starts 4–5 with ends 10–11 win 96 % of the resamples together, this one 40 %'
    )
    expect(found({ selection: family, check: PASSING })).toMatchObject({
      state: 'family',
      next: 'More prompts would tell them apart, if it matters which. Layers 4–11 pass the check on whole answers.',
      checkNext: false
    })
  })

  it('says that no range stands out when neither it nor its neighbours win enough', () => {
    const unstable = selectionOf(range(4, 11), [
      [0, 3, 0.2],
      [4, 11, 0.11],
      [8, 9, 0.1]
    ])
    expect(found({ selection: unstable })).toMatchObject({
      state: 'unstable',
      verdict: 'No range stands out'
    })
    expect(found({ selection: unstable }).figures).toMatch(
      /^layers 4–11 win 11 % of the resamples, layers 0–3 win 20 %; diversity up/
    )
    const single = selectionOf(range(4, 11), [
      [8, 8, 0.34],
      [4, 11, 0.2]
    ])
    expect(found({ selection: single }).figures).toMatch(/resamples, layer 8 wins 34 %; /)
  })

  it('names no share of the resamples where the prompts are too few to tell ranges apart', () => {
    const close = selectionOf(range(4, 11), [
      [5, 11, 0.5],
      [4, 11, 0.45]
    ])
    expect(found({ selection: close }).figures).toContain('win 95 % of the resamples')
    expect(found({ selection: close, post: FEW })).toMatchObject({
      state: 'unstable',
      figures: expect.stringMatching(/^layers 4–11 by 2 prompts, too few to tell ranges apart; diversity up/)
    })
  })

  it('does not praise what too few prompts pick, however often they do', () => {
    const few = { state: 'unstable', verdict: 'No range stands out' }
    expect(found({ post: FEW, check: PASSING })).toMatchObject(few)
    expect(found({ post: FEW, scoredBy: { kind: 'task' } })).toMatchObject({
      ...few,
      figures: expect.stringMatching(/^layers 4–11 by 2 questions, too few to tell ranges apart; coverage up/)
    })
    expect(found({ post: FEW })).toMatchObject({ state: 'unchecked' })
  })

  it('does not praise restoring all layers, nor a gain that may be none', () => {
    const all = selectionOf(range(0, 11), [[0, 11, 1]])
    expect(found({ selection: all })).toMatchObject({ state: 'not-worth-it', checkNext: false })
    expect(found({ selection: all }).figures).toMatch(/^the best range is all 12 layers, /)
    const unsure = selectionOf(range(4, 11), [[4, 11, 0.9]], [-0.012, 0.05])
    expect(found({ selection: unsure, post: FEW }).figures).toBe(
      'the gain in diversity of layers 4–11 may be none, 2 prompts, too few to tell'
    )
    expect(found({ selection: unsure })).toMatchObject({
      state: 'not-worth-it',
      figures: 'the gain in diversity of layers 4–11 may be none, −0.012 to +0.050 over resampled prompts'
    })
  })

  it('says why no range qualifies, and what would let more in', () => {
    const none = found({ selection: selectionOf(null, []) })
    expect(none.state).toBe('none')
    expect(headlineSentence(none)).toBe('No range to restore: every range loses too much validity')
    expect(none.next).toMatch(/at least 0\.892 .* above post's 0\.458\. A lower validity limit/)
  })

  it('says that the prompts do not fit a model that fails them, and how many', () => {
    const post = { ...score(0.688, 0.458), prompts: prompts(0.02, 0.9, 0.4) }
    expect(found({ post })).toMatchObject({
      state: 'unfit-prompts',
      figures:
        'post itself is valid only 0.688 of the time, and is more often wrong than right on 2 of 3 prompts'
    })
    expect(found({ post }).next).toMatch(/^Change the prompts/)
    const swapped = found({ post, base: score(0.9, 0.3) })
    expect(swapped.next).toMatch(
      /look first whether base and post were exchanged. If not, change the prompts/
    )
    const check = { ...PASSING, post: whole(0.3, 0.4) }
    expect(found({ check })).toMatchObject({
      state: 'unfit-prompts',
      figures: 'post itself is valid only 0.300 of the time on whole answers'
    })
  })

  it('blames another sampler for what post loses under it, and has nothing checked there', () => {
    const sampler = { temperature: 3, minP: 0 }
    const post = { ...score(0.2, 0.458), prompts: [] }
    expect(found({ post, sampler })).toMatchObject({
      state: 'unfit-prompts',
      verdict: 'Post itself fails under this sampler',
      next: expect.stringContaining('a lower temperature')
    })
    expect(found({ check: null }).checkNext).toBe(true)
    expect(found({ check: null, sampler })).toMatchObject({
      state: 'unchecked',
      checkNext: false,
      next: expect.stringContaining("the sweep's own sampler")
    })
  })

  it('lets what doubts the sweep outrank what doubts a range, and whole answers outrank first tokens', () => {
    const unfit = { ...score(0.6, 0.458), prompts: prompts(0.6) }
    const all = selectionOf(range(0, 11), [[0, 11, 0.1]])
    const unstable = selectionOf(range(4, 11), [[4, 11, 0.1]])
    const failingAll = checkOfModels(checked(range(0, 11), whole(0.5, 0.9)))
    expect(found({ post: unfit, selection: selectionOf(null, []) }).state).toBe('unfit-prompts')
    expect(found({ selection: all, check: failingAll }).state).toBe('not-worth-it')
    expect(found({ selection: unstable, check: FAILING }).state).toBe('fails')
    expect(found({ selection: unstable, check: PASSING }).state).toBe('unstable')
  })

  it('says of any recipe in a few words whether it was checked and how that went', () => {
    const recipe = { name: 'mine', ranges: [[4, 11] satisfies [number, number]] }
    expect(recipeCheck({ check: null, rho: 0.9, selection: null }, recipe, null).words).toBe(
      'not checked on whole answers'
    )
    expect(recipeCheck({ check: PASSING, rho: 0.9, selection: null }, recipe, null).words).toBe(
      'passes the check, 0.900 on whole answers'
    )
    expect(recipeCheck({ check: FAILING, rho: 0.9, selection: null }, recipe, null).words).toBe(
      'fails the check, 0.860 on whole answers'
    )
    const deeper = { name: 'of another model', ranges: [[4, 12] satisfies [number, number]] }
    expect(recipeCheck({ check: PASSING, rho: 0.9, selection: null }, deeper, null).words).toBe(
      'not checked on whole answers'
    )
    // What falls short by its first tokens is not left open, nor is what was checked judged by them.
    const short = (check: CheckResult | null, firstToken: number) =>
      recipeCheck({ check, rho: 0.9, selection: STABLE }, deeper, firstToken)
    expect(short(PASSING, 0.771)).toEqual({
      state: 'below',
      label: 'below the limit',
      words: 'below the limit: validity 0.771 on first tokens, of 0.892; not checked on whole answers'
    })
    expect(short(null, 0.892).state).toBe('unchecked')
    expect(recipeCheck({ check: PASSING, rho: 0.9, selection: STABLE }, recipe, 0.1).state).toBe('holds')
    // Beside numbers of whole answers those of first tokens say so.
    expect(scoreBasis(PASSING, { kind: 'recipe', recipe })).toBe('first tokens')
    expect(scoreBasis(PASSING, { kind: 'recipe', recipe: deeper })).toBe('')
  })

  it('says what does better at the validity kept, and does not praise the range then', () => {
    const difference = (mean: number, interval: [number, number]) => ({ mean, interval, pValue: 0.01 })
    const blend = {
      rival: { kind: 'blend' as const, strength: 0.7 },
      validity: 0.93,
      diversity: 0.97,
      promptCount: 12,
      answers: null,
      difference: { validity: difference(0, [-0.1, 0.1]), diversity: difference(0.06, [0.02, 0.1]) }
    }
    const against = (...rivals: Selection['rivals']) =>
      found({ check: PASSING, selection: { ...STABLE, rivals } })
    const outdone = against(blend)
    expect(outdone.state).toBe('outdone')
    expect(headlineSentence(outdone)).toMatch(
      /; but all layers at 0\.7 does better on first tokens \(full answers not checked\) at the validity kept: diversity 0\.970 at validity 0\.930, \+0\.060 over the range's 0\.910 \(\+0\.020 to \+0\.100, p = 0\.010\) on 12 prompts$/
    )
    const stable = { ...STABLE, rivals: [blend] }
    expect(found({ check: null, selection: stable }).but).toContain('does better on first tokens at the')
    // At a limit of nothing, nothing is kept.
    const free = found({ check: PASSING, selection: { ...STABLE, rivals: [blend], minimumValidity: 0 } })
    expect(free.but).toContain(
      'does better on first tokens (full answers not checked) where no validity is asked: diversity'
    )
    const unsure = {
      ...blend,
      difference: { ...blend.difference, diversity: difference(0.06, [-0.01, 0.1]) }
    }
    expect(against(unsure)).toMatchObject({
      state: 'holds',
      but: expect.stringMatching(/may do as well or better/)
    })
    // Beside other pairs, what is not checked does not hide that a rival does better.
    const state = (rival: Selection['rivals'][number] | null, check: CheckResult | null): string =>
      sweepState({
        headline: found({ check, selection: { ...STABLE, rivals: rival === null ? [] : [rival] } }),
        ...{ rival, rangeCount: 78, estimatedCount: null }
      })
    expect([state(blend, null), state(unsure, null), state(blend, PASSING), state(null, null)]).toEqual([
      'done: not checked; a rival does better',
      'done: not checked',
      'done: a rival does better',
      'done: not checked'
    ])
    // A badge of the recipe is as the headline is.
    const mine = { name: 'mine', ranges: [[4, 11] satisfies [number, number]] }
    const badge = (rival: Selection['rivals'][number]) =>
      recipeCheck({ check: PASSING, rho: 0.9, selection: { ...STABLE, rivals: [rival] } }, mine, null)
    expect(badge(blend)).toMatchObject({
      state: 'outdone',
      label: 'passes the check, outdone',
      words: expect.stringMatching(
        /^passes the check, 0\.900 on whole answers, but all layers at 0\.7 does better on first tokens \(full answers not checked\): diversity/
      )
    })
    // Of equal ones that which runs one model for each token, wherever it stands in the list.
    const mix = { ...blend, rival: { kind: 'mix' as const, share: 0.5 } }
    expect(against(mix, blend).but).toMatch(/^all layers at 0\.7 does better/)
    expect(against(mix, blend).next).toContain(': all layers at 0.7 runs one model for each token')
    expect(against(mix).next).toContain(': logits with 0.5 of base runs two models for each token')
    expect(against({ ...mix, diversity: 0.98 }, blend).but).toMatch(/^logits with 0\.5 of base/)
    expect(badge(unsure).state).toBe('holds')
    expect(badge({ ...blend, validity: 0.5 }).state).toBe('holds')
    // Neither one that loses more validity than is kept, nor one that is behind.
    const behind = {
      ...blend,
      difference: { ...blend.difference, diversity: difference(-0.1, [-0.2, -0.01]) }
    }
    expect(against({ ...blend, validity: 0.5 }, behind)).toMatchObject({ state: 'holds', but: null })
  })

  it('marks a range as selected only where the sentence is about restoring it', () => {
    expect(selectedMark('holds', null)).toEqual({ label: 'selected', good: true })
    expect(selectedMark('unstable', null)).toEqual({ label: 'selected, unstable', good: false })
    expect(selectedMark('fails', null)).toEqual({ label: 'selected, fails check', good: false })
    expect(selectedMark('holds', 'loses quality')).toEqual({ label: 'loses quality', good: false })
    expect(selectedMark('holds', 'outdone')).toEqual({ label: 'outdone', good: false })
    const unfit = found({
      post: { ...score(0.4, 0.2), prompts: prompts(0.4) },
      sampler: { temperature: 3, minP: 0 }
    })
    expect(unfit.verdict).toBe('Post itself fails under this sampler')
    expect(selectedMark(unfit.state, null)).toBeNull()
  })

  it('praises only what holds', () => {
    expect(HeadlineState.options.filter(isGood)).toEqual(['holds'])
  })

  it('names the checkpoint that the layers are of, where that is not base', () => {
    const source = { name: 'sft', path: '/models/sft', fingerprint: 'f1' }
    expect(found({ source }).verdict).toBe('Layers 4–11 from sft, not checked yet')
    const layers = rangeStrengths(range(4, 11), LAYERS, source)
    const check = {
      ...PASSING,
      source,
      models: [{ recipe: { name: 'of sft', layers }, ...whole(0.9, 0.91) }]
    }
    expect(found({ source, check }).verdict).toBe('Restore layers 4–11 from sft')
    // A check of the same layers of base says nothing of these.
    expect(found({ source, check: { ...PASSING, source } }).state).toBe('unchecked')
  })

  it('says how sure it is: whole answers, the interval, the rival, and why there is no cross-fitted score', () => {
    expect(assurances({ ...UNCHECKED, promptCount: 40 })).toMatchObject([
      { label: 'Whole answers', value: 'not checked', detail: 'all else here is of first tokens' },
      {
        label: 'Gain in diversity',
        value: '+0.459',
        detail: '+0.440 to +0.480 in 95 % of 1,000 resamples of the prompts'
      },
      { label: 'Same range wins', value: '70 %', detail: 'of the resamples; next: layers 5–11 with 30 %' },
      { label: 'Cross-fitted', value: '–', detail: 'a category has fewer than two prompts' }
    ])
    expect(assurances({ ...UNCHECKED, promptCount: 40, check: PASSING })[0]).toMatchObject({
      label: 'Whole answers',
      value: '0.900',
      detail: 'validity, exact; limit 0.891, post 0.990'
    })
    const difference = { mean: 0.3, interval: [0.2, 0.4] satisfies [number, number], pValue: 0.001 }
    const reported = {
      ...{ chosenOn: 20, reportedOn: 19, post: score(0.99, 0.45), selected: score(0.9, 0.75) },
      gain: { validity: difference, diversity: difference }
    }
    const split = assurances({ ...UNCHECKED, promptCount: 40, selection: { ...STABLE, reported } })
    expect(split.slice(1, 3)).toMatchObject([
      {
        label: 'Gain in diversity',
        value: '+0.300',
        detail: '95 % interval +0.200 to +0.400, on the 19 hold-out prompts, which had no part in choosing it'
      },
      {
        label: 'Same range wins',
        value: '70 %',
        detail: 'of the resamples of the 20 selection prompts; next: layers 5–11 with 30 %'
      }
    ])
    const rarely = { ...STABLE, bootstrap: { ...STABLE.bootstrap, noSelectionShare: 0.02 } }
    expect(assurances({ ...UNCHECKED, promptCount: 40, selection: rarely })[2]?.detail).toBe(
      'of the resamples; next: layers 5–11 with 30 %. No range qualifies in 2 % of the resamples'
    )
    const doubtful = checkOfModels(checked(range(4, 11), whole(0.9, 0.91, 0.02)))
    expect(assurances({ ...UNCHECKED, promptCount: 40, check: doubtful })[0]?.detail).toMatch(
      /^validity, at most 0\.020 more;/
    )
  })
})

it('gives no interval and no share of wins of too few prompts', () => {
  const detail = 'too few prompts: 5 of the 6 that it takes'
  expect(assurances({ ...UNCHECKED, promptCount: 5 }).slice(1)).toEqual([
    { label: 'Gain in diversity', value: '+0.459', detail, term: 'gain' },
    { label: 'Same range wins', value: '–', detail, term: 'share of wins' }
  ])
})

it('counts of a preview the exact ranges that a check has left', () => {
  const check = checkOfModels(
    checked(range(0, 11), whole(0.5, 0.93)),
    checked(range(4, 11), whole(0.95, 0.9))
  )
  expect(assurances({ ...UNCHECKED, promptCount: 40, preview: PREVIEW, check })[2]?.label).toBe(
    'Same range wins among 2 exact ranges that a check has left'
  )
})

it('says once that no range is there', () => {
  const reason = 'No range reaches the minimum validity 0.892; layers 4–11, with the most, have 0.8.'
  const none = { ...selectionOf(null, []), reason }
  expect(found({ selection: none })).toMatchObject({
    verdict: 'No range to restore',
    figures: 'none reaches the minimum validity 0.892; layers 4–11, with the most, have 0.8.'
  })
})

describe('how sure it is after a check that threw ranges out', () => {
  const RIVALS = checkOfModels(
    checked(range(0, 11), whole(0.5, 0.93)),
    checked(range(4, 11), whole(0.6, 0.9)),
    checked(range(5, 11), whole(0.95, 0.88))
  )
  const sureOf = (selection: Selection, check: CheckResult) =>
    Object.fromEntries(
      assurances({
        base: null,
        preview: null,
        layerCount: LAYERS,
        source: null,
        scoredBy: CRC,
        post: POST,
        ranges: RANGES,
        selection,
        check,
        promptCount: 40
      }).map(({ label, detail }) => [label, detail])
    )

  it('says which had no chance to win, and that all prompts threw them out', () => {
    const crossFit = {
      ...score(0.9, 0.88),
      postValidity: 0.99,
      postDiversity: 0.45,
      folds: [fold(), fold()] satisfies [unknown, unknown]
    }
    const left = { ...selectionOf(range(5, 11), [[5, 11, 1]]), crossFit }
    expect(sureOf(left, RIVALS)).toMatchObject({
      'Gain in diversity': expect.stringMatching(/^of first tokens; /),
      'Same range wins, without 2 that fail the check':
        'of the resamples, with what the check found left as it is; no other that is left ever wins. Left out of every resample, for they fail the check: layers 0–11 and 1 more',
      'Cross-fitted':
        'of first tokens; diversity when picked on half the prompts and scored on the other half (post 0.450); ranges that fail the check were left out by all prompts'
    })
    const without = checkOfModels(checked(range(5, 11), whole(0.95, 0.88)))
    expect(sureOf(left, without)).toMatchObject({
      'Same range wins':
        'of the resamples, with what the check found left as it is; no other range ever wins',
      'Cross-fitted':
        'of first tokens; diversity when picked on half the prompts and scored on the other half (post 0.450)'
    })
  })

  it('says what validity the picks of one half keep on the other, and that it is below the limit', () => {
    const valueAt = (validity: number): string | undefined => {
      const crossFit = { ...crossFitOf(validity), folds: [fold(), fold()] satisfies [unknown, unknown] }
      const selection = { ...STABLE, crossFit }
      return assurances({ ...UNCHECKED, promptCount: 40, selection }).at(-1)?.value
    }
    expect(valueAt(0.892)).toBe('0.880 at validity 0.892')
    expect(valueAt(0.885)).toBe('0.880 at validity 0.885, below the limit of 0.892')
  })

  it('says of the cross-fitted score and of the gain out of bag that they rest on ranges that were not checked', () => {
    const folds: CrossFit['folds'] = [
      { ...fold(), selected: range(4, 11) },
      { ...fold(), selected: range(3, 11) }
    ]
    const often = selectionOf(range(4, 11), [
      [4, 11, 0.9],
      [3, 11, 0.06],
      [2, 11, 0.04]
    ])
    const outOfBag = { resamples: 1000, ...score(0.9, 0.9), diversityGain: 0.4 }
    const selection: Selection = {
      ...often,
      bootstrap: { ...often.bootstrap, outOfBag: { ...outOfBag, interval: [0.3, 0.5] } },
      crossFit: { ...crossFitOf(0.892), folds }
    }
    const sure = (check: CheckResult | null) =>
      assurances({ ...UNCHECKED, promptCount: 40, selection, check }).at(-1)
    expect(sure(PASSING)).toMatchObject({
      value: '0.880 at validity 0.892, of layers 3–11 (unchecked)',
      detail: expect.stringContaining(' of resamples, an unchecked range picked in 10 % of them')
    })
    expect(sure(null)).toMatchObject({ value: '0.880 at validity 0.892' })
    expect(sure(null)?.detail).not.toContain('unchecked')
  })

  it('names a rival in a whole sentence', () => {
    const often = selectionOf(range(5, 11), [
      [8, 8, 0.6],
      [5, 11, 0.4]
    ])
    expect(sureOf(often, PASSING)['Same range wins']).toBe(
      'of the resamples, with what the check found left as it is; layer 8 (unchecked) wins more often, 60 %'
    )
  })
})

const crossFitOf = (validity: number) => ({
  ...score(validity, 0.88),
  postValidity: 0.99,
  postDiversity: 0.45
})
const fold = () => ({ selected: null, ...score(0.9, 0.88), postValidity: 0.99, postDiversity: 0.45 })

describe('the words of a search', () => {
  const search = (verdict: 'none' | 'unproven' | 'confirmed') => ({
    scoredBy: BY_CHARACTERS,
    source: null,
    verdict,
    found: [{ recipe: { name: 'found', ranges: [[4, 11] satisfies [number, number]] } }],
    range: { ...range(5, 11), ...score(0.92, 0.9), range: range(5, 11) },
    heldOut: null,
    settings: defaultSearchSettings('greedy', LAYERS),
    layerCount: LAYERS,
    stopped: 'nothing-better' as const,
    generations: []
  })
  const finding = (verdict: 'none' | 'unproven' | 'confirmed', check: CheckResult | null) =>
    searchFinding(search(verdict), check, 0.9)

  it('claim no more than first tokens before whole answers were checked, and ask for the check', () => {
    expect(finding('confirmed', null)).toEqual({
      words:
        'On first tokens alone, found is more diverse than layers 5–11, and the gain holds on prompts that did not pick. ' +
        'Not checked yet: a valid first token may begin an invalid answer.',
      checkNext: true
    })
    const other = checkOfModels(checked(range(0, 3), whole(0.9, 0.9)))
    expect(finding('unproven', other).words).toMatch(
      /on the prompts that picked it, but not surely on unseen ones\. Not checked yet/
    )
  })

  it('say that nothing was tried where the budget has no room for one generation', () => {
    const nothing = { ...search('none'), stopped: 'budget' as const }
    const settings = { ...nothing.settings, blockEvaluations: 100 }
    expect(searchFinding({ ...nothing, settings }, null, 0.9)).toEqual({
      words:
        'Nothing was tried: the budget of 100 block evaluations is too small for one generation. Give the search a larger one.',
      checkNext: false
    })
    expect(finding('none', null).words).toBe('No recipe that was tried is more diverse than layers 5–11.')
  })

  it('name a recipe by its layers unless the user has named it, or they are too many', () => {
    const finding = (recipe: Recipe): string =>
      searchFinding({ ...search('confirmed'), found: [{ recipe }] }, null, 0.9).words
    const ranged = recipeStrengths({ name: '', ranges: [[4, 11]] }, LAYERS)
    const layers = ranged.map((layer, place) => (place === 2 ? { ...layer, attention: 1 } : layer))
    expect(finding(recipeOf(nameStrengths(layers), layers))).toMatch(
      /^On first tokens alone, attention 2, 4–11 is more/
    )
    expect(finding(recipeOf('Layers I like', layers))).toMatch(
      /^On first tokens alone, Layers I like is more/
    )
    const many = ranged.map((layer, place) => ({ ...layer, attention: place / 100, mlp: place / 50 }))
    expect(finding(recipeOf(nameStrengths(many), many))).toMatch(
      /^On first tokens alone, the best recipe found is more/
    )
  })

  it('say what stands against a gain that is sure', () => {
    const recipe = { name: 'found', ranges: [[4, 11] satisfies [number, number]] }
    const scores = { found: score(0.88, 0.93), range: score(0.92, 0.9), post: score(0.99, 0.45) }
    const heldOut = {
      ...{
        difference: 0.03,
        interval: [0.02, 0.04] satisfies [number, number],
        confidence: 0.95,
        resamples: 1000
      },
      ...scores,
      recipes: [recipe, recipe] satisfies [unknown, unknown]
    }
    const { words } = searchFinding({ ...search('unproven'), heldOut }, null, 0.9)
    expect(words).toContain(
      'and on unseen ones too, but validity is too low there: 0.880, and 0.891 is asked for'
    )
  })

  it('say first that the recipe fails the check, and why', () => {
    expect(finding('confirmed', FAILING)).toEqual({
      words: expect.stringMatching(
        /^found fails the check: whole answers are valid only 0\.860 of the time, below the limit of 0\.891 .*\. On first tokens it is more diverse/
      ),
      checkNext: false
    })
  })

  it('say what holds on whole answers', () => {
    expect(finding('confirmed', PASSING)).toEqual({
      words: expect.stringMatching(
        /It passes the check: diversity 0\.\d{3} at validity 0\.900 on whole answers \(post 0\.\d{3} at 0\.990\)\.$/
      ),
      checkNext: false
    })
  })

  it('say when the range that it compared with has failed the check since', () => {
    const rival = checkOfModels(checked(range(5, 11), whole(0.5, 0.9)))
    expect(finding('confirmed', rival).words).toMatch(
      /^On first tokens alone, found is more diverse than layers 5–11 \(which fail the check\), and the gain holds/
    )
  })

  it('praise nothing where nothing better was found, whatever the check says', () => {
    const words = 'No recipe that was tried is more diverse than layers 5–11.'
    for (const check of [null, FAILING, PASSING]) {
      expect(finding('none', check)).toEqual({ words, checkNext: false })
    }
  })
})
