import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { SweepDocument } from '../../../../src/contract/documents/crc'
import { SweepPlan } from '../../../../src/contract/documents/sweep-plan'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { slr } from '../../../fixtures/command-line'
import { writePair } from '../../../fixtures/exported-pair'

async function plan(...args: string[]): Promise<SweepPlan> {
  const { status, stdout, stderr } = await slr`sweep --dry-run --blend-demo --device cpu --json --quiet ${args}`
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return SweepPlan.parse(JSON.parse(stdout))
}

describe('slr sweep --dry-run', () => {
  it('says that the tokenizer is missing before it tries anything out', async () => {
    const { base, post } = await writePair()
    const { status, stderr } = await slr`sweep --dry-run --base ${base} --post ${post}`
    expect(status).toBe(1)
    expect(stderr).toMatch(/^slr: --post: There is no tokenizer/)
  })

  it('counts the work of a sweep and the memory it takes, and estimates its time', async () => {
    const whole = await plan()
    expect(whole).toMatchObject({
      groups: [{ promptCount: 40, packedTokens: 431 }],
      modelCount: 80,
      layerCount: 12,
      blockEvaluations: 388,
      packedTokens: 431,
      promptTokens: 688
    })
    expect(whole.readBytes.layers).toBe(8_859_648)
    const parts = Object.values(whole.memory).reduce((sum, bytes) => sum + bytes, 0)
    expect(whole.peakBytes).toBe(parts)
    expect(whole.estimate.seconds).toBeGreaterThan(0)

    const tight = await plan('--memory', `${Math.ceil(whole.peakBytes - 20e6)}`)
    expect(tight.groups.length).toBeGreaterThan(1)
    expect(tight.peakBytes).toBeLessThanOrEqual(whole.peakBytes - 20e6 + 1)
    expect(tight.blockEvaluations).toBe(388 * tight.groups.length)
  })

  it('names the work of a preview, which the preview does not exceed', async () => {
    expect((await plan()).preview).toBeNull()
    const { preview } = await plan('--preview')
    expect(preview?.wholeRows).toBe(388 * 431)
    expect(preview?.promptCount).toBe(4)
    expect(preview?.seconds).toBeGreaterThan(0)
    const out = `${await temporaryFolder()}/sweep.json`
    const { status } = await slr`sweep --blend-demo --device cpu --preview --quiet --out ${out}`
    expect(status).toBe(0)
    const swept = SweepDocument.parse(JSON.parse(await readFile(out, 'utf8')))
    expect(swept.preview?.prompts).toHaveLength(4)
    expect(swept.preview?.rows).toBeLessThanOrEqual(preview?.rows ?? 0)
    expect(swept.memory?.plannedPeakBytes).toBeLessThanOrEqual(preview?.peakBytes ?? 0)
    // The full sweep into the same file has four prompts already, and base and the finalists of the others.
    const rest = await plan('--out', out)
    expect(rest.groups).toMatchObject([{ promptCount: 36 }])
    expect(rest.blockEvaluations).toBeLessThanOrEqual(388 - 12 - swept.ranges.length)
  })

  it('names the smallest budget that works when one is too small', async () => {
    const { status, stderr } = await slr`sweep --dry-run --blend-demo --device cpu --memory 176MiB --quiet`
    expect(status).toBe(1)
    const [, needed] = /at least (\d+) MiB/.exec(stderr) ?? []
    const smallest = await plan('--memory', `${needed}MiB`)
    expect(smallest.groups.length).toBeGreaterThanOrEqual(5)
  })
})
