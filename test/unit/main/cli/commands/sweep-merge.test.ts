import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

test('a full sweep is refused as one, and not as a part that a newer program wrote', async () => {
  const file = join(await temporaryFolder(), 'sweep.json')
  await writeFile(file, JSON.stringify({ kind: 'sweep', ...tinySweep() }))
  expect(await runHere(['sweep', '--merge', file, file])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('sweep.json is a full sweep, not a part of one.')
  })
})

test('a part that a newer program wrote is refused as that', async () => {
  const file = join(await temporaryFolder(), 'part.json')
  await writeFile(file, JSON.stringify({ kind: 'sweep-part', schemaVersion: 99 }))
  expect((await runHere(['sweep', '--merge', file])).stderr).toContain('is a part of a sweep of version 99')
})
