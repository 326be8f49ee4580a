import { expect, it } from 'vitest'
import { noBuildFor } from '../../../../src/main/base/onnxruntime-builds'

it('names Intel Macs, and where onnxruntime has builds', () => {
  expect(noBuildFor('darwin', 'x64')).toBe(
    'onnxruntime has no build for Macs with an Intel processor, so nothing can be computed here. ' +
      'It has builds for Linux and Windows (x64, arm64) and for Macs with Apple silicon.'
  )
  expect(noBuildFor('linux', 'riscv64')).toContain('linux on riscv64')
})
