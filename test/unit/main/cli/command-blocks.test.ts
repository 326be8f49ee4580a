import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { resourcePath } from '../../../../src/main/base/resources'
import { BUILTIN_TASKS, builtinTask } from '../../../../src/main/evaluation/builtin-tasks'
import { createProject } from '../../../../src/main/project/create-project'
import { startAnswerEndpoint } from '../../../fixtures/answer-endpoint'
import { runHere } from '../../../fixtures/command-line'
import { demoPrompts, shortPair } from '../../../fixtures/swept-project'

/*
 * Runs the commands of the documentation. They differ from the pages only where that saves time: half of the demo pair stands in
 * for all models, a sweep has few prompts, and a model gives one answer to each. Commands that differ from others only in their
 * numbers, and whose result nothing reads, are planned by `--dry-run`.
 */

const ROOT = join(import.meta.dirname, '../../../..')
const PAGES = ['README.md', 'docs/ten-commands.md', 'docs/cli.md', 'docs/demo.md', 'docs/answers.md', 'docs/batch.md']

/** Commands that need something which a test does not have. */
const NOT_RUN: readonly [command: RegExp, reason: string][] = [
  [/^(?!slr )/, 'another program; Slurm has a separate test'],
  [/\/shared\//, 'a folder of several machines'],
  [/^slr (?:serve|open)\b/, 'runs until it is stopped'],
  [/^slr lineage\b/, 'stages have a separate test'],
  [/--ranks?\b/, 'slow; adapters have a separate test'],
  [/enable_thinking/, 'an argument of the chat template of Qwen3']
]

/** Commands that are planned only. */
const PLANNED = /^slr (?:sweep|evaluate) --demo\b(?!.*(?:--out|=))|--regain/

/** Returns the commands of the blocks of a page, each in one line without its comment. */
const commandsOf = (page: string): string[] =>
  [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block = '']) =>
    block
      .replaceAll(/ \\\n */g, ' ')
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '').trim())
      .filter((line) => line !== '' && !NOT_RUN.some(([command]) => command.test(line)))
  )

/** Commands of earlier pages, which are not run again. Later pages use the files that these write. */
const done = new Set<string>()
const PAIR = await shortPair()
const PAIR_OPTIONS = ['--base', PAIR.base, '--post', PAIR.post]
let folder: string
let endpoint: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slr-test-'))
  const prompts = await demoPrompts(10)
  const pair = { kind: 'folders' as const, ...PAIR }
  const project = await createProject({ folder, name: 'my-pair', pair, prompts })
  await project.close()
  const file = (name: string, content: unknown): Promise<void> =>
    writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  await file('few.json', await demoPrompts(20))
  await file('recipes.json', [{ name: 'upper', ranges: [[1, 5]] }])
  await file('state_name.json', { 'Name a state.': { answers: [['Ohio']], category: 'state' } })
  await cp(resourcePath('tasks', 'demo-facts.json'), join(folder, 'gsm8k.json'))
  const open = await builtinTask('demo-open')
  await file('questions.json', { ...open, id: 'questions', prompts: open.prompts.slice(0, 2) })
  const answers = [0, 1].map((prompt) => JSON.stringify({ prompt, text: 'red' }))
  await file('answers.jsonl', answers.join('\n'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const inFolder = (word: string): string =>
  /^(?:[\w-]+\.(?:json|jsonl|yaml|slr|html)|restored|dial)$/.test(word) ? join(folder, word) : word

/** Returns the words of a command with files in the folder, the short pair with its half of the layers, and little work. */
async function wordsOf(line: string): Promise<string[]> {
  const words = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word).slice(1)
  if (PLANNED.test(line)) words.push('--dry-run')
  const [command = '', part] = words
  const [run = ''] = await readdir(join(folder, 'my-pair.slr/pairs/pair-1/sweeps')).catch(() => [])
  const changed = words.flatMap((word, index) => {
    const before = words[index - 1]
    if (/^--(?:blend-)?demo$/.test(word)) return PAIR_OPTIONS
    // The short pair has no SFT stage.
    if (word === 'sft' && command === 'evaluate') return '0-1'
    if (before === '--base' || word === 'sft') return PAIR.base
    if (before === '--post') return PAIR.post
    const [, start] = /^(\d+)-1[15]$/.exec(word) ?? []
    if (start !== undefined) return `${Math.floor(Number(start) / 2)}-5`
    if (before === '--n') return '1'
    if (before === '--uniform-blends') return '3'
    if (before === 'new' && part === 'new') return join(folder, `new-${randomUUID()}.slr`)
    if (word === '1a2b3c4d') return run.slice(0, 8)
    if (/^--(task|regain|keep)$/.test(before ?? '') && /^(?:sweep|evaluate)$/.test(command)) {
      if (!word.includes('.')) expect(BUILTIN_TASKS).toContain(word)
      return join(folder, 'questions.json')
    }
    const [, name, model, file] = /^(\w+)=(?:([\w-]+)@http.*|(\S+))$/.exec(word) ?? []
    if (model !== undefined) return `${name}=${model}@${endpoint}`
    return file === undefined ? inFolder(word) : `${name}=${inFolder(file)}`
  })
  const gives = (...options: string[]): boolean => options.some((option) => words.includes(option))
  if (
    /^(?:sweep|check|search)$/.test(command) &&
    !gives('--project', '--from', '--merge', '--task', '--regain', '--prompts')
  )
    changed.push('--prompts', join(folder, 'few.json'))
  // The first sweep is checked too. Others are scored only, those of a project with few blends.
  if (command === 'sweep' && done.size > 1) {
    if (!gives('--dry-run', '--shard', '--merge', '--task')) changed.push('--no-check')
    if (gives('--project') && !gives('--merge')) changed.push('--uniform-blends', '2')
  }
  if (command === 'search') changed.push('--budget', '100')
  if (command === 'evaluate' && !gives('--n')) changed.push('--n', '1')
  if (command === 'check' && !gives('--best', 'blend:0.6')) changed.push('--best', '1')
  return changed
}

/** Prepares the folder for a command that the page runs in another one. */
async function prepare(line: string): Promise<void> {
  const [restored, study] = [join(folder, 'restored'), join(folder, 'quick.yaml')]
  if (/ show before.json /.test(line))
    for (const name of ['before.json', 'after.json']) await cp(join(folder, 'sweep.json'), join(folder, name))
  if (/ export .*--overwrite/.test(line)) await cp(join(restored, 'mergekit.yaml'), join(folder, 'mergekit.yaml'))
  else if (/ export /.test(line)) await rm(restored, { recursive: true, force: true })
  if (/ study quick.yaml --dry-run/.test(line)) {
    const template = await readFile(study, 'utf8')
    const small = template
      .replace('  - demo', `  - ${JSON.stringify({ name: 'Short', ...PAIR })}`)
      .replace('task: crc', 'prompts: few.json')
      .replace('uniform-blends: 21', 'uniform-blends: 0')
      .replace('check: 5', 'check: 1')
      .replace('n: 8', 'n: 1')
      .replace('# prompts: 6', 'prompts: 2')
    await writeFile(study, small)
  }
}

it.each(PAGES)('the command blocks of %s run', { timeout: 120_000 }, async (page) => {
  endpoint = (await startAnswerEndpoint({ model: 'slr-8b' })).endpoint.baseUrl
  const commands = commandsOf(await readFile(join(ROOT, page), 'utf8'))
  expect(commands.length).toBeGreaterThan(0)
  for (const line of commands) {
    // The short pair stands in for both.
    const command = line.replace('--blend-demo', '--demo')
    if (done.has(command)) continue
    done.add(command)
    await prepare(line)
    const { status, stderr } = await runHere(await wordsOf(line))
    expect(status, `${line}\n${stderr}`).toBe(0)
  }
})
