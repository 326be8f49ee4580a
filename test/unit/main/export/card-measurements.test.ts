import { expect, it } from 'vitest'
import {
  foundWords,
  type Measured,
  measuredSections,
  nothingMeasured
} from '../../../../src/main/export/card-measurements'

const recipe = { name: 'upper', ranges: [[1, 1] satisfies [number, number]] }
const evaluated: Measured = {
  recipe,
  scores: [],
  evaluations: [
    {
      task: 'Facts | more',
      promptCount: 12,
      sampleCount: 32,
      comparedWith: 'post',
      complete: false,
      verdict: 'more diverse, at a loss of quality',
      figures: 'accuracy −0.200',
      but: 'beside it my|blend is better',
      good: false
    }
  ]
}

it('a card of what nothing was measured of says that, and has no section of it', () => {
  expect(foundWords(nothingMeasured({ recipe }))).toBe(
    'Nothing that was measured of this model is known here.'
  )
  expect(measuredSections(nothingMeasured({ recipe }))).toEqual([])
})

it('a loss of quality in an evaluation, and what does better there, stands in the first sentences of a card, and with its figures in a table', () => {
  expect(foundWords(evaluated)).toContain(
    'Evaluated, it is more diverse, at a loss of quality, but beside it my\\|blend is better (Facts \\| more).'
  )
  expect(measuredSections(evaluated).at(-1)).toContain(
    '| Facts \\| more, stopped early | 12 prompts × 32 answers | more diverse, at a loss of quality, against post, but beside it my\\|blend is better | accuracy −0.200 |'
  )
})
