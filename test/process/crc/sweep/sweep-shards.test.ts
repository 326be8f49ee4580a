import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { SweepDocument } from '../../../../src/contract/documents/crc'
import { SweepPart } from '../../../../src/contract/documents/sweep-part'
import { mergeParts } from '../../../../src/main/crc/sweep/merge-parts'
import { promptsOfShard } from '../../../../src/main/crc/sweep/shard'
import { packPrompts } from '../../../../src/main/engine/tries/prompt-trie'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { runHere } from '../../../fixtures/command-line'
import { expectSameResults } from '../../../fixtures/swept-demo'
import { demoPrompts, shortPair } from '../../../fixtures/swept-project'
import { textFolder } from '../../../fixtures/text-folder'

describe('the prompts of shards', () => {
  const shares = (prompts: number[][], count: number): number[][] =>
    Array.from({ length: count }, (_, place) => promptsOfShard(prompts, { index: place + 1, count }))

  it('are all prompts, each of one shard, whatever the prompts', () => {
    const tokens = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(fc.array(tokens, { minLength: 1, maxLength: 30 }), fc.nat(), (prompts, draw) => {
        const taken = shares(prompts, 1 + (draw % prompts.length))
        expect(taken.every((share) => share.length > 0)).toBe(true)
        expect(taken.flat().sort((a, b) => a - b)).toEqual(prompts.map((_, index) => index))
      })
    )
  })

  it('keep prompts of one beginning together, and weigh about the same', () => {
    // Four families of five prompts that share fifteen tokens, in mixed order.
    const prompts = Array.from({ length: 20 }, (_, index) => [
      ...Array.from({ length: 15 }, () => index % 4),
      100 + index
    ])
    const taken = shares(prompts, 4)
    expect(taken.map((share) => new Set(share.map((index) => index % 4)).size)).toEqual([1, 1, 1, 1])
    const sizes = taken.map((share) => packPrompts(share.map((index) => prompts[index] ?? [])).tokens.length)
    expect(sizes).toEqual([20, 20, 20, 20])
  })

  it('are not more shards than prompts', () => {
    expect(() => promptsOfShard([[1], [2]], { index: 1, count: 3 })).toThrow(/2 prompts cannot be split into 3/)
  })
})

describe('slr sweep --shard and slr sweep --merge', { timeout: 60_000 }, () => {
  let whole: SweepDocument
  let parts: SweepPart[]
  beforeAll(async () => {
    const pair = await shortPair()
    const prompts = join(await textFolder({ 'prompts.json': await demoPrompts(3) }), 'prompts.json')
    const run = async (...args: string[]): Promise<unknown> => {
      const { status, stdout } = await runHere([
        ...['sweep', '--base', pair.base, '--post', pair.post, '--prompts', prompts],
        ...['--json', '--quiet', '--device', 'cpu', ...args]
      ])
      expect(status).toBe(0)
      return JSON.parse(stdout)
    }
    whole = SweepDocument.parse(await run('--no-check'))
    parts = []
    for (const shard of ['1/3', '2/3', '3/3']) parts.push(SweepPart.parse(await run('--shard', shard)))
  }, 60_000)

  async function written(changed: readonly SweepPart[]): Promise<string[]> {
    const folder = await temporaryFolder()
    const files = changed.map((_, index) => join(folder, `part${index + 1}.json`))
    for (const [index, part] of changed.entries()) await writeFile(files[index] ?? '', JSON.stringify(part))
    return files
  }

  it('give the sweep of one machine, in whatever order the parts come', async () => {
    const files = await written(parts)
    const { status, stdout } = await runHere(['sweep', '--merge', ...files.toReversed(), '--json'])
    expect(status).toBe(0)
    const merged = SweepDocument.parse(JSON.parse(stdout))
    // Only the unsharded sweep has scores of attention alone and MLP alone, which need the models.
    const recipes = whole.recipes.filter(({ alone }) => alone === undefined)
    expect(recipes).toHaveLength(whole.recipes.length - 2)
    expectSameResults(merged, { ...whole, recipes })
    expect(merged.fewShot?.format).toEqual(whole.fewShot?.format)
    for (const measure of ['validity', 'diversity', 'klToBase'] as const)
      expect(merged.fewShot?.[measure]).toBeCloseTo(whole.fewShot?.[measure] ?? NaN, 5)
    expect(merged.selection?.bootstrap.wins).toEqual(whole.selection?.bootstrap.wins)
    expect(merged.selection?.crossFit?.folds.map(({ selected }) => selected)).toEqual(
      whole.selection?.crossFit?.folds.map(({ selected }) => selected)
    )
    expect(merged.work.promptTokens).toBe(whole.work.promptTokens)
    expect(merged.work.blockEvaluations).toBe(3 * whole.work.blockEvaluations)
  })

  it('needs no model files, and selects with another rho on request', () => {
    const elsewhere = parts.map((part) => ({ ...part, basePath: { ...part.basePath, path: '/gone' } }))
    const merged = mergeParts(named(elsewhere), { rho: 0 })
    const best = whole.ranges.reduce((a, b) => (b.diversity > a.diversity ? b : a))
    expect(merged.selected).toEqual({ start: best.start, end: best.end })
  })

  it.each([
    ['a missing part', (all: SweepPart[]) => all.slice(0, 2), /1 is missing: 3\/3/],
    ['a part given twice', (all: SweepPart[]) => [...all, ...all.slice(0, 1)], /4\.json and 1\.json are both shard 1/],
    ['another pair', second({ postPath: { path: '/p', fingerprint: 'x' } }), /2\.json .* of another post model/],
    [
      'another source',
      second({ source: { name: 'sft', path: '/s', fingerprint: 'x' } }),
      /2\.json .* another checkpoint/
    ],
    ['another device', second({ device: 'webgpu' }), /2\.json .* another device \(webgpu, not cpu\)/],
    ['another rho', second({ rho: 0.5 }), /2\.json .* another rho \(0.5, not 0.9\)/],
    [
      'another rendering',
      (all: SweepPart[]) => second({ rendering: { ...rendering(all), systemPrompt: 'Hi' } })(all),
      /2\.json .* rendered/
    ],
    [
      'other prompts',
      (all: SweepPart[]) => second({ prompts: all[1]?.prompts.toReversed() ?? [] })(all),
      /2\.json .* other prompts/
    ],
    [
      'a shard of another count',
      second({ shard: { index: 2, count: 4 } }),
      /2\.json is a shard of 4, 1\.json one of 3/
    ],
    [
      'prompts scored twice',
      (all: SweepPart[]) =>
        second({
          scoredPrompts: all[0]?.scoredPrompts ?? [],
          models: all[0]?.models ?? [],
          baselines: all[0]?.baselines ?? [],
          fewShot: all[0]?.fewShot
        })(all),
      /2\.json and 1\.json both score prompt/
    ],
    [
      'scores that are not those of their probabilities',
      (all: SweepPart[]) => forged(all),
      /2\.json .* contradicts its own/
    ]
  ])('refuses %s and names the file', (_, change, message) => {
    expect(() => mergeParts(named(change(parts)), {})).toThrow(message)
  })
})

function named(parts: readonly SweepPart[]) {
  return parts.map((part, index) => ({ file: `${index + 1}.json`, part }))
}

function second(change: Partial<SweepPart>): (parts: SweepPart[]) => SweepPart[] {
  return (parts) => parts.map((part, index) => (index === 1 ? { ...part, ...change } : part))
}

function rendering(parts: readonly SweepPart[]): SweepPart['rendering'] {
  const [part] = parts
  if (part === undefined) throw new Error('no part')
  return part.rendering
}

/** A first score that claims more than its probabilities. */
function forged(parts: SweepPart[]): SweepPart[] {
  const models = parts[1]?.models.map(({ model, prompts }) => ({
    model,
    prompts: prompts.map((score, index) => (index === 0 ? { ...score, diversity: 1 } : score))
  }))
  return second({ models })(parts)
}
