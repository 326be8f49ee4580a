import { chooseComputation } from '../../../../src/renderer/answers/computation'
import { modelKey, sameModel } from '../../../../src/contract/model/model'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import { normaliseAnswer } from '../../../../src/contract/model/answer'
import type { KeptRecipe } from '../../../../src/contract/documents/project'
import type { SampleLine, SampleSettings, Variant } from '../../../../src/contract/documents/samples'
import { countAnswers } from '../../../../src/main/measures/texts/distinct-answers'
import {
  AnswerBoard,
  fromMatch,
  highlight,
  matchCounter,
  preview,
  searchPattern
} from '../../../../src/renderer/answers/answers'
import { barLooks, hasFewer } from '../../../../src/renderer/samples/measure-chart'
import { measuresCsv } from '../../../../src/renderer/samples/sample-measures'
import {
  parseSampleDraft,
  sameSamplePrompts,
  sampleDraftsOf
} from '../../../../src/renderer/samples/sample-prompt-draft'
import { describeSampling, draftOfSettings, parseSettings } from '../../../../src/renderer/answers/sample-settings'
import { variantStyles } from '../../../../src/contract/documents/variant-styles'
import { variantChoices } from '../../../../src/contract/documents/variant-choices'

const line = (index: number, text: string, more: Partial<SampleLine> = {}): SampleLine => ({
  variant: 'post',
  prompt: 0,
  index,
  text,
  tokens: [],
  finish: 'stop',
  ...more
})

function boardOf(...texts: string[]): AnswerBoard {
  const board = new AnswerBoard()
  board.add(texts.map((text, index) => line(index, text)))
  return board
}

describe('the answers of a cell', () => {
  it('are counted without refused ones, which no comparison shows', () => {
    const board = boardOf('Blue')
    const refused = { ...line(1, ''), finish: 'refused' as const }
    board.add([refused, refused])
    expect(board.cell(0, 'post')).toMatchObject({ count: 1, uncounted: ['refused'], groups: [{ text: 'Blue' }] })
    expect(board.answer(0, 'post', 1)).toBeUndefined()
    expect(board.answerCount).toBe(2)
  })

  it('collapse when they differ only in case, outer white space and a final mark, the most frequent first', () => {
    const { groups } = boardOf('Blue', 'Red.', ' red', 'RED!', 'Red.').cell(0, 'post')
    expect(groups.map(({ text, count }) => [text, count])).toEqual([
      ['Red.', 4],
      ['Blue', 1]
    ])
  })

  it('are counted as the measures count them', () => {
    const text = fc.stringMatching(/^ ?[abAB]{0,2}[.!。]{0,2} ?$/)
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), (texts) => {
        const groups = boardOf(...texts).cell(0, 'post').groups
        expect(groups.map(({ text, count }) => ({ text, count }))).toEqual(countAnswers(texts))
        expect(groups.map(({ key }) => key)).toEqual(groups.map(({ text }) => normaliseAnswer(text)))
      })
    )
  })

  it('do not depend on the order in which they arrive, nor on arriving twice', () => {
    const lines = ['a', 'b', 'B', 'c'].map((text, index) => line(index, text))
    fc.assert(
      fc.property(fc.shuffledSubarray(lines, { minLength: 4 }), (shuffled) => {
        const board = new AnswerBoard()
        board.add(shuffled)
        board.add(lines)
        const { count, groups } = board.cell(0, 'post')
        expect(count).toBe(4)
        expect(lines.map(({ index }) => board.answer(0, 'post', index))).toEqual(lines)
        expect(groups.map(({ key, count }) => [key, count])).toEqual([
          ['b', 2],
          ['a', 1],
          ['c', 1]
        ])
        expect(board.answerCount).toBe(4)
      })
    )
  })

  it('grow until they are finished, and a late report of growth does not bring them back', () => {
    const board = new AnswerBoard()
    const growing = { variant: 'post', prompt: 0, index: 2, text: 'The s' }
    board.grow([growing])
    expect(board.cell(0, 'post').growing).toEqual([growing])
    board.add([line(2, 'The sea.')])
    board.grow([growing])
    expect(board.cell(0, 'post')).toMatchObject({ growing: [], groups: [{ text: 'The sea.' }] })
  })

  it('are the same object until something changes, so that only changed cells are drawn', () => {
    const board = boardOf('a')
    const before = board.cell(0, 'post')
    board.add([line(0, 'other prompt', { prompt: 1 }), line(0, 'a')])
    expect(board.cell(0, 'post')).toBe(before)
    board.add([line(1, 'b')])
    expect(board.cell(0, 'post')).not.toBe(before)
  })

  it('say how many were cut off', () => {
    const board = boardOf('a')
    board.add([line(1, 'a', { finish: 'length' })])
    expect(board.cell(0, 'post').groups[0]).toMatchObject({ count: 2, cutCount: 1 })
  })

  it('never take more lines than a closed cell has', () => {
    const texts = fc.array(fc.oneof(fc.constant('short'), fc.constant('a long answer '.repeat(5)), fc.string()))
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 6 }), (answers, budget) => {
        const { groups } = boardOf(...answers).cell(0, 'post')
        const shown = preview(groups, budget, 34)
        expect(shown.reduce((sum, { lines }) => sum + lines, 0)).toBeLessThanOrEqual(budget)
        expect(shown.map(({ group }) => group)).toEqual(groups.slice(0, shown.length))
      })
    )
  })
})

describe('searching answers', () => {
  it('finds text literally and in any case', () => {
    const pattern = searchPattern(' c++ (a) ')
    if (pattern === null) throw new Error('no pattern')
    const cell = boardOf('I like C++ (A) best', 'ccc a', 'c++ (a)').cell(0, 'post')
    expect(matchCounter(pattern)(cell)).toBe(2)
    expect(searchPattern('   ')).toBeNull()
  })

  it('begins a closed answer shortly before the match', () => {
    const long = `${'once upon a time, '.repeat(20)}there was a gentle giant`
    expect(fromMatch(long, searchPattern('gentle'))).toBe('…there was a gentle giant')
    expect(fromMatch(long, searchPattern('once'))).toBe(long)
    expect(fromMatch(long, searchPattern('dragon'))).toBe(long)
    expect(fromMatch(long, null)).toBe(long)
  })

  it('takes any text as a search, and marks pieces that put the text together again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (text, query) => {
        const pattern = searchPattern(query)
        const pieces = highlight(`${text}${query}${text}`, pattern)
        expect(pieces.map((piece) => piece.text).join('')).toBe(`${text}${query}${text}`)
        expect(pieces.some(({ hit }) => hit)).toBe(pattern !== null)
      })
    )
  })

  it('counts every answer of a matching group, and searches a cell again only when its answers have changed', () => {
    const pattern = searchPattern('blue')
    if (pattern === null) throw new Error('no pattern')
    const board = boardOf('Blue.', 'blue', 'Red')
    const count = matchCounter(pattern)
    expect(count(board.cell(0, 'post'))).toBe(2)
    const searches = vi.spyOn(String.prototype, 'search')
    expect(count(board.cell(0, 'post'))).toBe(2)
    expect(searches).not.toHaveBeenCalled()
    board.add([line(3, 'BLUE')])
    expect(count(board.cell(0, 'post'))).toBe(3)
    searches.mockRestore()
  })
})

const SETTINGS: SampleSettings = {
  sampling: { temperature: 0.7, topK: 40, topP: 0.95, minP: 0, repetitionPenalty: 1.1 },
  maxTokens: 64,
  stopTexts: ['\n\n', 'a\\n'],
  seed: -3,
  sampleCount: 32,
  device: 'webgpu',
  precision: 'fp16',
  weights: 'int8',
  memoryBytes: 8 * 2 ** 30
}

const MACHINE = 16 * 2 ** 30

describe('sampler settings', () => {
  it('take no more memory than the machine has, nor than any GPU', () => {
    const draft = draftOfSettings(SETTINGS)
    const problem = (changes: Partial<typeof draft>): string | undefined =>
      parseSettings({ ...draft, ...changes }, MACHINE).problems.memoryGibibytes
    expect(problem({ device: 'cpu', precision: 'auto', memoryGibibytes: '99999' })).toBe(
      'needs at most 16 GiB, what this machine has'
    )
    expect(problem({ device: 'cpu', precision: 'auto', memoryGibibytes: '16' })).toBeUndefined()
    expect(problem({ memoryGibibytes: '99999' })).toMatch(/^needs less than 16 TiB/)
    expect(problem({ memoryGibibytes: '80' })).toBeUndefined()
  })

  it('survive being edited', () => {
    expect(parseSettings(draftOfSettings(SETTINGS), MACHINE).settings).toEqual(SETTINGS)
  })

  it('are greedy at temperature 0, and return to temperature 1', () => {
    const draft = draftOfSettings({ ...SETTINGS, sampling: { ...SETTINGS.sampling, temperature: 0 } })
    expect(draft).toMatchObject({ greedy: true, temperature: '1' })
    expect(parseSettings(draft, MACHINE).settings?.sampling.temperature).toBe(0)
    expect(parseSettings({ ...draft, greedy: false }, MACHINE).settings?.sampling.temperature).toBe(1)
  })

  it('never request an unsupported computation: the CPU in fp16, or floats of another width than the products', () => {
    const open = { precision: 'auto', weights: 'auto' } as const
    const onGpu = { device: 'webgpu', ...open } as const
    const inHalf = chooseComputation(onGpu, { weights: 'fp16' })
    expect(inHalf).toEqual({ device: 'webgpu', precision: 'fp16', weights: 'fp16' })
    expect(chooseComputation(inHalf, { precision: 'fp32' })).toMatchObject({ weights: 'fp32' })
    expect(chooseComputation(inHalf, { precision: 'auto' })).toEqual(onGpu)
    expect(chooseComputation(inHalf, { weights: 'int8' })).toMatchObject({
      precision: 'fp16',
      weights: 'int8'
    })
    expect(chooseComputation(inHalf, { device: 'cpu' })).toEqual({ device: 'cpu', ...open })
    const onCpu = { device: 'cpu', precision: 'auto', weights: 'fp32' } as const
    expect(chooseComputation(onCpu, { device: 'webgpu' })).toEqual(onGpu)
    expect(chooseComputation(onCpu, { weights: 'int4' })).toEqual({ ...onCpu, weights: 'int4' })
  })

  it('leave the choice of precision, weights and top-k open by default', () => {
    const draft = draftOfSettings(SETTINGS)
    const { settings } = parseSettings({ ...draft, precision: 'auto', weights: 'auto', topK: ' ' }, MACHINE)
    expect(settings).not.toHaveProperty('precision')
    expect(settings).not.toHaveProperty('weights')
    expect(settings?.sampling.topK).toBeNull()
  })

  it('name every wrong field, and its requirement', () => {
    const { settings, problems } = parseSettings(
      {
        ...draftOfSettings(SETTINGS),
        temperature: '-1',
        topK: '1.5',
        minP: '',
        topP: '0',
        sampleCount: '0',
        seed: 'x',
        memoryGibibytes: '0'
      },
      MACHINE
    )
    expect(settings).toBeNull()
    expect(problems).toEqual({
      temperature: 'needs a number from 0 to 100',
      topK: 'needs a whole number from 1, or nothing',
      minP: 'needs a number from 0 to 1',
      topP: 'needs a number above 0, at most 1',
      sampleCount: 'needs a whole number from 1 to 100,000',
      seed: 'needs a whole number',
      memoryGibibytes: 'needs a number above 0'
    })
  })

  it('are described without settings that are off', () => {
    expect(describeSampling(SETTINGS)).toBe(
      'temperature 0.7, top-p 0.95, top-k 40, repetition penalty 1.1, at most 64 tokens'
    )
    const greedy = {
      ...SETTINGS,
      sampling: { ...SETTINGS.sampling, minP: 0.1, temperature: 0, repetitionPenalty: 1 }
    }
    expect(describeSampling(greedy)).toBe('greedy, at most 64 tokens')
  })
})

describe('the variants to compare', () => {
  const kept = (name: string, start: number, end: number): KeptRecipe => ({
    id: `id-of-${name.replaceAll(/[^a-z]/gi, '-')}`,
    mark: start,
    recipe: { name, ranges: [[start, end]] },
    keptAt: '2026-01-01T00:00:00.000Z',
    sweepId: null,
    scoredBy: BY_CHARACTERS,
    validity: null,
    diversity: null
  })
  const namesOf = (recipes: KeptRecipe[], selected: { start: number; end: number } | null): string[] =>
    variantChoices(recipes, [], selected && { ...selected, layerCount: 12, source: null }).map(
      ({ variant }) => variant.name
    )

  it('are base, post, the selected range and the kept recipes', () => {
    expect(namesOf([kept('mine', 2, 3)], { start: 4, end: 11 })).toEqual(['base', 'post', 'Layers 4–11', 'mine'])
  })

  it('do not offer the selected range twice when it is kept', () => {
    expect(namesOf([kept('best', 4, 11)], { start: 4, end: 11 })).toEqual(['base', 'post', 'best'])
  })

  it('know a kept recipe by its id, in spite of a new name or a range of the same name left out before', () => {
    const [, , range] = variantChoices([], [], { start: 4, end: 11, layerCount: 12, source: null })
    const [, , before] = variantChoices([kept('Layers 4–11', 4, 11)], [], null)
    const [, , renamed] = variantChoices(
      [{ ...kept('Layers 4–11', 4, 11), recipe: { name: 'careful', ranges: [[4, 11]] } }],
      [],
      null
    )
    if (range === undefined || before === undefined || renamed === undefined) throw new Error('not offered')
    expect(modelKey(renamed.variant)).toBe(modelKey(before.variant))
    expect(sameModel(renamed.variant, before.variant)).toBe(true)
    expect(modelKey(range.variant)).not.toBe(modelKey(before.variant))
    // A run of an older program does not say which recipe it was: the model does.
    expect(sameModel(range.variant, renamed.variant)).toBe(true)
    const [, , other] = variantChoices([kept('b', 4, 11)], [], null)
    expect(other !== undefined && sameModel(other.variant, before.variant)).toBe(false)
  })

  it('never share a name', () => {
    expect(namesOf([kept('post', 1, 2), kept('Layers 4–11', 1, 2)], { start: 4, end: 11 })).toEqual([
      'base',
      'post',
      'Layers 4–11',
      'post (2)',
      'Layers 4–11 (2)'
    ])
  })
})

describe('sample prompts', () => {
  const prompts = [
    { text: 'Name a colour.', category: 'naming', raw: false },
    { text: 'Once upon', category: '', raw: true, system: '' }
  ]

  it('are unchanged by an edit: no system prompt is not an empty one', () => {
    const parsed = sampleDraftsOf(prompts, 7).map((draft) => parseSampleDraft(draft).prompt)
    expect(parsed).toEqual(prompts)
    expect(parsed[0]).not.toHaveProperty('system')
    expect(
      sameSamplePrompts(
        prompts,
        prompts.map((prompt) => ({ ...prompt }))
      )
    ).toBe(true)
    expect(sameSamplePrompts(prompts, prompts.toReversed())).toBe(false)
  })

  it('need some text', () => {
    const draft = { id: 0, text: '', category: '', system: undefined, raw: false }
    expect(parseSampleDraft(draft).problem).toBe('a prompt needs some text')
  })
})

describe('the diversity table', () => {
  it('lists variants with over how many prompts each mean is, then cells with prompts counted from 1, and leaves out what cannot be measured', () => {
    const measures = {
      sampleCount: 4,
      values: { distinctAnswers: 1, answerEntropy: 0, selfBleu: 1, wordDistance: 0 }
    }
    const csv = measuresCsv({
      variants: [
        {
          variant: 'Layers 1, 2',
          measures,
          promptCounts: { distinctAnswers: 3, answerEntropy: 3, selfBleu: 2, wordDistance: 2 }
        }
      ],
      cells: [{ variant: 'post', prompt: 0, measures }]
    })
    expect(csv.split('\r\n')).toEqual([
      'variant,prompt,answers,distinctAnswers,distinctAnswers_prompts,answerEntropy,answerEntropy_prompts,' +
        'distinct2,distinct2_prompts,selfBleu,selfBleu_prompts,wordDistance,wordDistance_prompts',
      '"Layers 1, 2",,4,1,3,0,3,,,1,2,0,2',
      'post,1,4,1,,0,,,,1,,0,',
      ''
    ])
  })
})

describe('the bars of a run', () => {
  const named = (index: number): Variant => ({
    kind: 'recipe',
    name: `r${index}`,
    recipe: { name: `r${index}`, ranges: [[index, index]] },
    kept: { id: `id-${index}`, mark: index }
  })

  it('are marked where they are means over fewer prompts than the run compares', () => {
    const measures = { sampleCount: 4, values: { distinct2: 0.5 } }
    const run = {
      compared: { prompts: 4, fewest: 4, most: 4 },
      variants: [
        { variant: 'post', measures, promptCounts: { distinctAnswers: 4, distinct2: 3 } },
        { variant: 'base', measures, promptCounts: { distinctAnswers: 4, distinct2: 4 } }
      ]
    }
    expect([hasFewer(run, 'distinct2', 'post'), hasFewer(run, 'distinct2', 'base')]).toEqual([true, false])
    expect(hasFewer(run, 'distinctAnswers', 'post')).toBe(false)
    // No bar at all is drawn where there is no measure.
    expect([hasFewer(run, 'selfBleu', 'post'), hasFewer(run, undefined, 'post')]).toEqual([false, false])
  })

  it('have the colours that the same variants have in an evaluation, one each as far as they reach', () => {
    const variants: Variant[] = [{ kind: 'post', name: 'post' }, ...[0, 1, 2, 3, 4].map(named)]
    expect(barLooks(variants).map(({ tone }) => tone)).toEqual(variantStyles(variants).map(({ tone }) => tone))
    expect(new Set(barLooks(variants).map(({ tone }) => tone)).size).toBe(variants.length)
    expect(barLooks(variants).every(({ opacity }) => opacity === 1)).toBe(true)
    const many = [...variants, ...[5, 6].map(named)]
    const [looks, styles] = [barLooks(many), variantStyles(many)]
    // Beyond the palette bars differ by how pale they are, and names by a shape.
    expect(new Set(looks.map(({ tone, opacity }) => `${tone} ${opacity}`)).size).toBe(many.length)
    expect(new Set(styles.map(({ tone, shape }) => `${tone} ${shape}`)).size).toBe(many.length)
  })
})
