import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { RankTable } from '../../../src/contract/documents/rank-table'
import { layersModel } from '../../../src/contract/model/model'
import { elementAt } from '../../../src/contract/model/look-up'
import type { ExportProgress } from '../../../src/contract/procedures/export'
import type { LayerStrength, Recipe } from '../../../src/contract/model/recipe'
import { postStrengths, recipeStrengths } from '../../../src/contract/model/strengths'
import { probe } from '../../../src/main/engine/questions/probe'
import { TINY_LLAMA, temporaryFolder } from '../../fixtures/checkpoint-builder'
import { largestDifference } from '../../fixtures/goldens'
import { runHere } from '../../fixtures/command-line'
import { exportRecipe, type PairFolders, writePair } from '../../fixtures/exported-pair'

const UPPER: Recipe = { name: 'upper', ranges: [[1, 1]] }
const BIASED = { ...TINY_LLAMA, attention_bias: true }

/** Computes the largest difference in logits between an adapter on post, and a recipe of the pair. */
async function logitDifference(
  { base, post }: PairFolders,
  adapter: string,
  layers: readonly LayerStrength[]
): Promise<number> {
  const logits = async (pair: PairFolders, strengths: readonly LayerStrength[]): Promise<number[]> => {
    const model = layersModel(strengths)
    return (
      await probe({
        ...pair,
        device: 'cpu',
        model,
        prompts: [
          [1, 5, 3],
          [2, 4]
        ]
      })
    ).flat()
  }
  const [written, expected] = [
    await logits({ base: post, post: adapter }, postStrengths(2)),
    await logits({ base, post }, layers)
  ]
  return largestDifference(written, expected)
}

it('writes a restoration as an adapter on post, which at full rank is the restored model', async () => {
  const folders = await writePair({ config: BIASED, dtype: 'F32' })
  const target = join(await temporaryFolder(), 'out')
  const form = { kind: 'low-rank', rank: 8, savesNormsAndBiases: true } as const
  const seen: ExportProgress[] = []
  const onProgress = (progress: ExportProgress): void => void seen.push(progress)
  const result = await exportRecipe(folders, UPPER, target, { form, onProgress })
  const { bytesDone, bytesTotal } = elementAt(seen, seen.length - 1, 'progress')
  expect(bytesDone).toBe(bytesTotal)
  expect(result.tensors).toMatchObject({ factor: 14, base: 6 })
  expect(result.notes.join(' ')).toMatch(/100 % of the norm.*6 tensors\) are stored whole/)
  expect(result.nextSteps.map(({ command }) => command).join()).toContain(
    `vllm serve ${folders.post} --enable-lora --max-lora-rank 8 `
  )
  expect(await logitDifference(folders, target, recipeStrengths(UPPER, 2))).toBeLessThan(1e-4)
  expect(await readFile(join(target, 'README.md'), 'utf8')).toContain('--adapter --rank 8 --save-norms')

  const ofLinear = { ...form, savesNormsAndBiases: false }
  const again = await exportRecipe(folders, UPPER, target, { form: ofLinear, overwrite: true })
  expect(again.tensors).toMatchObject({ factor: 14, base: 0 })
  expect(again.notes.join(' ')).toContain("remain post's")
  expect(await logitDifference(folders, target, recipeStrengths(UPPER, 2))).toBeGreaterThan(1e-3)

  // Without saved norms it is the recipe that restores no norms.
  const plain = await writePair({ dtype: 'F32' })
  const layers = [
    { attention: 0, mlp: 0 },
    {
      attention: { norms: 0, q: 1, k: 1, v: 1, o: 0.5 },
      mlp: { norms: 0, router: 0, gate: 1, up: 1, down: 1 }
    }
  ]
  const recipe: Recipe = { name: 'without norms', layers }
  const linear = join(await temporaryFolder(), 'out')
  await exportRecipe(plain, recipe, linear, { form: ofLinear })
  expect(await logitDifference(plain, linear, layers)).toBeLessThan(1e-4)
})

it('scores the ranks of an adapter between post and the complete restoration, and clears what a killed program left', async () => {
  // No process has an id as large.
  const left = await mkdtemp(join(tmpdir(), 'slr-ranks-999999999-'))
  const inUse = await mkdtemp(join(tmpdir(), `slr-ranks-${process.ppid}-`))
  const csv = join(await temporaryFolder(), 'ranks.csv')
  const args = ['export', '--blend-demo', '4-11', '--adapter', '--ranks', '--csv', csv, '--quiet']
  const { status, stdout } = await runHere([...args, '--json'])
  expect(status).toBe(0)
  const { post, complete, ranks, fullRank } = RankTable.parse(JSON.parse(stdout))
  expect([left, inUse].map((folder) => existsSync(folder))).toEqual([false, true])
  await rm(inUse, { recursive: true })
  expect(fullRank).toBe(128)
  expect(ranks.map(({ rank }) => rank)).toEqual([8, 16, 32, 64])
  const diversities = [post, ...ranks, complete].map(({ diversity }) => diversity)
  expect(diversities).toEqual(diversities.toSorted((a, b) => a - b))
  expect(ranks.at(-1)?.normShare).toBeGreaterThan(0.95)
  expect((await readFile(csv, 'utf8')).split('\n')).toHaveLength(8)
})
