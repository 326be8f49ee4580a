import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkpointFixture, temporaryFolder, writeCheckpoint } from '../../../fixtures/checkpoint-builder'

import { runHere } from '../../../fixtures/command-line'
import { crcReference } from '../../../fixtures/crc-reference'
import { LOGIT_TOLERANCE, largestDifference, readGolden } from '../../../fixtures/goldens'

/** Output that other programs may rely on. */
const ProbeOutput = z.strictObject({
  kind: z.literal('next-token'),
  schemaVersion: z.literal(1),
  results: z.array(
    z.strictObject({
      tokens: z.array(z.number().int()),
      top: z.array(
        z.strictObject({
          id: z.number().int(),
          text: z.string().nullable(),
          probability: z.number().min(0).max(1)
        })
      ),
      logits: z.array(z.number()).optional()
    })
  ),
  notices: z.array(z.string())
})

async function probe(...args: string[]): Promise<z.infer<typeof ProbeOutput>['results']> {
  const { status, stdout, stderr } = await runHere(['sample', '--next', ...args, '--json'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return ProbeOutput.parse(JSON.parse(stdout)).results
}

const golden = readGolden('llama3')
const [goldenPair] = golden.pairs
const GOLDEN_PAIR = ['--base', goldenPair?.base ?? '', '--post', goldenPair?.post ?? '']

const [referencePrompt] = crcReference.prompts
const PROMPT = referencePrompt?.text ?? ''
const PROMPT_TOKENS = referencePrompt?.token_ids ?? []

describe('slr sample --next', () => {
  let fromPrompt: Awaited<ReturnType<typeof probe>>[number] | undefined
  let fromTokens: typeof fromPrompt
  beforeAll(async () => {
    const tokens = ['--tokens', PROMPT_TOKENS.join(',')]
    const [ofPrompt, ofTokens] = await Promise.all([
      probe('--blend-demo', '--prompt', PROMPT),
      probe('--blend-demo', ...tokens, '--top', '2048', '--logits')
    ])
    fromPrompt = ofPrompt[0]
    fromTokens = ofTokens[0]
  })

  it('restores what a recipe file says', async () => {
    const file = join(await temporaryFolder(), 'recipe.json')
    const layers = [0, 1, 1, 0].map((strength) => ({ attention: strength, mlp: strength }))
    await writeFile(file, JSON.stringify({ name: 'middle', layers }))
    const tokens = ['--tokens', (golden.prompts['short'] ?? []).join(',')]
    const [result] = await probe(...GOLDEN_PAIR, ...tokens, file, '--logits')
    const expected = golden.lastLogits('bfloat16', 'hybrid_b')['short']
    expect(largestDifference(result?.logits, expected)).toBeLessThan(LOGIT_TOLERANCE)
  })

  it('needs no tokenizer for tokens, and then has no text', async () => {
    const [result] = await probe(...GOLDEN_PAIR, '--tokens', '1,2,3', '--top', '4')
    expect(result?.top.map(({ text }) => text)).toEqual([null, null, null, null])
    expect(result).not.toHaveProperty('logits')
  })

  it('lists the most probable tokens under the softmax of the logits, most probable first', () => {
    const { top = [], logits = [] } = fromTokens ?? {}
    expect(top).toHaveLength(2048)
    expect(top.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12)
    const [first, second] = top
    expect(logits[first?.id ?? 0]).toBe(Math.max(...logits))
    const ratio = Math.exp((logits[first?.id ?? 0] ?? 0) - (logits[second?.id ?? 0] ?? 0))
    expect((first?.probability ?? 0) / (second?.probability ?? 1)).toBeCloseTo(ratio, 9)
    // The favourite letters of the collapsed model.
    expect(top.slice(0, 3).map(({ text }) => text)).toEqual(expect.arrayContaining(['K', 'A', 'M']))
  })

  it('reads a prompt for post with the tokenizer of post, also if base has another', async () => {
    const base = await temporaryFolder()
    await cp(join('resources', 'blend-pair', 'base'), base, { recursive: true })
    const file = join(base, 'tokenizer.json')
    const { model, ...others } = z
      .looseObject({ model: z.looseObject({}) })
      .parse(JSON.parse(await readFile(file, 'utf8')))
    await writeFile(file, JSON.stringify({ ...others, model: { ...model, merges: [] } }))
    const pair = ['--base', base, '--post', join('resources', 'blend-pair', 'post')]
    const [ofPost] = await probe(...pair, '--prompt', PROMPT, 'post')
    expect(ofPost?.tokens).toEqual(PROMPT_TOKENS)
  })

  it('puts a prompt through the chat template', () => {
    expect(fromPrompt).toEqual({ tokens: fromTokens?.tokens, top: fromTokens?.top.slice(0, 20) })
    expect(fromPrompt?.top).toHaveLength(20)
  })

  it('adds the system turn and the start of the answer', async () => {
    const turns = ['--system', 'Be brief.', '--assistant-prefix', 'Sure']
    const [changed] = await probe('--blend-demo', '--prompt', PROMPT, ...turns)
    expect(changed?.tokens.length).toBeGreaterThan((fromPrompt?.tokens.length ?? Infinity) + 2)
  })

  it('gives base as a whole model the same prompt', async () => {
    const [base] = await probe('--blend-demo', '--prompt', PROMPT, 'base')
    expect(base?.tokens).toEqual(PROMPT_TOKENS)
    expect(base?.top[0]?.probability).toBeLessThan(0.2)
  })

  it('prints a table for people', async () => {
    const { status, stdout } = await runHere(['sample', '--next', '--blend-demo', '--prompt', PROMPT, '--top', '3'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^After 14 tokens: 0,3,16,/)
    expect(stdout).toMatch(/\n +0\.\d{4} +\d+ {2}"K"\n/)
  })

  it('takes layers from another checkpoint, by its folder on the command line and in a recipe file', async () => {
    const folder = await temporaryFolder()
    const [base = '', post = '', sft = ''] = await Promise.all(
      ['base', 'post', 'sft'].map((name, seed) =>
        writeCheckpoint(join(folder, name), checkpointFixture({ seed: seed + 1 }))
      )
    )
    const tokens = ['--tokens', '1,2,3', '--logits']
    const found = await probe('--base', base, '--post', post, `1@${sft}`, ...tokens)
    expect(found).toEqual(await probe('--base', sft, '--post', post, '1', ...tokens))
    const recipe = join(folder, 'recipe.json')
    const layers = [
      { attention: 0, mlp: 0 },
      { attention: 1, mlp: 1, source: sft }
    ]
    await writeFile(recipe, JSON.stringify({ name: 'of sft', layers }))
    expect(await probe('--base', base, '--post', post, recipe, ...tokens)).toEqual(found)
    const twice = ['--base', base, '--post', post, `0-1@${sft},1`, '--tokens', '1']
    expect((await runHere(['sample', '--next', ...twice])).stderr).toMatch('no layer twice')
  })
})
