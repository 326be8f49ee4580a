import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { CheckedModel } from '../../../../../src/contract/documents/answer-check'
import { recomputeSelection } from '../../../../../src/main/crc/check/checked-selection'
import { runCooperatively } from '../../../../../src/main/base/steps'
import { openProject } from '../../../../../src/main/project/open-project'
import { openDemo } from '../../../../fixtures/open-demo'
import { sweepFixture } from '../../../../fixtures/project-documents'
import { tinyCheck, tinySweep, whole } from '../../../../fixtures/tiny-sweep'

/** A project with two sweeps. @returns where it and its sweeps lie */
async function sweptProject(): Promise<{ path: string; sweeps: string }> {
  const project = await openDemo()
  await project.firstPair.saveSweep(sweepFixture())
  await project.firstPair.saveSweep(sweepFixture({ id: 'sweep-2', createdAt: '2026-02-02T03:04:05.000Z' }))
  await project.close()
  return { path: project.path, sweeps: join(project.path, 'pairs/pair-1/sweeps') }
}

/** Returns the sweeps that an opened project lists, and the number of its warnings. */
async function listed(path: string, purpose: 'change' | 'view' = 'change') {
  const project = await openProject(path, purpose)
  await project.close()
  return { sweeps: project.firstPair.sweeps, warnings: project.warnings.length }
}

/** Replaces a sweep by as many bytes that say nothing. @param age of its file, by an hour: summaries are written meanwhile */
async function spoil(file: string, age: 'same' | 'newer'): Promise<void> {
  const { size, atimeMs, mtimeMs } = await stat(file)
  await writeFile(file, ' '.repeat(size))
  const seconds = Math.floor(mtimeMs) / 1000 + (age === 'same' ? 0 : 3600)
  await utimes(file, Math.floor(atimeMs) / 1000, seconds)
}

it('lists sweeps by their summaries, without reading any', async () => {
  const { path, sweeps } = await sweptProject()
  const before = await listed(path)
  expect(before.sweeps.map(({ id }) => id)).toEqual(['sweep-2', 'sweep-1'])
  await spoil(join(sweeps, 'sweep-1.json'), 'same')
  expect(await listed(path)).toEqual(before)
})

it('reads a sweep that was written since, has another size, or has no summary, and writes a summary unless it is only looked at', async () => {
  const { path, sweeps } = await sweptProject()
  const before = await listed(path)
  const summary = join(sweeps, 'sweep-1.summary.json')
  const stored = await readFile(summary, 'utf8')
  const others = [stored.replace('sweep-1', 'sweep-3'), stored.replace(/"bytes": ?\d+/, '"bytes":1')]
  for (const broken of [null, '{', ...others]) {
    if (broken === null) await rm(summary)
    else await writeFile(summary, broken)
    expect(await listed(path, 'view')).toEqual(before)
    expect(await readFile(summary, 'utf8').catch(() => null)).toBe(broken)
    expect(await listed(path)).toEqual(before)
    expect(await readFile(summary, 'utf8')).toBe(stored)
  }
  await spoil(join(sweeps, 'sweep-1.json'), 'newer')
  expect(await listed(path)).toMatchObject({ sweeps: [{ id: 'sweep-2' }], warnings: 1 })
})

it('takes a summary for no sweep', async () => {
  const { path, sweeps } = await sweptProject()
  const files = ['sweep-1', 'sweep-2'].flatMap((id) => [`${id}.a.scores`, `${id}.json`, `${id}.summary.json`])
  expect((await readdir(sweeps)).toSorted()).toEqual(files)
  expect((await listed(path)).warnings).toBe(0)
})

it('lists of a sweep what its check has left, and what the summary of before the check says no more', async () => {
  const project = await openDemo()
  const own = project.firstPair
  const selection = await runCooperatively(recomputeSelection(tinySweep(), null, 0.9))
  await own.saveSweep({ ...tinySweep(), selection })
  expect(own.sweeps).toMatchObject([{ selected: { start: 1, end: 1 }, bestAnswers: null }])
  const summary = join(own.folder, 'sweeps/tiny.summary.json')
  const before = await readFile(summary)
  const checked = (layer: number, validity: number, diversity: number): CheckedModel => ({
    recipe: { name: 'r', ranges: [[layer, layer]] },
    ...whole(validity, diversity)
  })
  await own.saveAnswerCheck(tinyCheck([checked(1, 0.5, 0.8), checked(0, 0.94, 0.49)]))
  const left = { selected: { start: 0, end: 0 }, best: { diversity: 0.5 }, bestAnswers: { diversity: 0.49 } }
  expect(own.sweeps).toMatchObject([left])
  await project.close()
  await writeFile(summary, before)
  expect(await listed(project.path)).toMatchObject({ sweeps: [left], warnings: 0 })
  await writeFile(join(own.folder, 'checks/tiny.json'), '{')
  expect(await listed(project.path)).toMatchObject({ sweeps: [{ id: 'tiny', bestAnswers: null }] })
})
