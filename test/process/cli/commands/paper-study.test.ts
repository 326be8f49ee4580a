import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import {
  checkpointFixture,
  temporaryFolder,
  type TensorFixture,
  TINY_LLAMA,
  writeCheckpoint
} from '../../../fixtures/checkpoint-builder'
import { exitStatus, runCli, startCli, waitForOutput } from '../../../fixtures/cli'
import { runHere } from '../../../fixtures/command-line'
import { byteLevelTokenizer } from '../../../fixtures/text-folder'

const END = 256
const CONFIG = {
  ...TINY_LLAMA,
  ...{ vocab_size: 257, num_hidden_layers: 3, max_position_embeddings: 4096, eos_token_id: END }
}

/** Writes a made pair of three layers whose answers are a few bytes long. */
async function writeMadePair(folder: string): Promise<void> {
  for (const [seed, name] of ['base', 'post'].entries()) {
    const { config, tensors } = checkpointFixture({ config: CONFIG, dtype: 'F32', seed: seed + 1 })
    const model = await writeCheckpoint(join(folder, name), { config, tensors: tensors.map(withLikelyEnd) })
    await writeFile(join(model, 'tokenizer.json'), JSON.stringify(byteLevelTokenizer([], ['<end>'])))
    const template = '{% for message in messages %}{{ message.content }}\n{% endfor %}'
    await writeFile(join(model, 'tokenizer_config.json'), JSON.stringify({ chat_template: template }))
  }
}

/** Every embedding has one large number, to which the head gives the end of an answer. */
function withLikelyEnd(tensor: TensorFixture): TensorFixture {
  const { hidden_size: width } = CONFIG
  const values = new Float32Array(tensor.bytes.slice().buffer)
  if (tensor.name === 'model.embed_tokens.weight')
    for (let token = 0; token <= END; token++) values[token * width] = 0.3
  if (tensor.name === 'lm_head.weight') {
    for (const [index, value] of values.entries()) values[index] = 20 * value
    for (let unit = 0; unit < width; unit++) values[END * width + unit] = unit === 0 ? 2.5 : 0
  }
  return { ...tensor, bytes: new Uint8Array(values.buffer) }
}

/** Writes the study of the template `paper` for the made pair, with stand-ins for the published files. */
async function paperStudy(): Promise<string> {
  const folder = await temporaryFolder()
  await writeMadePair(folder)
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
