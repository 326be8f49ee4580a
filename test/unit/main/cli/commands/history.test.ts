import { expect, it } from 'vitest'
import { createProject } from '../../../../../src/main/project/create-project'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { PROMPTS, sweepFixture } from '../../../../fixtures/project-documents'

async function sweptProject(): Promise<string> {
  const folder = await temporaryFolder()
  const project = await createProject({ folder, name: 'P', pair: { kind: 'demo' }, prompts: PROMPTS })
  await project.firstPair.saveSweep(sweepFixture({ id: 'aaaa-1' }))
  await project.firstPair.saveSweep(sweepFixture({ id: 'aaaa-2', createdAt: '2026-02-02T03:04:05.000Z' }))
  await project.close()
  return project.path
}

it('lists, names, pins, deletes and restores runs, and shows what became of them', async () => {
  const path = await sweptProject()
  const run = (...args: string[]) => runHere(['history', '--project', path, ...args])
  const listed = await run()
  expect(listed.stdout).toMatch(/^aaaa-2 +sweep +2026-02-02 03:04 UTC +Characters: layer 0, .*CPU in fp32/m)
  const marked = await run(
    '--run',
    'aaaa-1',
    '--name',
    'as published',
    '--note',
    'of *March*',
    '--pin',
    '--json'
  )
  expect(JSON.parse(marked.stdout)).toMatchObject({
    pair: 'Demo',
    runs: [{ id: 'aaaa-1', name: 'as published', note: 'of *March*', pinned: true }, { id: 'aaaa-2' }],
    deleted: []
  })
  expect((await run('--run', 'aaaa-1', '--delete')).stdout).toMatch(/^Deleted, .*:\naaaa-1 .* as published /m)
  const restored = await run('--run', 'aaaa-1', '--restore', '--json')
  expect(JSON.parse(restored.stdout)).toMatchObject({ runs: [{ name: 'as published' }, {}], deleted: [] })
})

it('says which run it wants to know', async () => {
  const path = await sweptProject()
  const run = async (...args: string[]) => {
    const { status, stderr } = await runHere(['history', '--project', path, ...args])
    return [status, stderr]
  }
  expect(await run('--pin')).toEqual([2, expect.stringContaining('of which run? Give --run ID')])
  expect(await run('--run', 'aaaa-1')).toEqual([2, expect.stringContaining('what of the run?')])
  expect(await run('--run', 'aaaa', '--pin')).toEqual([
    1,
    expect.stringContaining('The ids of 2 runs begin with "aaaa"')
  ])
  expect(await run('--run', '', '--pin')).toEqual([2, expect.stringContaining('An empty text names nothing')])
  expect(await run('--run', 'b', '--pin')).toEqual([1, expect.stringContaining('no run "b"')])
  expect(await run('--run', 'aaaa-1', '--restore')).toEqual([1, expect.stringContaining('no deleted run')])
})
