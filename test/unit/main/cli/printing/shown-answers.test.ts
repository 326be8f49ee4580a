import { expect, it } from 'vitest'
import { describeAnswers } from '../../../../../src/main/cli/printing/shown-answers'
import { sampleLine, sampleRunFixture } from '../../../../fixtures/sample-documents'

it('shows answers by prompt and variant, the same one once with how often it was given', () => {
  const lines = [
    sampleLine({ prompt: 1, index: 1, text: 'A cat,\nor \u001b[31ma dog that is long', finish: 'length' }),
    sampleLine({ prompt: 1, index: 0, text: '' }),
    sampleLine({ variant: 'upper', index: 0, text: 'Green' }),
    sampleLine({ index: 2, text: ' red' }),
    sampleLine({ index: 0, text: 'Blue.' }),
    sampleLine({ index: 3, text: 'Red.' }),
    sampleLine({ index: 1, text: 'Red.', finish: 'length' })
  ]
  expect(describeAnswers(sampleRunFixture(), lines, 30).split('\n')).toEqual([
    'Prompt 1: Name a colour.',
    '  post: 2 distinct of 4',
    '    3 × Red. [1 cut off]',
    '    1 × Blue.',
    '  upper: 1 distinct of 1',
    '    1 × Green',
    '',
    'Prompt 2: Name an animal.',
    '  post: 2 distinct of 2',
    '    1 × [empty answer]',
    '    1 × A cat,',
    '        or \\u{1b}[31ma dog',
    '        that is long [cut off]'
  ])
})

it('counts refused and failed answers apart', () => {
  const refused = { text: '', finish: 'refused' as const }
  const lines = [
    sampleLine({ index: 0, text: 'Blue' }),
    sampleLine({ index: 1, ...refused }),
    sampleLine({ variant: 'upper', index: 0, ...refused }),
    sampleLine({ variant: 'upper', index: 1, text: '', finish: 'failed' })
  ]
  expect(describeAnswers(sampleRunFixture(), lines, 30).split('\n').slice(1)).toEqual([
    '  post: 1 distinct of 1, 1 refused',
    '    1 × Blue',
    '  upper: 1 refused, 1 failed'
  ])
})
