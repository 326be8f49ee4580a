import { sampleCorrelation } from 'simple-statistics'
import { describe, expect, it, vi } from 'vitest'
import type { Precision } from '../../../src/contract/model/device'
import { elementAt } from '../../../src/contract/model/look-up'
import { allowsFp16 } from '../../../src/main/engine/forward/choose-precision'
import { checkDevice } from '../../../src/main/engine/questions/device-check'
import { probe } from '../../../src/main/engine/questions/probe'
import { GOLDEN_FAMILIES, goldenSpec, largestDifference, readGolden } from '../../fixtures/goldens'
import { shortPair } from '../../fixtures/swept-project'
import { FP16_TOLERANCE, FP32_TOLERANCE, whyNoWebGpu } from '../../fixtures/webgpu'

const missing = await whyNoWebGpu()

const FP16_CORRELATION = 0.9995

describe.skipIf(missing !== null)('the check of WebGPU on a pair', () => {
  it.each([
    ['fp32', 1e-5],
    ['fp16', 0.01]
  ] as const)('passes in %s', async (precision, tolerance) => {
    const check = await checkDevice({ ...(await shortPair()), device: 'webgpu', precision })
    expect(check.precision).toBe(precision)
    expect(check.largestDifference).toBeGreaterThan(0)
    expect(check.largestDifference).toBeLessThan(tolerance)
  })
})

describe.skipIf(missing !== null).each(GOLDEN_FAMILIES)('%s on WebGPU', (name) => {
  const family = readGolden(name)

  /** Compares the logits of one hybrid with the CPU. The CPU tests cover the choice of its layers. */
  async function compare(precision?: Precision): Promise<{ difference: number; correlation: number }> {
    const worst = { difference: 0, correlation: 1 }
    const { dtype, base, post } = elementAt(family.pairs, 0, 'pair')
    const { name: modelName, model } = elementAt(family.models, 2, 'model')
    const prompts = Object.entries(family.prompts)
    const logits = await probe({
      base,
      post,
      device: 'webgpu',
      precision,
      model,
      prompts: prompts.map(([, tokens]) => tokens)
    })
    const expected = family.lastLogits(dtype, modelName)
    prompts.forEach(([prompt], i) => {
      worst.difference = Math.max(worst.difference, largestDifference(logits[i], expected[prompt]))
      worst.correlation = Math.min(worst.correlation, sampleCorrelation(logits[i] ?? [], expected[prompt] ?? []))
    })
    return worst
  }

  if (!allowsFp16(goldenSpec(name))) {
    it('gives the reference logits in fp32, in which it stays by default, because half precision may not do', async () => {
      expect((await compare()).difference).toBeLessThan(FP32_TOLERANCE)
    })
  } else {
    it('gives the reference logits in fp32', async () => {
      expect((await compare('fp32')).difference).toBeLessThan(FP32_TOLERANCE)
    })

    it('gives them to half precision by default', async () => {
      const { difference, correlation } = await compare()
      expect(difference).toBeLessThan(FP16_TOLERANCE)
      expect(correlation).toBeGreaterThan(FP16_CORRELATION)
      // Half precision was really used: float32 would be far closer.
      expect(difference).toBeGreaterThan(FP32_TOLERANCE)
    })
  }
})

describe.skipIf(missing !== null)('WebGPU itself', () => {
  it('stays open from one piece of work to the next, with the shaders that are compiled', async () => {
    vi.resetModules()
    const { InferenceSession } = await import('../../../src/main/base/onnxruntime')
    const { openDevice } = await import('../../../src/main/engine/device/device')
    const create = vi.spyOn(InferenceSession, 'create')
    const open = new Set<unknown>()
    const counted = async (): Promise<void> => {
      const device = await openDevice('webgpu')
      const tensor = await device.resident(new Float32Array(4), [4])
      await device.finishRuns()
      tensor.dispose()
      for (const result of create.mock.results.splice(0)) {
        if (result.type !== 'return') continue
        const session = await result.value
        open.add(session)
        const release = session.release.bind(session)
        session.release = () => {
          open.delete(session)
          return release()
        }
      }
      await device.close()
    }
    await counted()
    // onnxruntime drops its device, and every shader, with the last session.
    expect(open.size).toBe(1)
    const [kept] = open
    await counted()
    expect([...open]).toEqual([kept])
    create.mockRestore()
  })
})
