import { access, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createProject } from '../../../../src/main/project/create-project'
import { openProject } from '../../../../src/main/project/project'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { KEPT_AT, LAYERS_4_11, NOT_SCORED, PROMPTS } from '../../../fixtures/project-documents'
import { sampleRunFixture } from '../../../fixtures/sample-documents'

/** A project as version 1 of project.json had it. */
async function olderProject(): Promise<string> {
  const folder = await temporaryFolder()
  const project = await createProject({ folder, name: 'Old', pair: { kind: 'demo' }, prompts: PROMPTS })
  await project.close()
  const file = join(project.path, 'project.json')
  const { document } = project
  const recipes = [LAYERS_4_11, { ...LAYERS_4_11, name: 'second' }].map((recipe) => ({
    recipe,
    keptAt: KEPT_AT,
    ...NOT_SCORED
  }))
  const { settings } = sampleRunFixture()
  await writeFile(
    file,
    JSON.stringify({
      ...document,
      revision: undefined,
      nextMark: undefined,
      schemaVersion: 1,
      recipes,
      otherCheckpoints: [{ name: 'other', path: '/models/other', fingerprint: 'ff' }],
      settings: { ...document.settings, samples: { settings, leftOut: ['base', 'second', 'other'] } }
    })
  )
  return project.path
}

it('what a killed program left unfinished in a project goes when it is opened to be changed, and nothing else', async () => {
  const folder = await temporaryFolder()
  const project = await createProject({ folder, name: 'Killed', pair: { kind: 'demo' }, prompts: PROMPTS })
  await project.close()
  const mine = join(project.path, 'prompts', 'notes.tmp')
  const left = ['.project.json', join('prompts', '.samples.json')].map((name) =>
    join(project.path, `${name}.7d444840-9dc0-11d1-b245-5ffdce74fad2.tmp`)
  )
  for (const file of [mine, ...left]) await writeFile(file, '{')
  const there = async (): Promise<boolean[]> =>
    Promise.all(
      [mine, ...left].map((file) =>
        access(file).then(
          () => true,
          () => false
        )
      )
    )
  await (await openProject(project.path, 'view')).close()
  expect(await there()).toEqual([true, true, true])
  await (await openProject(project.path)).close()
  expect(await there()).toEqual([true, false, false])
})

describe('a project of version 1', () => {
  it('gives recipes and checkpoints an id and a mark each, and keeps its file as it was', async () => {
    const path = await olderProject()
    const before = await readFile(join(path, 'project.json'), 'utf8')
    const project = await openProject(path)
    const { document } = project
    expect(document.recipes.map(({ id, mark, recipe }) => [id, mark, recipe.name])).toEqual([
      ['recipe-1', 0, 'Layers 4–11'],
      ['recipe-2', 1, 'second']
    ])
    expect(document.otherCheckpoints).toMatchObject([{ id: 'checkpoint-1', mark: 2, name: 'other' }])
    expect([document.nextMark, document.revision]).toEqual([3, 0])
    // What takes no part is known by its id too; whole models have none.
    expect(document.settings.samples?.leftOut).toEqual(['base', 'recipe-2', 'checkpoint-1'])
    await project.close()
    const backup = (await readdir(path)).find((name) => name.endsWith('.bak'))
    expect(await readFile(join(path, backup ?? ''), 'utf8')).toBe(before)
  })

  it('has the same ids each time it is only looked at', async () => {
    const path = await olderProject()
    const first = await openProject(path, 'view')
    const second = await openProject(path, 'view')
    expect(second.document).toEqual(first.document)
    expect(await readdir(path)).not.toContain('.lock')
  })
})
