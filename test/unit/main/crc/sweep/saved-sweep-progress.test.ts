import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { headerLine, headerOf } from '../../../../../src/main/crc/sweep/progress-file'
import type { SweepIdentity } from '../../../../../src/main/crc/sweep/earlier-results'
import { progressBeside, SavedSweepProgress } from '../../../../../src/main/crc/sweep/saved-sweep-progress'
import { WorkbenchError } from '../../../../../src/contract/model/problem'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../../fixtures/problems'

const IDENTITY: SweepIdentity = {
  ...{ programVersion: '1', base: 'b', post: 'p', layerCount: 2, modelKeys: ['post'], baselineCount: 0 },
  scoredBy: { kind: 'crc' },
  prompts: [{ key: 'q', validCount: 2 }]
}
const HEADER = headerLine(headerOf(IDENTITY, { device: 'cpu', precision: 'fp32' }), {
  groups: [['q']],
  rowBound: 1
})

/** Finds with a file of this content in the place of progress. */
async function find(content: string, fresh: boolean) {
  const file = join(await temporaryFolder(), 'sweep.json')
  await writeFile(`${file}.partial`, content)
  return new SavedSweepProgress(progressBeside(file)).find(IDENTITY, fresh)
}

it.each([
  ['cut off', HEADER.slice(0, 120)],
  ['changed', `${HEADER.slice(0, -9)}x${HEADER.slice(-8)}`]
])('replaces progress that is %s if asked to start again', async (_, content) => {
  const { message, hint } = await problemOf(find(content, false))
  expect(message).toMatch(/should hold the progress of a sweep, but is damaged\.$/)
  expect(hint).toMatch(/^Start again with --fresh, or choose another output than sweep\.json\.$/)
  expect((await find(content, true)).results).toEqual([])
})

it('writes results that a full disk refused with the next ones', async () => {
  const beside = progressBeside(join(await temporaryFolder(), 'sweep.json'))
  let isFull = true
  const savedProgress = new SavedSweepProgress({
    ...beside,
    fileFor: async (name) => {
      if (isFull) throw new WorkbenchError('read-only', 'The disk is full.')
      return beside.fileFor(name)
    }
  })
  const identity = { ...IDENTITY, prompts: ['q', 'r'].map((key) => ({ key, validCount: 2 })) }
  savedProgress.begin(identity, { device: 'cpu', precision: 'fp32' }, { groups: [['q', 'r']], rowBound: 1 }, false)
  const score = { validity: 1, diversity: 1, effectiveChoices: 2, probabilities: [0.5, 0.5] }
  const keep = (promptKey: string) => savedProgress.add([{ promptKey, scores: new Map([[0, score]]) }])
  expect((await problemOf(keep('q'))).message).toBe('The disk is full.')
  expect(savedProgress.stored).toBeNull()
  isFull = false
  await keep('r')
  expect(savedProgress.stored?.known).toMatchObject({ prompts: 2, of: 2 })
  await savedProgress.close()
  const again = await new SavedSweepProgress(beside).find(identity, false)
  expect([...(again.results[0]?.scores.keys() ?? [])].sort()).toEqual(['q', 'r'])
})

it('never replaces a file of the user', async () => {
  expect((await problemOf(find('{"mine": true}\n', true))).hint).toMatch(/^Remove it, or choose/)
})
