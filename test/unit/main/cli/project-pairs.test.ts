import { expect, it } from 'vitest'
import { createProject } from '../../../../src/main/project/create-project'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { runHere } from '../../../fixtures/command-line'
import { PROMPTS, sweepFixture } from '../../../fixtures/project-documents'
import { openDemo } from '../../../fixtures/open-demo'

/** A project of two pairs, of which the first has a sweep. @returns its folder */
async function twoPairs(): Promise<string> {
  const project = await openDemo({ name: 'P' })
  await project.firstPair.saveSweep(sweepFixture())
  await project.addPair({ kind: 'folders', base: '/nowhere/base', post: '/nowhere/post' }, 'My pair')
  await project.close()
  return project.path
}

it('takes one of several pairs by its name, and lists the names where none or another is given', async () => {
  const path = await twoPairs()
  const none = await runHere(['report', path])
  expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('has several pairs: Blend demo, My pair.')])
  const other = await runHere(['report', path, '--pair', 'other'])
  expect(other.stderr).toContain('has no pair "other"')
  const named = await runHere(['report', path, '--pair', 'Blend demo', '--json', '--quiet'])
  expect(JSON.parse(named.stdout)).toMatchObject({ sweepCount: 1 })
  const mine = await runHere(['report', path, '--pair', 'My pair', '--json', '--quiet'])
  expect(JSON.parse(mine.stdout)).toMatchObject({ sweepCount: 0, pair: null })
})

it('names the pair in the command that it proposes', async () => {
  const path = await twoPairs()
  const { status, stderr } = await runHere(['check', '--project', path, '--pair', 'My pair'])
  expect(status).toBe(1)
  expect(stderr).toContain('has no sweep of ranges of My pair to start from.')
  expect(stderr).toContain(`slr sweep --project ${path} --pair 'My pair'`)
})

it('sweeps all pairs of a project, and says at the end for which it failed', async () => {
  const folder = await temporaryFolder()
  const project = await createProject({
    folder,
    name: 'P',
    pair: { kind: 'folders', base: '/nowhere/base', post: '/nowhere/post' },
    prompts: PROMPTS
  })
  await project.addPair({ kind: 'folders', base: '/nowhere/else', post: '/nowhere/post' }, 'My pair')
  await project.close()
  const { status, stderr } = await runHere(['sweep', '--no-check', '--project', project.path, '--all'])
  expect(status).toBe(1)
  expect(stderr).toContain('2 of 2: My pair')
  expect(stderr).toMatch(/2 of 2 pairs were not done: .*, My pair\./)
  expect(stderr.match(/There is no folder \/nowhere/g)).not.toBeNull()
})
