import { expect, it } from 'vitest'
import { readPairState } from '../../../../src/main/project/pair-state'
import type { Project } from '../../../../src/main/project/project'
import { collectReport } from '../../../../src/main/report/collect'
import { reportMarkdown } from '../../../../src/main/report/write'
import { asPreview, comparedSweep } from '../../../fixtures/compared-sweeps'
import { openDemo } from '../../../fixtures/open-demo'

const reportOf = async ({ firstPair }: Project) => collectReport(firstPair, await readPairState(firstPair), undefined)

it('begins with all pairs of the project, and what each selects in the others', async () => {
  const project = await openDemo({ name: 'Study' })
  await project.addPair({ kind: 'demo', pair: 'blend' }, 'Deeper')
  await project.addPair({ kind: 'demo', pair: 'blend' }, 'Not | swept')
  await project.firstPair.saveSweep(comparedSweep({ id: 'small', layerCount: 6 }))
  await project.pair('pair-2').saveSweep(comparedSweep({ id: 'deep', layerCount: 10 }))
  const report = await reportOf(project)
  expect(report.pairs?.pairs.map(({ name, outline }) => [name, outline?.layerCount])).toEqual([
    ['Blend demo', 6],
    ['Deeper', 10],
    ['Not | swept', undefined]
  ])
  const markdown = reportMarkdown(report)
  const section = markdown.slice(
    markdown.indexOf('## Pairs of the project'),
    markdown.indexOf('## ', markdown.indexOf('## Pairs of the project') + 3)
  )
  expect(section).toContain('3 pairs, compared by first tokens of the character task')
  expect(section).toContain('The other sections of this report describe Blend demo.')
  expect(section).toContain('| Blend demo | 6 | layers 3–5 |')
  expect(section).toContain('| Deeper | 10 | layers 5–9 |')
  expect(section).toContain('no such sweep')
  // Checked and unchecked results are distinguished.
  expect(section).toMatch(/\| State \|/)
  expect(section).toMatch(/\| Blend demo \| 6 \|.*\| done: not checked \|/)
  // Half of the depth of six layers is half of the depth of ten.
  expect(section).toMatch(/\| Blend demo \|.*5–9, 98 % kept/)
})

it('has no such section for a project of one pair, or before the first sweep', async () => {
  const project = await openDemo({ name: 'Study' })
  expect((await reportOf(project)).pairs).toBeNull()
  await project.firstPair.saveSweep(comparedSweep({ id: 'small', layerCount: 6 }))
  const report = await reportOf(project)
  expect(report.pairs).toBeNull()
  expect(reportMarkdown(report)).not.toContain('Pairs of the project')
})

it('is of a full sweep where the newest is a preview of the same', async () => {
  const project = await openDemo({ name: 'Study' })
  await project.addPair({ kind: 'demo', pair: 'blend' }, 'Deeper')
  const whole = comparedSweep({ id: 'whole', layerCount: 6 })
  const later = { ...whole, id: 'preview', createdAt: '2027-01-01T00:00:00.000Z' }
  await project.firstPair.saveSweep(whole)
  await project.firstPair.saveSweep(asPreview(later, ({ start }) => start > 2))
  const report = await reportOf(project)
  expect(report.pairs?.pairs.map(({ outline }) => outline?.id)).toEqual(['whole', undefined])
  expect(report.sweep?.id).toBe('whole')
})

it('says of a preview that it is one, at a glance and beside its pair', async () => {
  const project = await openDemo({ name: 'Study' })
  await project.addPair({ kind: 'demo', pair: 'blend' }, 'Deeper')
  await project.firstPair.saveSweep(
    asPreview(comparedSweep({ id: 'preview', layerCount: 6 }), ({ start }) => start > 2)
  )
  const text = reportMarkdown(await reportOf(project))
  const glance = text.slice(text.indexOf('## At a glance'), text.indexOf('## Pairs of the project'))
  expect(glance).toContain('By a preview, ')
  expect(glance).toContain('A preview: 6 ranges are exact')
  expect(text).toMatch(/\| Blend demo.*preview, 6 of 21 ranges exact.* \| 6 \| layers 3–5 \|/)
})
