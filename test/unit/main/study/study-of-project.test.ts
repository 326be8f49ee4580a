import { expect, it, onTestFinished } from 'vitest'
import { readStudy } from '../../../../src/main/study/study-file'
import { studyOfProject } from '../../../../src/main/study/study-of-project'
import { writePair } from '../../../fixtures/exported-pair'
import { sampleRunFixture } from '../../../fixtures/sample-documents'
import { tinyProject } from '../../../fixtures/tiny-project'
import { tinyCheck, tinySearch, tinyTaskSweep, whole } from '../../../fixtures/tiny-sweep'

const UPPER = { name: 'upper', ranges: [[1, 1] satisfies [number, number]] }
const LOWER = { name: 'lower', ranges: [[0, 0] satisfies [number, number]] }

it('writes the sweep that was checked, with its check, and names what a study cannot say beside it', async () => {
  const project = await tinyProject(await writePair())
  onTestFinished(() => project.close())
  const own = project.firstPair
  await project.update({ name: 'Two\nlines: true' })
  await own.saveSweep({ ...tinyTaskSweep(), createdAt: '2026-01-05T00:00:00.000Z' })
  await own.saveSearch(tinySearch(UPPER))
  await own.samples.addRun(sampleRunFixture())
  const unchecked = await studyOfProject('mine', project)
  expect((await readStudy(unchecked.text, 'mine.yaml')).sweep).toMatchObject({ task: 'letters', draws: 32 })
  expect(unchecked.leftOut).toContain(`${own.document.name}: a sweep by first tokens of the character task`)

  await own.saveAnswerCheck(
    tinyCheck([
      { recipe: UPPER, ...whole(0.9, 0.75) },
      { recipe: LOWER, ...whole(0.9, 0.45) },
      { recipe: { name: 'all', ranges: [[0, 1]] }, ...whole(0.7, 0.9) }
    ])
  )
  const { text, leftOut } = await studyOfProject('mine', project)
  expect(await readStudy(text, 'mine.yaml')).toMatchObject({ sweep: { task: 'crc' }, check: 2 })
  expect(leftOut.map((words) => words.replace(`${own.document.name}: `, ''))).toEqual([
    '1 recipe that was checked beside the best ranges',
    expect.stringMatching(/^a sweep by listed answers of the task "Letters"/),
    '1 search',
    '1 sample run'
  ])
  for (const words of leftOut) expect(text).toContain(`\n# - ${words}\n`)
})
