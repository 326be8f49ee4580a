import { expect, it, onTestFinished } from 'vitest'
import { foundWords, measuredSections } from '../../../../src/main/export/card-measurements'
import { measuredOf } from '../../../../src/main/export/measured-of'
import { prepareExport } from '../../../../src/main/export/prepare'
import { writePair } from '../../../fixtures/exported-pair'
import { tinyProject } from '../../../fixtures/tiny-project'
import { tinyTaskSweep } from '../../../fixtures/tiny-sweep'

it('has first what the sweep found that selects the model, whatever that is scored by, and then what other scorings say', async () => {
  const folders = await writePair()
  const prepared = await prepareExport(folders, { name: 'upper', ranges: [[1, 1]] })
  const project = await tinyProject(folders)
  onTestFinished(() => project.close())
  const own = project.firstPair
  const { basePath, postPath } = await own.readSweep('tiny')
  const ofTask = { ...tinyTaskSweep(), basePath, postPath }
  await own.saveSweep({ ...ofTask, createdAt: '2026-01-05T00:00:00.000Z' })
  const both = await measuredOf(own, prepared)
  expect(both.scores.map(({ scoredBy, found }) => [scoredBy.kind, found?.verdict.state])).toEqual([
    ['task', 'not-worth-it'],
    ['crc', 'not-worth-it']
  ])
  expect(foundWords(both)).toBe(
    'By whole answers to the task “Letters” it is of more coverage than the post-trained model at the precision asked for. ' +
      'The sweep that selects it says: **Not worth restoring: the gain of layer 1 may be none, 3 questions are too few to tell.** ' +
      'On first tokens of the character task it is more diverse than the post-trained model at the validity asked for; full answers were not checked. ' +
      'The sweep that selects it says: **Not worth restoring: the gain of layer 1 may be none, 3 prompts are too few to tell.**'
  )
  const [, first = '', second] = measuredSections(both)
  expect(first).toMatch(/^Listed answers of the task "Letters", exact, .*32 draws over 3 questions:/)
  expect(first).toContain('| | coverage | precision |')
  expect(first).toContain('- Found: Not worth restoring')
  expect(first).not.toContain('Full answers')
  expect(second).toMatch(/^Constrained Random Character/)

  // Where the newest selects another range, what it says of this one comes behind.
  const ranges = ofTask.ranges.map((range) => (range.end === 0 ? { ...range, diversity: 0.95 } : range))
  await own.saveSweep({ ...ofTask, id: 'other', ranges, createdAt: '2026-01-06T00:00:00.000Z' })
  const apart = await measuredOf(own, prepared)
  expect(apart.scores.map(({ scoredBy, found }) => [scoredBy.kind, found === null])).toEqual([
    ['crc', false],
    ['task', true]
  ])
  expect(measuredSections(apart)[2]).toContain('- Intervals: not computed for this model')
})
