import { Command } from 'commander'
import { expect, it } from 'vitest'
import { resourcePath } from '../../../../../src/main/base/resources'
import { modelsNamed } from '../../../../../src/main/cli/running/models'
import { demoPaths } from '../../../../../src/main/project/demo'

it('a checkpoint that ships with a built-in pair has its name there, and nowhere else', async () => {
  const inPair = (pair: 'stages' | 'blend') =>
    modelsNamed(['sft'], { folders: demoPaths(pair), pair: null }, new Command('evaluate'))
  expect(await inPair('stages')).toEqual([
    expect.objectContaining({ kind: 'checkpoint', name: 'sft', path: resourcePath('demo-pair', 'sft') })
  ])
  await expect(inPair('blend')).rejects.toThrow("'sft' names no model, file or folder")
})
