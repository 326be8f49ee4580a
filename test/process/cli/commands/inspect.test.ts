import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PairReport } from '../../../../src/contract/documents/pair'
import { temporaryFolder, writeTinyLlama } from '../../../fixtures/checkpoint-builder'
import { runCli } from '../../../fixtures/cli'
import { runHere } from '../../../fixtures/command-line'
import { damagedPair } from '../../../fixtures/damaged-pair'

describe('slr inspect', () => {
  it('describes both models and says that they fit', async () => {
    const { status, stdout, stderr } = await runCli(['inspect', '--demo'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/layers +12 +12/)
    expect(stdout).toMatch(/parameters +2,477,184 +2,477,184/)
    expect(stdout).toMatch('Base and post fit together.')
    expect(stdout).toMatch('The weights were not read. --values checks')
  })

  it('prints only the report with --json', async () => {
    const { status, stdout, stderr } = await runHere(['inspect', '--demo', '--json'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const report = PairReport.parse(JSON.parse(stdout))
    expect(report).toMatchObject({
      compatible: true,
      base: { modelType: 'llama', layerCount: 12, vocabularySize: 2048 }
    })
  })

  it('fails with --values if a weight is not finite', async () => {
    const { base, post } = await damagedPair({
      post: [{ tensor: 'model.layers.1.mlp.down_proj.weight', element: 17, value: NaN }]
    })
    const [bad, good] = await Promise.all([
      runHere(['inspect', '--base', base, '--post', post, '--values', '--json', '--quiet']),
      runHere(['inspect', '--demo', '--values'])
    ])
    const file = join(post, 'model.safetensors')
    expect(bad.status).toBe(1)
    expect(JSON.parse(bad.stdout)).toMatchObject({
      values: { base: [], post: [{ file, nan: 1, infinite: 0, first: 'NaN', at: [1, 5] }] }
    })
    expect(bad.stderr).toContain(
      `slr: --post: 1 tensor has values that are not finite, such as "model.layers.1.mlp.down_proj.weight" of ${file}.`
    )
    expect(good.status).toBe(0)
    expect(good.stdout).toContain('All weights are finite (9.9 MB read).')
  })

  it('reports what does not fit, and fails', async () => {
    const folder = await temporaryFolder()
    const base = await writeTinyLlama(join(folder, 'base'))
    const post = await writeTinyLlama(join(folder, 'post'), { num_hidden_layers: 3 })
    const { status, stdout, stderr } = await runHere(['inspect', '--base', base, '--post', post, '--json'])
    expect(status).toBe(1)
    const report = PairReport.parse(JSON.parse(stdout))
    expect(report.compatible).toBe(false)
    expect(report.findings[0]).toMatchObject({ severity: 'error', message: expect.stringMatching(/layers/) })
    expect(stderr).toMatch(/^slr: base and post do not fit together: .*layers/)
    const distances = await runHere(['inspect', '--distances', '--base', base, '--post', post])
    expect(distances).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^slr: .*number of decoder layers/m)
    })
  })

  it('shows control characters of a folder name as escapes', async () => {
    const folder = join(await temporaryFolder(), 'evil\u001b[31m\u009b')
    await writeTinyLlama(folder)
    const { status, stdout } = await runHere(['inspect', '--base', folder, '--post', folder])
    expect(status).toBe(0)
    expect(stdout).toMatch('evil\\u{1b}[31m\\u{9b}')
    for (const control of ['\u001b', '\u009b']) expect(stdout).not.toContain(control)
  })
})
