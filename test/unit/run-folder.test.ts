import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { removeAbandoned } from '../fixtures/run-folder'

it('a test run removes the folders of runs that were killed, and no others', async () => {
  const parent = await temporaryFolder()
  const ended = spawnSync(process.execPath, ['--version']).pid
  const others = [`slr-run-${process.pid}-b`, 'slr-run-c', `x-slr-run-${ended}-d`]
  for (const name of [`slr-run-${ended}-a`, ...others]) mkdirSync(join(parent, name, 'inner'), { recursive: true })
  removeAbandoned(parent)
  expect(readdirSync(parent).sort()).toEqual(others.sort())
})
