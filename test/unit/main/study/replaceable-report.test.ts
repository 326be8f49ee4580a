import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { documentPage } from '../../../../src/main/report/page'
import { requireReplaceableReport } from '../../../../src/main/study/study-outputs'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

it('lets a report take the place of nothing but a report', async () => {
  const folder = await temporaryFolder()
  const [fresh, other, report] = ['fresh.html', '.profile', 'report.html'].map((name) => join(folder, name))
  await writeFile(String(other), 'PATH=/bin')
  await writeFile(String(report), documentPage({ title: 'Report', subtitle: '' }, []))
  await requireReplaceableReport(String(fresh))
  await requireReplaceableReport(String(report))
  expect(await problemOf(requireReplaceableReport(String(other)))).toMatchObject({
    code: 'bad-input',
    message: `${other} is there, and is no report of this program: it is not replaced.`
  })
  expect(await problemOf(requireReplaceableReport(folder))).toMatchObject({ code: 'bad-file' })
})
