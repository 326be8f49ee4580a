import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resourcePath } from '../../../../../src/main/base/resources'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'

const BASE = resourcePath('demo-pair', 'base')

test.each([
  ['--post', (gone: string) => ['inspect', '--base', BASE, '--post', gone]],
  ['--base', (gone: string) => ['inspect', '--base', gone, '--post', gone]],
  ['--project', (gone: string) => ['sweep', '--no-check', '--project', gone]],
  ['--prompts', (gone: string) => ['sweep', '--no-check', '--demo', '--prompts', gone]],
  ['--variants', (gone: string) => ['evaluate', '--demo', '--task', 'demo-open', '--variants', gone]],
  ['--out', (gone: string) => ['sweep', '--no-check', '--demo', '--out', join(gone, 'sweep.json')]]
])('an error on a file names the option %s', async (flag, argsOf) => {
  const gone = join(await temporaryFolder(), 'gone')
  const { status, stderr } = await runHere(argsOf(gone))
  expect(status).toBe(1)
  if (flag === '--out') expect(stderr).toContain('There is no folder')
  else expect(stderr).toMatch(new RegExp(`^slr: ${flag}: .*gone`))
})

test('an error on two files that are not within each other names both itself', async () => {
  const folder = await temporaryFolder()
  const { stderr } = await runHere(['inspect', '--base', join(folder, 'a'), '--post', join(folder, 'b')])
  expect(stderr).toMatch(/^slr: Base: There is no folder .* Post: There is no folder /)
})

test('an error on a file below a folder names the option of the folder, and of two the closer one', async () => {
  const folder = await temporaryFolder()
  const post = join(folder, 'post')
  await mkdir(post)
  await writeFile(join(folder, 'config.json'), '{}')
  await writeFile(join(post, 'config.json'), 'no JSON')
  const { stderr } = await runHere(['inspect', '--base', BASE, '--post', post])
  expect(stderr).toMatch(/^slr: --post: .*config\.json/)
})
