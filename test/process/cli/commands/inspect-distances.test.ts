import { z } from 'zod'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { DistancesDocument } from '../../../../src/contract/documents/distances'
import { resourcePath } from '../../../../src/main/base/resources'
import { parseCsv } from '../../../../src/main/base/csv'
import {
  checkpointFixture,
  temporaryFolder,
  writeCheckpoint,
  writeSparseCheckpoint
} from '../../../fixtures/checkpoint-builder'
import { exitStatus, startCli, waitForOutput } from '../../../fixtures/cli'
import { runHere } from '../../../fixtures/command-line'

/** Relative norms and cosines of the demo pair, computed with PyTorch in float64. */
const BY_TORCH = [
  ['model.embed_tokens.weight', 0.04350665618353127, 0.9990633690594971, 250584],
  ['model.layers.0.self_attn.v_proj.weight', 0.17780614040013512, 0.984543559920004, 8096],
  ['model.layers.7.mlp.down_proj.weight', 0.18348346427056697, 0.9836237148782457, 44605],
  ['model.layers.11.input_layernorm.weight', 0.008914444798479526, 0.9999602873385374, 98],
  ['model.norm.weight', 0.042663287182573374, 0.9999519805654378, 128]
] as const

describe('slr inspect --distances', () => {
  it('prints the distances of the demo pair that PyTorch computes', async () => {
    const { status, stdout } = await runHere(['inspect', '--distances', '--demo', '--json', '--quiet'])
    expect(status).toBe(0)
    const { components, layers, bytesRead } = z
      .object({ distances: DistancesDocument })
      .parse(JSON.parse(stdout)).distances
    // 12 layers of 9 tensors, embeddings and final norm; the head is tied.
    expect(components).toHaveLength(12 * 9 + 2)
    expect(layers).toHaveLength(12)
    expect(bytesRead).toBe(2 * 2_477_184 * 2)
    for (const [tensor, relativeNorm, cosine, changed] of BY_TORCH) {
      const found = components.find((entry) => entry.tensor === tensor)
      expect(found).toMatchObject({ changed })
      expect(found?.relativeNorm).toBeCloseTo(relativeNorm, 12)
      expect(found?.cosine).toBeCloseTo(cosine, 12)
    }
  })

  it('prints a table for people and CSV for spreadsheets', async () => {
    const file = join(await temporaryFolder(), 'distances.csv')
    const [table] = await Promise.all([
      runHere(['inspect', '--distances', '--demo', '--metric', 'changed']),
      runHere(['inspect', '--distances', '--demo', '--csv', file])
    ])
    expect(table.stdout).toMatch(/layer +whole layer +attention norm +q +k +v +o +MLP norm +gate +up +down/)
    expect(table.stdout).toMatch(/^ +11( +\d+\.\d\d %){10}$/m)
    expect(table.stdout).toMatch(/^embeddings +\d+\.\d\d %$/m)
    expect(table.stderr).toMatch(/comparing/)
    const records = parseCsv('distances.csv', await readFile(file, 'utf8'))
    expect(records).toHaveLength(1 + 12 * 9 + 2)
    expect(records[0]?.fields.slice(0, 3)).toEqual(['layer', 'component', 'tensor'])
  })

  it('flags identical layers', async () => {
    const folder = await temporaryFolder()
    const base = await writeCheckpoint(join(folder, 'base'), checkpointFixture({ seed: 1 }))
    const { stdout } = await runHere(['inspect', '--distances', '--base', base, '--post', base])
    expect(stdout).toMatch(/^ +1( +0){10} +identical$/m)
    expect(stdout).toMatch('Identical: 0, 1 (2 of 2 layers).')
  })

  it('ends at once with 130 on Ctrl-C', async () => {
    const model = await writeSparseCheckpoint(join(await temporaryFolder(), 'model'), 200_000_000)
    const child = startCli(['inspect', '--distances', '--base', model, '--post', model])
    const ended = exitStatus(child)
    await waitForOutput(child.stderr, /comparing/)
    const rest = text(child.stderr)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    const command = `slr inspect --distances --base ${model} --post ${model}`
    expect(await rest).toMatch(`Stopped. Nothing is saved.\nStart again: ${command}\n`)
  })
})

describe('slr inspect --sha256', () => {
  it('adds the checksum of every weight file', async () => {
    const args = ['inspect', '--demo', '--sha256', '--quiet']
    const [text, json] = await Promise.all([runHere(args), runHere([...args, '--json'])])
    for (const member of ['base', 'post']) {
      const file = await readFile(resourcePath('demo-pair', member, 'model.safetensors'))
      const sha256 = createHash('sha256').update(file).digest('hex')
      expect(text.stdout).toMatch(`${sha256}  ${member}/model.safetensors`)
      expect(JSON.parse(json.stdout)).toMatchObject({
        sha256: { [member]: [{ name: 'model.safetensors', sha256 }] }
      })
    }
  })
})
