import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, it, test } from 'vitest'
import { checkOutputFile } from '../../../../src/main/cli/output-file'
import { requireOwnSweep, type WrittenKind } from '../../../../src/main/cli/replaced-file'
import { pageHead } from '../../../../src/main/report/page-head'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { runHere } from '../../../fixtures/command-line'
import { problemOf } from '../../../fixtures/problems'
import { sampleLine } from '../../../fixtures/sample-documents'
import { tinySearch, tinySweep } from '../../../fixtures/tiny-sweep'

const SWEEP = JSON.stringify(tinySweep())
const TASK = '{"kind": "open-ended", "prompts": [], "settings": {}}'
const MARKDOWN = '# Study\n\nbase restored into post · Selective Layer Restoration · now · SLR Workbench 1\n'

async function file(name: string, content: string): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

it.each<[WrittenKind, string]>([
  ['sweep', SWEEP],
  ['search', JSON.stringify(tinySearch({ name: 'upper', ranges: [[1, 1]] }))],
  ['task', TASK],
  ['answers', `${JSON.stringify(sampleLine())}\n`],
  ['answers', '{"variant":"po'],
  ['report', pageHead('Report', 'none', '').source],
  ['report', MARKDOWN],
  ['evaluation', '']
])('lets %s replace %j', async (kind, content) => {
  await expect(checkOutputFile(await file('out', content), kind)).resolves.toMatchObject({ exists: true })
})

it.each<[WrittenKind, string, string, string]>([
  ['answers', 'model.safetensors', '\u0001\u0002', 'weights of a model (2 B)'],
  ['sweep', 'config.json', '{"model_type": "llama"}', 'the config of a model (23 B)'],
  ['task', 'tokenizer_config.json', '{}', 'the tokenizer of a model (2 B)'],
  ['search', 'sweep.json', SWEEP, 'a sweep'],
  ['sweep', 'task.json', TASK, 'a task'],
  ['report', 'answers.jsonl', '{"variant":"post"}', 'a file of answers'],
  ['report', 'notes.md', '# Notes', 'nothing that this program wrote (7 B)']
])('lets no %s replace %s', async (kind, name, content, is) => {
  const path = await file(name, content)
  const { code, message } = await problemOf(checkOutputFile(path, kind))
  expect({ code, message: message.replace(path, basename(path)) }).toEqual({
    code: 'bad-input',
    message: expect.stringMatching(new RegExp(`^${name} would be replaced by .*\\b${kind}, and is `))
  })
  expect(message.endsWith(`, and is ${is}.`)).toBe(true)
  expect(await readFile(path, 'utf8')).toBe(content)
})

it('lets a sweep replace one of its pair that shares a prompt, and no other', async () => {
  const output = { path: await file('sweep.json', SWEEP), exists: true }
  const { prompts } = tinySweep()
  await requireOwnSweep(output, { base: 'b', post: 'p', prompts: prompts.slice(1) })
  await requireOwnSweep({ ...output, exists: false }, { base: 'x', post: 'p', prompts })
  expect((await problemOf(requireOwnSweep(output, { base: 'x', post: 'p', prompts }))).message).toMatch(
    /is one of another pair: \/models\/base and \/models\/post\.$/
  )
  const other = { base: 'b', post: 'p', prompts: [{ text: 'Anything else?' }] }
  expect((await problemOf(requireOwnSweep(output, other))).message).toMatch(/is one of other prompts, none/)
})

it('lets a part of a sweep replace the same part, and no other', async () => {
  const shard = { index: 1, count: 2 }
  const part = { path: await file('part.json', JSON.stringify({ ...tinySweep(), shard })), exists: true }
  const { prompts } = tinySweep()
  await requireOwnSweep(part, { base: 'b', post: 'p', prompts, shard })
  for (const other of [
    { index: 2, count: 2 },
    { index: 1, count: 3 }
  ])
    expect(
      (await problemOf(requireOwnSweep(part, { base: 'b', post: 'p', prompts, shard: other }))).message
    ).toMatch(/would be replaced, and is part 1 of 2\.$/)
})

test('slr sweep and slr plan keep the sweep of another pair', async () => {
  const path = await file('sweep.json', SWEEP)
  for (const command of ['sweep', 'plan']) {
    expect(await runHere([command, '--demo', '--device', 'cpu', '--out', path])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`${path} would be replaced by a sweep, and is one of another pair`)
    })
  }
  expect(await readFile(path, 'utf8')).toBe(SWEEP)
})
