import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { DistancesDocument } from '../../../../src/contract/documents/distances'
import { PairReport } from '../../../../src/contract/documents/pair'
import { parseCsv } from '../../../../src/main/base/csv'
import { resourcePath } from '../../../../src/main/base/resources'
import {
  checkpointFixture,
  temporaryFolder,
  writeCheckpoint,
  writeSparseCheckpoint,
  writeTinyLlama
} from '../../../fixtures/checkpoint-builder'
import { exitStatus, startCli, waitForOutput } from '../../../fixtures/cli'
import { runHere, slr } from '../../../fixtures/command-line'
import { damagedPair } from '../../../fixtures/damaged-pair'

/** Relative norms and cosines of the demo pair, computed with PyTorch in float64. */
const BY_TORCH = [
  ['model.embed_tokens.weight', 0.04350665618353127, 0.9990633690594971, 250584],
  ['model.layers.0.self_attn.v_proj.weight', 0.17780614040013512, 0.984543559920004, 8096],
  ['model.layers.7.mlp.down_proj.weight', 0.18348346427056697, 0.9836237148782457, 44605],
  ['model.layers.11.input_layernorm.weight', 0.008914444798479526, 0.9999602873385374, 98],
  ['model.norm.weight', 0.042663287182573374, 0.9999519805654378, 128]
] as const

it('slr inspect describes both models, their finite weights and checksums', async () => {
  const shown = await slr`inspect --blend-demo --values --sha256 --quiet`
  expect(shown).toMatchObject({ status: 0, stderr: '' })
  expect(shown.stdout).toMatch(/layers +12 +12/)
  expect(shown.stdout).toMatch(/parameters +2,477,184 +2,477,184/)
  expect(shown.stdout).toMatch('Base and post fit together.')
  expect(shown.stdout).toContain('All weights are finite (9.9 MB read).')
  const printed = await slr`inspect --blend-demo --sha256 --quiet --json`
  const report: unknown = JSON.parse(printed.stdout)
  expect(PairReport.parse(report)).toMatchObject({
    ...{ compatible: true, base: { modelType: 'llama', layerCount: 12, vocabularySize: 2048 } }
  })
  for (const member of ['base', 'post']) {
    const file = await readFile(resourcePath('blend-pair', member, 'model.safetensors'))
    const sha256 = createHash('sha256').update(file).digest('hex')
    expect(shown.stdout).toMatch(`${sha256}  ${member}/model.safetensors`)
    expect(report).toMatchObject({ sha256: { [member]: [{ name: 'model.safetensors', sha256 }] } })
  }
})

it('slr inspect shows control characters of a folder name as escapes, and that no weight was read', async () => {
  const folder = join(await temporaryFolder(), 'evil\u001b[31m\u009b')
  await writeTinyLlama(folder)
  const { status, stdout, stderr } = await runHere(['inspect', '--base', folder, '--post', folder])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch('evil\\u{1b}[31m\\u{9b}')
  expect(stdout).toMatch('The weights were not read. --values checks')
  for (const control of ['\u001b', '\u009b']) expect(stdout).not.toContain(control)
})

it('slr inspect --values fails if a weight is not finite', async () => {
  const { base, post } = await damagedPair({
    post: [{ tensor: 'model.layers.1.mlp.down_proj.weight', element: 17, value: NaN }]
  })
  const { status, stdout, stderr } = await slr`inspect --base ${base} --post ${post} --values --json --quiet`
  const file = join(post, 'model.safetensors')
  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({
    values: { base: [], post: [{ file, nan: 1, infinite: 0, first: 'NaN', at: [1, 5] }] }
  })
  expect(stderr).toContain(
    `slr: --post: 1 tensor has values that are not finite, such as "model.layers.1.mlp.down_proj.weight" of ${file}.`
  )
})

it('slr inspect reports what does not fit, and fails', async () => {
  const folder = await temporaryFolder()
  const base = await writeTinyLlama(join(folder, 'base'))
  const post = await writeTinyLlama(join(folder, 'post'), { num_hidden_layers: 3 })
  const { status, stdout, stderr } = await slr`inspect --base ${base} --post ${post} --json`
  expect(status).toBe(1)
  const report = PairReport.parse(JSON.parse(stdout))
  expect(report.compatible).toBe(false)
  expect(report.findings[0]).toMatchObject({ severity: 'error', message: expect.stringMatching(/layers/) })
  expect(stderr).toMatch(/^slr: base and post do not fit together: .*layers/)
  expect(await slr`inspect --distances --base ${base} --post ${post}`).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^slr: .*number of decoder layers/m)
  })
})

it('slr inspect --distances prints the distances that PyTorch computes, as JSON, a table and CSV', async () => {
  const csv = join(await temporaryFolder(), 'distances.csv')
  const json = await slr`inspect --distances --blend-demo --json --quiet`
  const { components, layers, bytesRead } = z
    .object({ distances: DistancesDocument })
    .parse(JSON.parse(json.stdout)).distances
  // 12 layers of 9 tensors, embeddings and final norm; the head is tied.
  expect(components).toHaveLength(12 * 9 + 2)
  expect(layers).toHaveLength(12)
  expect(bytesRead).toBe(2 * 2_477_184 * 2)
  for (const [tensor, relativeNorm, cosine, changed] of BY_TORCH) {
    const component = components.find((entry) => entry.tensor === tensor)
    expect(component).toMatchObject({ changed })
    expect(component?.relativeNorm).toBeCloseTo(relativeNorm, 12)
    expect(component?.cosine).toBeCloseTo(cosine, 12)
  }
  const table = await slr`inspect --distances --blend-demo --metric changed --csv ${csv}`
  expect(table.stdout).toMatch(/layer +whole layer +attention norm +q +k +v +o +MLP norm +gate +up +down/)
  expect(table.stdout).toMatch(/^ +11( +\d+\.\d\d %){10}$/m)
  expect(table.stdout).toMatch(/^embeddings +\d+\.\d\d %$/m)
  expect(table.stderr).toMatch(/comparing/)
  const records = parseCsv('distances.csv', await readFile(csv, 'utf8'))
  expect(records).toHaveLength(1 + 12 * 9 + 2)
  expect(records[0]?.fields.slice(0, 3)).toEqual(['layer', 'component', 'tensor'])
})

it('slr inspect --distances flags identical layers', async () => {
  const base = await writeCheckpoint(join(await temporaryFolder(), 'base'), checkpointFixture({ seed: 1 }))
  const { stdout } = await slr`inspect --distances --base ${base} --post ${base}`
  expect(stdout).toMatch(/^ +1( +0){10} +identical$/m)
  expect(stdout).toMatch('Identical: 0, 1 (2 of 2 layers).')
})

it('slr inspect --distances ends at once with 130 on Ctrl-C', async () => {
  const model = await writeSparseCheckpoint(join(await temporaryFolder(), 'model'), 200_000_000)
  const child = startCli(['inspect', '--distances', '--base', model, '--post', model])
  const ended = exitStatus(child)
  await waitForOutput(child.stderr, /comparing/)
  const lastLines = text(child.stderr)
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  const command = `slr inspect --distances --base ${model} --post ${model}`
  expect(await lastLines).toMatch(`Stopped. Nothing is saved.\nStart again: ${command}\n`)
})
