import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { recurrentLayout } from '../../../../src/main/engine/tries/recurrent-layout'
import { packPrompts } from '../../../../src/main/engine/tries/prompt-trie'
import { decoderSpec } from '../../../../src/main/family/decoder-spec'
import { blockGraph } from '../../../../src/main/graphs/block-graph'
import { goldenPath } from '../../../fixtures/goldens'

const Config = z.looseObject({ text_config: z.record(z.string(), z.unknown()) })

/** Counts the bytes of the graph of a recurrent layer for three tokens. */
function graphBytes(kernel: number): number {
  const path = join(goldenPath('qwen3_5', 'post-bf16'), 'config.json')
  const config = Config.parse(JSON.parse(readFileSync(path, 'utf8')))
  const changed = { ...config, text_config: { ...config.text_config, linear_conv_kernel_dim: kernel } }
  const recurrence = recurrentLayout(packPrompts([[1, 2, 3]]), new Int32Array())
  const shape = { inputRowCount: 3, outputRowCount: 3, keptRows: null, segments: [], recurrence }
  return blockGraph(decoderSpec(changed, path), 0, { ...shape, resultIndex: new Int32Array() }, 'fp32', {
    withKeyValues: false,
    castsWeights: false
  }).byteLength
}

it('a convolution longer than every prompt takes no more nodes than the tokens of a prompt', () => {
  expect(graphBytes(5000) - graphBytes(3)).toBeLessThan(100)
})
