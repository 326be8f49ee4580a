import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { modelNameFromPath } from '../../../src/contract/model/called-after'
import { completions, splitTypedPath } from '../../../src/renderer/ui/folder-path'
import {
  briefDelta,
  briefScore,
  formatBytes,
  formatDelta,
  formatDeltas,
  formatDuration,
  formatInterval,
  formatNumber,
  formatParameters,
  formatPercent,
  plural,
  rangeName,
  rangePhrase
} from '../../../src/renderer/ui/format'
import { pageWithin } from '../../../src/renderer/ui/paging'
import { DEFAULT_LOOK, placeHash, readPlace, stepOf } from '../../../src/renderer/app/place'
import {
  draftsOf,
  parseDraft,
  parsePromptFile,
  promptFile,
  areSamePrompts
} from '../../../src/renderer/prompt-set/prompt-draft'

describe('numbers in words', () => {
  it('give differences a sign, and none to what rounds to nothing', () => {
    expect(formatDelta(0.459)).toBe('+0.459')
    expect(formatDelta(-0.0751)).toBe('−0.075')
    expect(formatDelta(-0.0001)).toBe('0.000')
    expect(formatDelta(10.412, 2)).toBe('+10.41')
    expect([0, -0, -0.0004, -0.25].map((value) => formatNumber(value, 3))).toEqual([
      '0.000',
      '0.000',
      '0.000',
      '−0.250'
    ])
    expect(formatInterval([-0.012, 0], formatDelta)).toBe('[−0.012, 0.000]')
  })

  it('do not let an interval that ends near zero seem to hold it', () => {
    expect(formatDeltas([-0.027, -0.00047])).toBe('−0.027 to −0.0005')
    expect(formatDeltas([0.00003, 0.018])).toBe('+0.00003 to +0.018')
    expect(formatInterval([0.0004, 0.242])).toBe('[0.0004, 0.242]')
    // A rounding error of zero.
    expect(formatDeltas([-0.2, -1e-17])).toBe('−0.200 to 0.000')
  })

  it('fit into a cell', () => {
    expect([briefScore(0.456), briefScore(0.996), briefScore(1)]).toEqual(['.46', '1.0', '1.0'])
    expect([briefDelta(0.456), briefDelta(-0.051), briefDelta(0.001)]).toEqual(['+.46', '−.05', '.00'])
  })

  it('do not call a rare event impossible or a frequent one certain', () => {
    expect([0, 0.001, 0.682, 0.999, 1].map(formatPercent)).toEqual(['0 %', '<1 %', '68 %', '>99 %', '100 %'])
  })

  it('carry their units', () => {
    expect([999, 8_859_648, 16_060_522_240].map(formatBytes)).toEqual(['999 B', '8.9 MB', '16.1 GB'])
    expect([2_511_360, 8_030_261_248].map(formatParameters)).toEqual(['2.5 M', '8.03 B'])
    expect([3.18, 42, 200, 7320].map(formatDuration)).toEqual(['3.2 s', '42 s', '3 min 20 s', '2 h 2 min'])
    expect([plural(1, 'prompt'), plural(1000, 'prompt')]).toEqual(['1 prompt', '1,000 prompts'])
  })

  it('give durations in parts that never reach sixty, and the longer one never the shorter name', () => {
    expect([9.96, 59.7, 119.6, 3599.7, 7199].map(formatDuration)).toEqual([
      '10 s',
      '1 min 0 s',
      '2 min 0 s',
      '1 h 0 min',
      '2 h 0 min'
    ])
    const SECONDS = new Map([
      ['s', 1],
      ['min', 60],
      ['h', 3600]
    ])
    const parts = (text: string) =>
      [...text.matchAll(/([\d.]+) (s|min|h)/g)].map(([, count, unit = '']) => ({
        count: Number(count),
        unit
      }))
    const said = (seconds: number): number =>
      parts(formatDuration(seconds)).reduce((sum, { count, unit }) => sum + count * (SECONDS.get(unit) ?? NaN), 0)
    const durations = fc.oneof(
      fc.double({ min: 0, max: 60, noNaN: true }),
      fc.double({ min: 0, max: 1e5, noNaN: true })
    )
    fc.assert(
      fc.property(durations, durations, (one, other) => {
        const [shorter, longer] = one <= other ? [one, other] : [other, one]
        for (const { count, unit } of parts(formatDuration(longer))) if (unit !== 'h') expect(count).toBeLessThan(60)
        expect(said(shorter)).toBeLessThanOrEqual(said(longer))
        // Half of the smaller part that is named.
        expect(Math.abs(said(longer) - longer)).toBeLessThanOrEqual(longer < 3599 ? 0.5 : 30)
      })
    )
  })

  it('name ranges, a single layer in the singular', () => {
    expect(rangePhrase({ start: 4, end: 11 })).toBe('layers 4–11')
    expect(rangeName({ start: 5, end: 5 })).toBe('Layer 5')
  })
})

describe('prompts as they are edited', () => {
  const prompts = [{ text: 'Pick A or B.', category: 'letter', valid: ['A', 'B'] }]

  it('equal those of the table', () => {
    const drafts = draftsOf(prompts, 7)
    expect(drafts).toEqual([{ id: 7, text: 'Pick A or B.', category: 'letter', valid: 'AB' }])
    expect(drafts.map((draft) => parseDraft(draft).prompt)).toEqual(prompts)
  })

  it('take any character as one, also outside the basic plane', () => {
    expect(parseDraft({ id: 0, text: 'x', category: 'y', valid: '🎲a ' }).prompt?.valid).toEqual(['🎲', 'a', ' '])
  })

  it('name the error', () => {
    expect(parseDraft({ id: 0, text: 'x', category: 'y', valid: 'A' }).problem).toMatch(
      /^a valid set needs at least two characters/
    )
    expect(parseDraft({ id: 0, text: '', category: 'y', valid: 'AB' }).problem).toBe('a prompt needs some text')
    expect(parseDraft({ id: 0, text: 'x', category: 'y', valid: 'AA' }).problem).toMatch(/twice/)
  })

  it('survive export and import', () => {
    expect(parsePromptFile('prompts.json', promptFile(prompts))).toEqual(prompts)
  })

  it('refuse a file of another shape, naming the file, the prompt and the field', () => {
    expect(() => parsePromptFile('p.json', '{')).toThrow(/^p\.json is not JSON/)
    expect(() => parsePromptFile('p.json', '[]')).toThrow('p.json, a prompt set needs at least one prompt')
    expect(() =>
      parsePromptFile('p.json', JSON.stringify([...prompts, { text: 'x', category: 'y', valid: ['AB', 'C'] }]))
    ).toThrow('p.json, prompt 2, valid.0: each valid answer must be exactly one character')
  })

  it('count as changed when their order changes', () => {
    const other = [{ text: 'Pick 0 or 1.', category: 'digit', valid: ['0', '1'] }]
    expect(areSamePrompts([...prompts, ...other], [...prompts, ...other])).toBe(true)
    expect(areSamePrompts([...prompts, ...other], [...other, ...prompts])).toBe(false)
  })
})

describe('the address of the window', () => {
  it('brings a reload back to the project and view', () => {
    const project = '/home/me/My models/a&b.slr'
    for (const place of [
      { pair: null, shown: null, ...DEFAULT_LOOK },
      {
        pair: 'pair-2',
        shown: 'sweep-1',
        model: '4-11',
        metric: 'gain',
        against: 'pair-1/sweep-2',
        tab: 'layers',
        axes: 'distinct quality'
      }
    ]) {
      expect(readPlace(placeHash(project, 'ranges', place))).toEqual({ project, view: 'ranges', ...place })
    }
    expect(placeHash('/a', 'ranges', { shown: null, ...DEFAULT_LOOK })).toBe(placeHash('/a', 'ranges', {}))
  })

  it('means nothing when it is empty or unknown', () => {
    const nowhere = {
      project: null,
      pair: null,
      view: null,
      shown: null,
      model: null,
      metric: null,
      against: null,
      tab: null,
      axes: null
    }
    expect(readPlace('')).toEqual(nowhere)
    expect(readPlace('#step=nothing')).toEqual(nowhere)
  })

  it('leads to the new views when an earlier version wrote it', () => {
    const former = ['start', 'pairs', 'pair', 'prompts', 'chat', 'samples']
    const views = former.map((step) => readPlace(`#step=${step}`).view)
    expect(views).toEqual(['models', 'models', 'models', 'prompts', 'chat', 'samples'])
    expect(views.map((view) => view && stepOf(view))).toEqual([
      ...['models', 'models', 'models'],
      ...['ranges', 'answers', 'answers']
    ])
  })
})

describe('typing a folder', () => {
  it('lists the folder typed so far and completes the name after it', () => {
    expect(splitTypedPath('/models/ll')).toEqual({ folder: '/models/', prefix: 'll' })
    expect(splitTypedPath('C:\\models\\')).toEqual({ folder: 'C:\\models\\', prefix: '' })
    expect(splitTypedPath('models')).toBeNull()
    expect(completions([{ name: 'Llama-3' }, { name: 'qwen' }], 'll')).toEqual([{ name: 'Llama-3' }])
    expect(modelNameFromPath('/models/llama/')).toBe('llama')
    expect(modelNameFromPath('/models/qwen/post')).toBe('qwen')
    expect(modelNameFromPath('C:\\models\\qwen\\post-bf16')).toBe('qwen')
    expect(modelNameFromPath('/base')).toBe('base')
    expect(modelNameFromPath('/cache/models--Qwen--Qwen2.5-0.5B/snapshots/0a1b')).toBe('Qwen2.5-0.5B')
  })
})

it('shows the last page there is when fewer rows are left than the wanted page needs', () => {
  expect(pageWithin(1, 60, 25)).toBe(1)
  expect(pageWithin(2, 26, 25)).toBe(1)
  expect(pageWithin(2, 25, 25)).toBe(0)
  expect(pageWithin(2, 0, 25)).toBe(0)
})
