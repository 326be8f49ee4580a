import { expect, it, onTestFinished } from 'vitest'
import { createProject } from '../../../../../src/main/project/create-project'
import type { Project } from '../../../../../src/main/project/project'
import { requirePairOfSweep } from '../../../../../src/main/project/results/pair-of-sweep'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { PROMPTS, sweepFixture } from '../../../../fixtures/project-documents'

const sweep = sweepFixture()
const fromAnotherPost = { ...sweep, postPath: { path: '/models/another', fingerprint: 'cc' } }

/** A project whose model folders are not there. */
async function projectWithoutModels(): Promise<Project> {
  const pair = { kind: 'folders', base: '/models/not-there', post: '/models/not-there-either' } as const
  const project = await createProject({
    folder: await temporaryFolder(),
    name: 'Away',
    pair,
    prompts: PROMPTS
  })
  onTestFinished(() => project.close())
  return project
}

it('refuses the sweep of another pair by the fingerprints that the project stores of its pair', async () => {
  const { firstPair } = await projectWithoutModels()
  await firstPair.rememberCheckpoints({
    base: { fingerprint: 'aa', files: [] },
    post: { fingerprint: 'bb', files: [] }
  })
  // A result that was computed before the user accepted other models does not decide.
  await firstPair.saveSweep(fromAnotherPost)
  expect(await requirePairOfSweep(firstPair, sweep)).toBe(true)
  await expect(requirePairOfSweep(firstPair, fromAnotherPost)).rejects.toMatchObject({
    problem: { code: 'mismatch', message: expect.stringMatching(/another pair .*\/models\/another/) }
  })
})

it('refuses the sweep of another pair by the newest result of the project, where nothing else is stored', async () => {
  const { firstPair } = await projectWithoutModels()
  expect(await requirePairOfSweep(firstPair, fromAnotherPost)).toBe(false)
  await firstPair.saveSweep(sweep)
  expect(await requirePairOfSweep(firstPair, sweep)).toBe(true)
  await expect(requirePairOfSweep(firstPair, fromAnotherPost)).rejects.toMatchObject({
    problem: { code: 'mismatch' }
  })
})
