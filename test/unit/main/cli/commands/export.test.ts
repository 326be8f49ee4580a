import { SAFETY_NOTE } from '../../../../../src/contract/words/safety'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Recipe } from '../../../../../src/contract/model/recipe'
import { ExportResult } from '../../../../../src/contract/procedures/export'
import { withKept } from '../../../../../src/main/project/pair/kept-recipes'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { writePair } from '../../../../fixtures/exported-pair'
import { KEPT_AT, NOT_SCORED } from '../../../../fixtures/project-documents'
import { tinyProject } from '../../../../fixtures/tiny-project'
import { tinyCheck, whole } from '../../../../fixtures/tiny-sweep'

const LOWER: Recipe = { name: 'lower', ranges: [[0, 0]] }

/** A project of a two-layer pair whose sweep selects layer 1, which fails on full answers, where layer 0 passes; it keeps a recipe. */
async function swept(): Promise<{ path: string; folders: { base: string; post: string } }> {
  const folders = await writePair()
  const project = await tinyProject(folders)
  await project.firstPair.saveAnswerCheck(
    tinyCheck([
      { recipe: { name: 'upper', ranges: [[1, 1]] }, ...whole(0.5, 0.75) },
      { recipe: LOWER, ...whole(0.95, 0.5) }
    ])
  )
  await project.firstPair.edit((document) => withKept(document, 'kept', LOWER, NOT_SCORED, KEPT_AT))
  await project.close()
  return { path: project.path, folders }
}

async function exported(...args: string[]): Promise<{ result: ExportResult; card: string; stderr: string }> {
  const out = join(await temporaryFolder(), 'out')
  const { status, stdout, stderr } = await runHere(['export', ...args, '--out', out, '--json'])
  expect({ status, stderr }).toMatchObject({ status: 0 })
  const card = await readFile(join(out, 'README.md'), 'utf8')
  return { result: ExportResult.parse(JSON.parse(stdout)), card, stderr }
}

it('has what the project measured in the card of what its sweep selects once checked', async () => {
  const { path } = await swept()
  const { result, card, stderr } = await exported('--project', path, 'selected')
  expect(result).toMatchObject({ recipe: 'Layer 0', tensors: { blended: 0 } })
  expect(result.tensors.base).toBeGreaterThan(0)
  expect(stderr).toContain('Selected: Layer 0.\nLayer 0: Not worth restoring: ')
  expect(card).toContain(SAFETY_NOTE)
  expect((await readFile('README.md', 'utf8')).replaceAll(/\s+/g, ' ')).toContain(SAFETY_NOTE)
  expect(card).toContain('| 0.500 (post 0.400) | 0.950 (limit 0.882) | 0.950 (limit 0.882) |')
})

it('takes a recipe that the project keeps by its name, and what the project measured of named layers', async () => {
  const { path } = await swept()
  const kept = await exported('--project', path, 'lower')
  expect(kept.result.recipe).toBe('lower')
  expect(kept.card).toContain('| 0.500 (post 0.400) | 0.950 (limit 0.882) |')
  const failing = await exported('--project', path, '1')
  expect(failing.stderr).toContain('1: Fails the check, 0.500 on full answers.')
  expect(kept.stderr).not.toContain('ails the check')
})

it('reports that the card has no measurement, and how to add one', async () => {
  const { path, folders } = await swept()
  const pair = ['--base', folders.base, '--post', folders.post]
  const { card, stderr } = await exported(...pair, '1')
  expect(card).toContain('Nothing that was measured of this model is known here.')
  expect(stderr).toContain('With --project FOLDER it has those of the project')
  const soft = join(folders.post, 'soft.json')
  const layers = new Array(2).fill({ attention: 0.5, mlp: 0 })
  await writeFile(soft, JSON.stringify({ name: 'soft', layers }))
  const { stderr: unmeasured } = await exported('--project', path, soft)
  expect(unmeasured).toContain(`${path} has none of this model.`)
})

it('refuses what is selected of another pair and of checkpoints that have changed', async () => {
  const { path, folders } = await swept()
  const out = join(await temporaryFolder(), 'out')
  const refused = async (words: string, ...args: string[]) => {
    const { status, stderr } = await runHere(['export', ...args, 'selected', '--out', out])
    expect([status, stderr]).toEqual([1, expect.stringContaining(words)])
  }
  await refused(`has ${folders.base} as`, '--blend-demo', '--project', path)
  const weights = 'model.safetensors'
  await copyFile(join(folders.base, weights), join(folders.post, weights))
  await refused('has changed since the sweep', '--project', path)
})
