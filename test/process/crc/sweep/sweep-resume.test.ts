import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { SweepDocument } from '../../../../src/contract/documents/crc'
import { bytesAsText } from '../../../../src/contract/model/bytes'
import type { Model } from '../../../../src/contract/model/model'
import type { Recipe } from '../../../../src/contract/model/recipe'
import type { CrcSweepEvent } from '../../../../src/main/crc/sweep/compute-sweep'
import { runCrcSweep, type SweepHistory } from '../../../../src/main/crc/sweep/crc-sweep'
import type { CrcSweepRequest } from '../../../../src/main/crc/sweep/prepare-sweep'
import { progressBeside, SavedSweepProgress } from '../../../../src/main/crc/sweep/saved-sweep-progress'
import { builtinPromptSet } from '../../../../src/main/crc/task/builtin-prompts'
import { postAndRanges, trieOf } from '../../../../src/bench/workload'
import { elementAt } from '../../../../src/contract/model/look-up'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { countEdges } from '../../../../src/main/engine/tries/recipe-trie'
import { resourcePath } from '../../../../src/main/base/resources'
import { exitStatus, startCli } from '../../../fixtures/cli'
import { runHere } from '../../../fixtures/command-line'
import { HeldEngine, inOrder } from '../../../fixtures/held-engine'
import { sharedEngine } from '../../../fixtures/shared-engine'
import {
  computeSweep,
  demoSweep,
  expectSameResults,
  inGroups,
  leastSaid,
  sweepHistory
} from '../../../fixtures/swept-demo'

/** Interrupted sweeps of the demo pair in several prompt groups, with the built engine process. */

/** Few: with the least memory the demo's 40 prompts make three groups with them. */
const RECIPES = [6, 7, 8, 9, 10, 11].map((start): Recipe => ({
  name: `from layer ${start}`,
  ranges: [[start, 11]]
}))

const Line = z.object({ prompt: z.string(), models: z.array(z.number()).optional() })

const engine = new HeldEngine(sharedEngine)
let whole: SweepDocument
let request: CrcSweepRequest
let out: string
/** Stored part of a sweep that was cancelled halfway. */
let interruptedText: string
beforeAll(async () => {
  request = await demoSweep({ ranges: false, recipes: RECIPES })
  whole = await computeSweep(request)
  interruptedText = await interruptedSweep()
})
beforeEach(async () => {
  out = join(await mkdtemp(join(tmpdir(), 'slr-resume-')), 'sweep.json')
})
afterEach(() => rm(dirname(out), { recursive: true }))

const history = (change: Partial<SweepHistory> = {}, file = out): SweepHistory => sweepHistory(file, change)

interface Run {
  asked?: CrcSweepRequest
  /** With memory for all prompts at once. */
  whole?: boolean
  past?: SweepHistory
  /** Gets what is said on the way. */
  notices?: string[]
}

async function sweep(
  { asked = request, whole = false, past = history(), notices = [] }: Run,
  stop = new AbortController()
) {
  const client = whole ? engine.client() : inGroups(engine.client())
  const notify = (event: CrcSweepEvent) => event.type === 'notice' && notices.push(event.message)
  const document = await runCrcSweep(client, asked, stop.signal, notify, past)
  return { document, notices }
}

/** Cancels a sweep within its last group: the results of the two before are saved by then. @returns its progress */
async function interruptedSweep(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slr-resume-'))
  const file = join(folder, 'sweep.json')
  const stop = new AbortController()
  const reached = engine.holdAt(inOrder('group', 'group', 'progress'))
  const running = sweep({ past: history({}, file) }, stop)
  await reached()
  stop.abort()
  await expect(running).rejects.toMatchObject({ problem: { code: 'cancelled' } })
  const text = await readFile(`${file}.partial`, 'utf8')
  await rm(folder, { recursive: true })
  return text
}

/** Puts the interrupted sweep's progress beside the output. @returns the keys of the prompts in it */
async function interrupted(): Promise<string[]> {
  await writeFile(`${out}.partial`, interruptedText)
  const [, ...lines] = interruptedText.trimEnd().split('\n')
  return lines.map((line) => promptOf(line))
}

function promptOf(line: string): string {
  return Line.parse(JSON.parse(line.slice(65))).prompt
}

/** Another digit or letter in the middle of a line, counted from 0. */
function damage(text: string, line: number): string {
  const lines = text.split('\n')
  const damaged = lines[line] ?? ''
  const middle = Math.floor(damaged.length / 2)
  lines[line] = `${damaged.slice(0, middle)}${damaged[middle] === 'A' ? 'B' : 'A'}${damaged.slice(middle + 1)}`
  return lines.join('\n')
}

/** Says of the first letter's line that it is of a digit's prompt, with a hash to match. */
function misattributed(text: string): string {
  const lines = text.split('\n')
  const [, letter = ''] = lines
  lines[1] = hashed(letter.slice(65).replace(promptOf(letter), whole.prompts.at(-1)?.key ?? ''))
  return lines.join('\n')
}

function hashed(json: string): string {
  return `${createHash('sha256').update(json).digest('hex')} ${json}`
}

describe('a sweep that was cancelled', () => {
  it('continues from the undamaged lines of its progress with the same results, and reports only its own work', async () => {
    const kept = await interrupted()
    expect(kept.length).toBeLessThan(40)
    const text = await readFile(`${out}.partial`, 'utf8')
    // A line of another prompt, a damaged one, and one that is cut off.
    await writeFile(`${out}.partial`, damage(misattributed(text), 3).slice(0, -100))
    const used = kept.filter((_, line) => ![0, 2, kept.length - 1].includes(line))
    expect(used.length).toBeGreaterThan(0)
    const past = history()
    const { document } = await sweep({ past })
    expectSameResults(document, whole)
    expect(document.reusedPromptCount).toBe(used.length)
    const computed = document.prompts.filter(({ key }) => !used.includes(key))
    expect(document.work.promptTokens).toBe(computed.reduce((sum, { tokens }) => sum + tokens.length, 0))
    await past.savedProgress.remove()
    expect(await readdir(dirname(out))).toEqual([])
  })

  it('computes everything with --fresh, and nothing when only its result was not saved', async () => {
    await interrupted()
    const { document: fresh } = await sweep({ past: history({ fresh: true }) })
    expect(fresh.reusedPromptCount).toBe(0)
    expect(fresh.work.promptTokens).toBe(688)
    const { document } = await sweep({})
    expectSameResults(document, whole)
    expect(document).toMatchObject({ reusedPromptCount: 40, work: { blockEvaluations: 0 }, seconds: 0 })
  })

  it('tries again to save progress that a full disk refused, and says so', async () => {
    const beside = progressBeside(out)
    let refused = false
    const savedProgress = new SavedSweepProgress({
      ...beside,
      fileFor: async (name) => {
        if (refused) return beside.fileFor(name)
        refused = true
        throw new WorkbenchError('read-only', 'The disk is full.', 'Free some space and try again.')
      }
    })
    const { notices } = await sweep({ past: history({ savedProgress }) })
    expect(notices).toEqual([
      'The sweep goes on and tries again to save its progress. The disk is full. Free some space and try again.',
      'The progress of the sweep is saved again.'
    ])
  })

  it('computes only what changed of a changed prompt set', async () => {
    const kept = await interrupted()
    const demoPrompts = await builtinPromptSet('demo-crc')
    const prompts = demoPrompts.with(0, { text: 'Any digit?', category: 'digit', valid: ['1', '2', '7'] })
    const { document } = await sweep({ asked: { ...request, prompts: prompts.toReversed() } })
    expect(document.reusedPromptCount).toBe(kept.length - 1)
    const [last] = document.post.prompts.slice(-2)
    expect(last?.validity).toBeCloseTo(whole.post.prompts[1]?.validity ?? NaN, 5)
  })
})

it('that was stopped within its only group of prompts continues after the finished models, to the same numbers', async () => {
  // Long enough to be computed in parts.
  const plain = await builtinPromptSet('demo-crc')
  const prompts = plain.map((prompt) => ({ ...prompt, text: `${prompt.text} `.repeat(4) }))
  const all = { asked: await demoSweep({ prompts }), whole: true }
  const halfway = engine.holdAt(inOrder('part', 'progress'))
  const wholly = sweep({ ...all, past: history({}, `${out}-whole`) })
  await halfway()
  // The files as a crash at this moment would leave them.
  await copyFile(`${out}-whole.partial`, `${out}.partial`)
  engine.letGo()
  const { document: uninterrupted } = await wholly

  const stop = new AbortController()
  const past = history()
  const reached = engine.holdAt(inOrder('progress'))
  const running = sweep({ ...all, past }, stop)
  await reached()
  stop.abort()
  await expect(running).rejects.toMatchObject({ problem: { code: 'cancelled' } })
  const [, ...lines] = (await readFile(`${out}.partial`, 'utf8')).trimEnd().split('\n')
  const models = Line.parse(JSON.parse(lines[0]?.slice(65) ?? '')).models ?? []
  expect(lines).toHaveLength(40)
  const begun = { models: models.length, modelCount: 80, group: 1, groupCount: 1 }
  expect(past.savedProgress.stored?.known).toEqual({ prompts: 0, of: 40, begun })

  const { document } = await sweep(all)
  const results = ({ post, base, ranges, selection, reusedPromptCount }: SweepDocument): unknown => [
    { post, base, ranges, selection, reusedPromptCount }
  ]
  expect(results(document)).toEqual(results(uninterrupted))
  const [asPost, ...asRanges] = postAndRanges(12)
  const swept: Model[] = [asPost ?? { kind: 'post' }, { kind: 'base' }, ...asRanges]
  const kept = models.map((model) => elementAt(swept, model, 'model'))
  const keptWork = countEdges(trieOf(kept, 12))
  expect(keptWork).toBeGreaterThan(50)
  expect(keptWork + document.work.blockEvaluations).toBeLessThanOrEqual(388 + 12)
})

describe('saved progress', () => {
  it.each([
    ['other models', { uniformBlendCount: 3, ranges: false }],
    [
      'another pair',
      { base: resourcePath('blend-pair', 'post'), post: resourcePath('blend-pair', 'base'), ranges: false }
    ]
  ])('of %s is not used, and says so', async (_, change) => {
    const kept = await interrupted()
    const all = await builtinPromptSet('demo-crc')
    const known = all.filter((_, place) => kept.includes(whole.prompts[place]?.key ?? ''))
    const asked = { ...request, ...change, prompts: known.slice(0, 4) }
    const { document, notices } = await sweep({ asked, whole: true })
    expect(document.reusedPromptCount).toBe(0)
    expect(notices).toContainEqual(expect.stringMatching(/partial is of another sweep/))
  })

  it.each([
    ['a file of somebody else', () => 'my notes\n'],
    ['progress with a damaged head', (text: string) => damage(text, 0)],
    ['an empty file', () => '']
  ])('is not made in the place of %s', async (_, change) => {
    await interrupted()
    const content = change(await readFile(`${out}.partial`, 'utf8'))
    await writeFile(`${out}.partial`, content)
    await expect(sweep({})).rejects.toMatchObject({
      problem: { code: 'bad-file', message: expect.stringContaining(`${out}.partial`) }
    })
    expect(await readFile(`${out}.partial`, 'utf8')).toBe(content)
  })
})

it('that is finished lends its results to one with changed prompts, and none to its own repetition', async () => {
  const after = history({ lastSweep: () => Promise.resolve(whole) }, `${out}-2`)
  const digit = { text: 'Any digit?', category: 'digit', valid: ['1', '2', '7'] }
  const prompts = [...(await builtinPromptSet('demo-crc')), digit]
  const { document: changed } = await sweep({ asked: { ...request, prompts }, past: after })
  expect(changed.reusedPromptCount).toBe(40)
  expect(changed.work.promptTokens).toBe(changed.prompts[40]?.tokens.length)
  const past = history({ lastSweep: () => Promise.resolve(whole) }, `${out}-4`)
  const { document: again } = await sweep({ past })
  expect(again.reusedPromptCount).toBe(0)
})

it(
  'whose engine is killed continues without help from any point, until the engine dies twice at one point, and then when it is run again',
  { timeout: 120_000 },
  async () => {
    const notices: string[] = []
    const running = sweep({ notices })
    running.catch(() => undefined)
    // In each of its three groups: where it begins, within it, and where its scores come; and once more before the last is over.
    const within = [inOrder('group', 'progress'), inOrder('group', 'probabilities')]
    for (const moment of [inOrder('plan'), ...within, inOrder('progress')]) {
      await engine.holdAt(moment)()
      engine.kill()
    }
    await expect(running).rejects.toMatchObject({ problem: { code: 'engine-lost' } })
    expect(notices.filter((notice) => /killed.* started again and goes on at/.test(notice))).toHaveLength(3)
    const { document } = await sweep({})
    expectSameResults(document, whole)
    expect(document.reusedPromptCount).toBeGreaterThan(0)
  }
)

it(
  'has the same results when the whole program is killed, each time with more prompts done',
  { timeout: 120_000 },
  async () => {
    const recipes = join(dirname(out), 'recipes.json')
    await writeFile(recipes, JSON.stringify(RECIPES))
    const what = ['--blend-demo', '--recipes', recipes, '--quiet', '--memory']
    const { stderr } = await runHere(['sweep', '--dry-run', ...what, '176MiB'])
    const args = ['sweep', '--no-check', ...what, bytesAsText(leastSaid(stderr)), '--out', out]
    const bytes = (): number => statSync(`${out}.partial`, { throwIfNoEntry: false })?.size ?? 0
    for (let killed = 0; killed < 2;) {
      const before = bytes()
      const child = startCli(args)
      const over = exitStatus(child)
      while (child.exitCode === null && bytes() <= before) await delay(5)
      // The engine notices that its parent is gone and ends by itself.
      child.kill('SIGKILL')
      // One that was over before it could be killed has begun again the next time.
      if ((await over) === null) killed++
      else await rm(out)
    }
    expect(await runHere(args)).toMatchObject({ status: 0 })
    const document = SweepDocument.parse(JSON.parse(await readFile(out, 'utf8')))
    expectSameResults(document, whole)
    expect(document.reusedPromptCount).toBeGreaterThan(0)
    expect(await readdir(dirname(out))).toEqual(['recipes.json', 'sweep.json'])
  }
)
