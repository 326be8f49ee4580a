import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, it, test } from 'vitest'
import { checkOutputFile } from '../../../../../src/main/cli/results/output-file'
import { requireSameIdentity, type WrittenKind } from '../../../../../src/main/cli/results/replaced-file'
import { withKind } from '../../../../../src/contract/documents/document-kind'
import { documentPage } from '../../../../../src/main/report/page'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { problemOf } from '../../../../fixtures/problems'
import { sampleLine } from '../../../../fixtures/sample-documents'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

const SWEEP = JSON.stringify(withKind('sweep', tinySweep()))
const TASK = '{"kind": "creative"}'
const MARKDOWN = '# Study\n\nbase restored into post · Selective Layer Restoration · now · SLR Workbench 1\n'

async function file(name: string, content: string): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

it.each<[WrittenKind, string]>([
  ['sweep', SWEEP],
  ['search', '{"kind": "search"}'],
  ['task', TASK],
  ['answers', `${JSON.stringify(sampleLine())}\n`],
  ['answers', '{"variant":"po'],
  ['page', documentPage({ title: 'Report', subtitle: '' }, [])],
  ['page', MARKDOWN],
  ['evaluation', '']
])('lets %s replace %j', async (kind, content) => {
  await expect(checkOutputFile(await file('out', content), kind, {}, false)).resolves.toMatchObject({ exists: true })
})

it.each<[WrittenKind, string, string, string]>([
  ['answers', 'model.safetensors', '\u0001\u0002', 'weights of a model (2 B)'],
  ['sweep', 'config.json', '{"model_type": "llama"}', 'the config of a model (23 B)'],
  ['task', 'tokenizer_config.json', '{}', 'the tokenizer of a model (2 B)'],
  ['search', 'sweep.json', SWEEP, 'a sweep'],
  ['sweep', 'task.json', TASK, 'a task'],
  ['page', 'answers.jsonl', '{"variant":"post"}', 'a file of answers'],
  ['page', 'notes.md', '# Notes', 'nothing that this program wrote (7 B)']
])('lets no %s replace %s', async (kind, name, content, is) => {
  const path = await file(name, content)
  const { code, message } = await problemOf(checkOutputFile(path, kind, {}, false))
  expect({ code, message: message.replace(path, basename(path)) }).toEqual({
    code: 'bad-input',
    message: expect.stringMatching(new RegExp(`^${name} cannot be replaced by .*: it is `))
  })
  expect(message.endsWith(`: it is ${is}.`)).toBe(true)
  expect(await readFile(path, 'utf8')).toBe(content)
  await expect(checkOutputFile(path, kind, {}, true)).resolves.toMatchObject({ exists: true, identity: null })
})

const MADE = { basePath: { path: '/b', fingerprint: 'b' }, postPath: { path: '/p', fingerprint: 'p' } }
const OTHER_PAIR = { ...MADE, basePath: { path: '/x', fingerprint: 'x' } }

it('lets a sweep replace one of its pair that shares a prompt, and no other', async () => {
  const output = await checkOutputFile(await file('sweep.json', SWEEP), 'sweep', {}, false)
  const { prompts } = tinySweep()
  const refusal = (now: Parameters<typeof requireSameIdentity>[2]): Promise<{ message: string }> =>
    problemOf(Promise.resolve().then(() => requireSameIdentity(output, 'sweep', now)))
  requireSameIdentity(output, 'sweep', { ...MADE, prompts: prompts.slice(1) })
  requireSameIdentity({ ...output, identity: null }, 'sweep', { ...OTHER_PAIR, prompts })
  expect((await refusal({ ...OTHER_PAIR, prompts })).message).toMatch(
    /sweep.json cannot be replaced by a sweep: it is one of another pair: \/models\/base and \/models\/post\.$/
  )
  expect((await refusal({ ...MADE, prompts: [{ text: 'Anything else?' }] })).message).toMatch(
    /is one of other prompts\./
  )
})

it('lets a part of a sweep replace the same part, and no other', async () => {
  const shard = { index: 1, count: 2 }
  const part = JSON.stringify({ ...tinySweep(), kind: 'sweep-part', shard })
  const output = await checkOutputFile(await file('part.json', part), 'sweep-part', {}, false)
  requireSameIdentity(output, 'sweep-part', { ...MADE, prompts: tinySweep().prompts, shard })
  for (const other of [
    { index: 2, count: 2 },
    { index: 1, count: 3 }
  ]) {
    const now = { ...MADE, prompts: tinySweep().prompts, shard: other }
    expect(() => {
      requireSameIdentity(output, 'sweep-part', now)
    }).toThrow(/cannot be replaced by a part of a sweep: it is part 1 of 2\.$/)
  }
})

it.each<[WrittenKind, unknown]>([
  ['check', { kind: 'check', ...OTHER_PAIR }],
  ['search', { kind: 'search', ...OTHER_PAIR }],
  ['evaluation', { kind: 'evaluation', run: OTHER_PAIR }]
])('lets no %s replace one of another pair', async (kind, document) => {
  const output = await checkOutputFile(await file('out.json', JSON.stringify(document)), kind, {}, false)
  requireSameIdentity(output, kind, OTHER_PAIR)
  expect(() => {
    requireSameIdentity(output, kind, MADE)
  }).toThrow(new RegExp(`cannot be replaced by an? .*${kind}: it is one of another pair: /x and /p\\.$`))
})

test('slr check, search and evaluate keep the document of another pair', async () => {
  const documents = {
    check: { kind: 'check', ...OTHER_PAIR },
    search: { kind: 'search', ...OTHER_PAIR },
    evaluate: { kind: 'evaluation', run: OTHER_PAIR }
  }
  for (const [command, document] of Object.entries(documents)) {
    const path = await file('out.json', JSON.stringify(document))
    const what = command === 'evaluate' ? ['--task', 'random-choice'] : []
    expect(await runHere([command, '--blend-demo', ...what, '--device', 'cpu', '--out', path])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(': it is one of another pair: /x and /p.')
    })
    expect(await readFile(path, 'utf8')).toBe(JSON.stringify(document))
  }
})

test('slr sweep and slr sweep --dry-run keep the sweep of another pair', async () => {
  const path = await file('sweep.json', SWEEP)
  for (const dryRun of [[], ['--dry-run']]) {
    expect(await runHere(['sweep', ...dryRun, '--blend-demo', '--device', 'cpu', '--out', path])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`${path} cannot be replaced by a sweep: it is one of another pair`)
    })
  }
  expect(await readFile(path, 'utf8')).toBe(SWEEP)
})
