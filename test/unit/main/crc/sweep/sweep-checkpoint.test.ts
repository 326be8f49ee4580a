import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { headerLine, headerOf } from '../../../../../src/main/crc/sweep/checkpoint-file'
import type { SweepIdentity } from '../../../../../src/main/crc/sweep/earlier-results'
import { checkpointBeside, SweepCheckpoint } from '../../../../../src/main/crc/sweep/sweep-checkpoint'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../../fixtures/problems'

const IDENTITY: SweepIdentity = {
  ...{ programVersion: '1', base: 'b', post: 'p', layerCount: 2, modelKeys: ['post'], rivalCount: 0 },
  scoredBy: { kind: 'crc' },
  prompts: [{ key: 'q', validCount: 2 }]
}
const HEADER = headerLine(headerOf(IDENTITY, { device: 'cpu', precision: 'fp32' }), {
  groups: [['q']],
  rowBound: 1
})

/** Finds with a file of this content in the checkpoint's place. */
async function find(content: string, fresh: boolean) {
  const file = join(await temporaryFolder(), 'sweep.json')
  await writeFile(`${file}.partial`, content)
  return new SweepCheckpoint(checkpointBeside(file)).find(IDENTITY, fresh)
}

it.each([
  ['cut off', HEADER.slice(0, 120)],
  ['changed', `${HEADER.slice(0, -9)}x${HEADER.slice(-8)}`]
])('begins anew over a checkpoint that is %s, where it is told to', async (_, content) => {
  const { message, hint } = await problemOf(find(content, false))
  expect(message).toMatch(/in the place of a sweep's checkpoint and is damaged\.$/)
  expect(hint).toMatch(/^Begin anew with --fresh, or choose another output than sweep\.json\.$/)
  expect((await find(content, true)).results).toEqual([])
})

it("never begins anew over a file that is someone else's", async () => {
  expect((await problemOf(find('{"mine": true}\n', true))).hint).toMatch(/^Remove it, or choose/)
})
