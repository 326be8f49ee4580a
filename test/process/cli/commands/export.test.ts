import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { ExportResult } from '../../../../src/contract/procedures/export'
import { resourcePath } from '../../../../src/main/base/resources'
import { rawSafetensors, temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { exitStatus, startCli, waitForOutput } from '../../../fixtures/cli'
import { runHere, slr } from '../../../fixtures/command-line'
import { filesOf, writePair } from '../../../fixtures/exported-pair'

const DEMO_BASE = resourcePath('blend-pair', 'base')

/** Returns the next-token distribution of a model. */
async function nextTokens(...args: string[]): Promise<unknown> {
  const { status, stdout } = await slr`sample --next ${args} --tokens 1,2,3 --logits --json`
  expect(status).toBe(0)
  return JSON.parse(stdout)
}

describe('slr export', () => {
  it('writes a model that other commands can use in a pair, and names the next steps', async () => {
    const out = join(await temporaryFolder(), "it's out")
    const { status, stdout, stderr } = await runHere(['export', '--blend-demo', '4-11', '--out', out])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^Wrote .*it's out\n5\.0 MB in 8 files; tensors: 38 from post, 72 from base; /)
    expect(stdout).toContain(`vllm serve '${out.replace("'", "'\\''")}'`)
    expect(stdout).toMatch(/convert_hf_to_gguf\.py .* --outtype bf16/)
    expect(stderr).toMatch(/^0 % {2}writing 0 B of 20\.0 MB to write, read back and hash\n/)
    expect(stderr).toMatch(/\nThe model card has no measurements\. .*\n$/)
    // The exported mergekit file describes the same model.
    const [exported, hybrid] = await Promise.all([
      nextTokens('--base', DEMO_BASE, '--post', out),
      nextTokens('--blend-demo', join(out, 'mergekit.yaml'))
    ])
    expect(exported).toEqual(hybrid)
  })

  it('prints a report as JSON, and nothing else when quiet', async () => {
    const folder = await temporaryFolder()
    const recipe = join(folder, 'recipe.json')
    const layers = new Array(12).fill({ attention: 0.5, mlp: 0 })
    await writeFile(recipe, JSON.stringify({ name: 'soft', layers }))
    const out = join(folder, 'out')
    const args = ['export', '--blend-demo', recipe, '--out', out, '--json', '--quiet']
    const { status, stdout, stderr } = await runHere(args)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const result = ExportResult.parse(JSON.parse(stdout))
    expect(result).toMatchObject({ path: out, recipe: 'soft', replaced: null, mergekitProblem: null })
    expect(result.tensors).toEqual({
      post: 50,
      merged: 0,
      base: 0,
      checkpoint: 0,
      converted: 0,
      blended: 60,
      factor: 0,
      scaled: 0
    })
    const sizes = Object.fromEntries(result.files.map(({ name, bytes }) => [name, bytes]))
    const written = await filesOf(out)
    expect(sizes).toEqual(Object.fromEntries(Object.entries(written).map(([name, text]) => [name, text.length])))
  })

  it('replaces a model only with --overwrite', async () => {
    const out = join(await temporaryFolder(), 'out')
    const args = ['export', '--blend-demo', '--out', out]
    expect((await runHere([...args, '4-11', '--quiet'])).status).toBe(0)
    const again = await runHere([...args, 'post'])
    expect(again.status).toBe(1)
    // Nothing is said of a model card that is not written.
    expect(again.stderr).toMatch(/^slr: .*holds a model already\.\n.*--overwrite/)
    const { status, stdout } = await runHere([...args, 'post', '--overwrite', '--quiet'])
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^Replaced .*\n.*\nThe earlier model is in .*out\.replaced\. .*:\n {4}rm -r .*out\.replaced\n/
    )
    expect(Object.keys(await filesOf(`${out}.replaced`))).toContain('model.safetensors')
    const weights = 'model.safetensors'
    const [exported, post] = [join(out, weights), resourcePath('blend-pair', 'post', weights)]
    expect(Buffer.compare(await readFile(exported), await readFile(post))).toBe(0)
  })

  it('leaves no file when Ctrl-C stops it', async () => {
    const { base, post } = await writePair()
    await addHole(join(post, 'model.safetensors'), 2 ** 31)
    const place = await temporaryFolder()
    const args = ['--base', base, '--post', post, '1-1', '--out', join(place, 'out')]
    const child = startCli(['export', ...args])
    const ended = exitStatus(child)
    await waitForOutput(child.stderr, /writing/)
    const lastLines = text(child.stderr)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(await lastLines).toMatch('Stopped. Nothing was written.\nStart again: slr export --base ')
    expect(await readdir(place)).toEqual([])
  })
})

/** Appends a large tensor of zeros to a file of weights as a hole, which takes no disk space. */
async function addHole(file: string, bytes: number): Promise<void> {
  const stored = await readFile(file)
  const headerBytes = Number(stored.readBigUInt64LE())
  const header: Record<string, unknown> = JSON.parse(stored.subarray(8, 8 + headerBytes).toString())
  const data = stored.subarray(8 + headerBytes)
  const hole = { dtype: 'U8', shape: [bytes], data_offsets: [data.length, data.length + bytes] }
  const grown = rawSafetensors(JSON.stringify({ ...header, hole }), data)
  await writeFile(file, grown)
  await truncate(file, grown.length + bytes)
}
