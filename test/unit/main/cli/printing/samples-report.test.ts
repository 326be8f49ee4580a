import { expect, test } from 'vitest'
import { describeSamples } from '../../../../../src/main/cli/printing/samples-report'
import { runMeasures } from '../../../../../src/main/measures/run-measures'
import { sampleLine, sampleRunFixture } from '../../../../fixtures/sample-documents'

test('the table of samples counts compared answers, without refused ones', () => {
  const run = sampleRunFixture()
  const finishes = ['stop', 'stop', 'stop', 'refused'] as const
  const samples = finishes.map((finish, index) => sampleLine({ index, finish }))
  expect(describeSamples(runMeasures(run, samples))).toContain('Means over 1 prompt of 3 answers each.')
})
