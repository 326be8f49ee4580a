import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { exitStatus, runCli, startCli, waitForOutput } from '../../../fixtures/cli'
import { runHere } from '../../../fixtures/command-line'
import { writeMadePair } from '../../../fixtures/made-pair'

/** Writes the study of the template `paper` for the made pair, with stand-ins for the published files. */
async function paperStudy(): Promise<string> {
  const folder = await temporaryFolder()
  await writeMadePair(folder, 3)
  const file = join(folder, 'paper.yaml')
  await runHere(['study', file, '--template', 'paper', '--quiet'])
  const template = await readFile(file, 'utf8')
  const study = template
    .replace(/- name: .*\n.*\n.*\n/, '- {name: Made, base: base, post: post}\n')
    .replace('sweep:\n', 'sweep:\n  prompts: prompts.json\n')
    .replace('uniform-blends: 21', 'uniform-blends: 3')
    .replace('check: 5', 'check: 2')
    .replace('failed-by-post: 100', 'failed-by-post: 2')
    .replaceAll(/\bn: \d+/g, 'n: 2')
  const questions = [1, 2, 3].map((n) => ({ question: `What is ${n} + 90?`, answer: `#### ${n + 90}` }))
  const files = {
    'paper.yaml': study,
    'prompts.json': JSON.stringify([
      { text: 'A letter?', category: 'letter', valid: [...'ABCDEFGHIJKLMNOP'] },
      { text: 'A digit?', category: 'digit', valid: [...'0123456789'] }
    ]),
    ...Object.fromEntries(['poem', 'creative_story', 'joke'].map((name) => [`${name}.txt`, `A ${name}.\n`])),
    'state_name.json': JSON.stringify({ 'A vowel?': { answers: [['a'], ['e'], ['i']], category: 'vowels' } }),
    'test.jsonl': questions.map((question) => JSON.stringify(question)).join('\n')
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return file
}

const STEPS = [
  ...['sweep', 'check', 'evaluate/verbalized-sampling', 'sweep/coverage-qa', 'evaluate/coverage-qa'],
  ...['filter/gsm8k', 'evaluate/gsm8k', 'report']
]

/** Lists the work that a study printed for each step that it computed, such as "42 block evaluations". */
const computedIn = (stderr: string): string[] =>
  [...stderr.matchAll(/^Made\/(\S+): (?!Already)(.*) in .* s$/gm)].map(([, step, work]) => `${step}: ${work}`)

/** Reads the documents of a study. Ids are numbered by their time, and times and durations are left out. */
async function resultsOf(file: string): Promise<Record<string, string>> {
  const project = file.replace(/yaml$/, 'slr')
  const names = (await readdir(project, { recursive: true })).filter((name) =>
    /(tasks|sweeps|checks|evaluations).*\.(json|jsonl|scores)$/.test(name)
  )
  const texts = await Promise.all(
    names.map(async (name) => [name, await readFile(join(project, name), 'latin1')] as const)
  )
  const born = (text: string): string => /"createdAt": "(.*?)"/.exec(text)?.[1] ?? ''
  const ids = texts
    .toSorted(([, a], [, b]) => (born(a) < born(b) ? -1 : 1))
    .flatMap(([, text]) => /^ {2}"id": "([0-9a-f-]{36})"/m.exec(text)?.[1] ?? [])
  const plain = (text: string): string =>
    ids
      .reduce((replaced, id, index) => replaced.replaceAll(id, `id ${index}`), text)
      .replaceAll(/20\d\d-\d\d-\d\dT\d\d:\d\d:[\d.]+Z/g, 'time')
      .replaceAll(/"seconds": [\d.]+/g, '"seconds": 0')
  return Object.fromEntries(
    texts.filter(([path]) => !path.endsWith('.summary.json')).map(([path, text]) => [plain(path), plain(text)])
  )
}

it('the study of the paper, killed at every step, repeats no work and has the results of one run', async () => {
  const file = await paperStudy()
  const whole = await runHere(['study', file])
  expect(whole.status).toBe(0)
  expect(computedIn(whole.stderr)).toHaveLength(STEPS.length - 1)
  const expected = await resultsOf(file)
  for (const ending of ['slr', 'html']) await rm(file.replace(/yaml$/, ending), { recursive: true })

  const computed: string[] = []
  for (const [index, step] of STEPS.slice(1).entries()) {
    const killed = startCli(['study', file])
    const stderr = await waitForOutput(killed.stderr, `${index + 2} of ${STEPS.length}: Made/${step}`)
    killed.kill('SIGKILL')
    await exitStatus(killed)
    computed.push(...computedIn(stderr))
  }
  const last = await runCli(['study', file])
  expect(last.status).toBe(0)
  expect([...computed, ...computedIn(last.stderr)]).toEqual(computedIn(whole.stderr))
  expect(await resultsOf(file)).toEqual(expected)
}, 180_000)
