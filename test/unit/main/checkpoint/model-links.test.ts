import { mkdir, rename, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../../../src/main/checkpoint/checkpoint'
import { findFolderExtras } from '../../../../src/main/checkpoint/folder-extras'
import { readGenerationConfig } from '../../../../src/main/checkpoint/generation-config'
import { loadTextModel } from '../../../../src/main/text/text-model'
import { checkpointFixture, temporaryFolder, writeCheckpoint } from '../../../fixtures/checkpoint-builder'
import { exportRecipe, filesOf, writePair } from '../../../fixtures/exported-pair'
import { problemOf } from '../../../fixtures/problems'
import { byteLevelTokenizer } from '../../../fixtures/text-folder'

const INDEX = 'model.safetensors.index.json'
const TEXTS = {
  'tokenizer.json': JSON.stringify(byteLevelTokenizer()),
  'tokenizer_config.json': '{"chat_template": "config"}',
  'special_tokens_map.json': '{}',
  'generation_config.json': '{}',
  'chat_template.jinja': 'jinja',
  'chat_template.json': '{"chat_template": "json"}'
}

/** A model folder with every text file that is read. */
async function modelFolder(path: string): Promise<string> {
  await writeCheckpoint(path, checkpointFixture(), { shardCount: 2 })
  for (const [name, text] of Object.entries(TEXTS)) await writeFile(join(path, name), text)
  return path
}

async function readAll(folder: string): Promise<string | undefined> {
  await openCheckpoint(folder)
  await readGenerationConfig(folder)
  return (await loadTextModel(folder)).chatTemplate?.source
}

/** Puts a link in the place of a file, to the same text elsewhere. */
async function moveOut(folder: string, name: string, to: string): Promise<void> {
  await rename(join(folder, name), to)
  await symlink(to, join(folder, name))
}

describe('a link in a model folder', () => {
  test.each(['config.json', INDEX, ...Object.keys(TEXTS)])('in the place of %s must stay in it', async (name) => {
    const place = await temporaryFolder()
    const folder = await modelFolder(join(place, 'model'))
    // Each of these is read only where the one before is missing.
    if (name === 'chat_template.json') {
      await unlink(join(folder, 'chat_template.jinja'))
      await writeFile(join(folder, 'tokenizer_config.json'), '{}')
    }
    await moveOut(folder, name, join(place, 'private'))
    const problem = await problemOf(readAll(folder))
    expect(problem).toMatchObject({
      code: 'bad-file',
      message: `${join(folder, name)} is a link to ${join(place, 'private')}, outside the model's folder.`
    })
  })

  test('to a neighbour whose name begins alike, or through a folder that is a link, leads outside', async () => {
    const place = await temporaryFolder()
    const folder = await modelFolder(join(place, 'model'))
    await mkdir(join(place, 'model-private'))
    await moveOut(folder, 'chat_template.jinja', join(place, 'model-private', 'notes'))
    const { hasChatTemplate, templateProblem } = await findFolderExtras(folder)
    expect({ hasChatTemplate, templateProblem }).toEqual({
      hasChatTemplate: false,
      templateProblem: expect.stringContaining("outside the model's folder")
    })
    await symlink(join(place, 'model-private'), join(folder, 'inside'))
    await unlink(join(folder, 'chat_template.jinja'))
    await symlink(join('inside', 'notes'), join(folder, 'chat_template.jinja'))
    expect((await problemOf(readAll(folder))).message).toContain("outside the model's folder")
  })

  test('may lead to another file of the folder, also where the folder itself is reached by a link', async () => {
    const place = await temporaryFolder()
    const folder = await modelFolder(join(place, 'model'))
    await moveOut(folder, 'chat_template.jinja', join(folder, 'own.jinja'))
    await symlink(folder, join(place, 'link'))
    expect(await readAll(join(place, 'link'))).toBe('jinja')
  })

  test('may lead to the blobs of its model in the Hugging Face cache, not to those of another', async () => {
    const cache = await temporaryFolder()
    const snapshot = await modelFolder(join(cache, 'models--org--tiny', 'snapshots', 'aaa1'))
    const blobs = join(cache, 'models--org--tiny', 'blobs')
    await mkdir(blobs)
    for (const name of ['config.json', INDEX, ...Object.keys(TEXTS)]) await moveOut(snapshot, name, join(blobs, name))
    expect(await readAll(snapshot)).toBe('jinja')
    const other = join(cache, 'models--org--other', 'blobs')
    await mkdir(other, { recursive: true })
    await writeFile(join(other, 'x'), 'private')
    await unlink(join(snapshot, 'chat_template.jinja'))
    await symlink(join(other, 'x'), join(snapshot, 'chat_template.jinja'))
    expect((await problemOf(readAll(snapshot))).message).toContain("outside the model's folder")
  })

  test('in the place of the model card brings no licence into an export', async () => {
    const folders = await writePair()
    const place = await temporaryFolder()
    await writeFile(join(place, 'private'), '---\nlicense: secret\n---\n')
    await symlink(join(place, 'private'), join(folders.post, 'README.md'))
    await exportRecipe(folders, { name: 'upper', ranges: [[1, 1]] }, join(place, 'out'))
    expect((await filesOf(join(place, 'out')))['README.md']).not.toContain('secret')
  })
})
