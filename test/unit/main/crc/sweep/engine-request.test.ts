import { describe, expect, it } from 'vitest'
import { DEFAULT_RENDERING } from '../../../../../src/contract/documents/crc'
import { sessionRequest } from '../../../../../src/main/crc/sweep/engine-request'
import type { CrcSweepRequest } from '../../../../../src/main/crc/sweep/prepare-sweep'

const request: CrcSweepRequest = {
  base: '/models/base',
  post: '/models/post',
  prompts: [],
  rendering: DEFAULT_RENDERING,
  rho: 0.9,
  ranges: true,
  recipes: [],
  uniformBlendCount: 0,
  memoryBytes: 2 ** 30
}

describe('what a preview has opened before it is prepared', () => {
  it("opens the pair, whose weights are read within the sweep's memory", () => {
    expect(sessionRequest(request)).toMatchObject({
      base: '/models/base',
      post: '/models/post',
      memoryBytes: 2 ** 30
    })
  })

  it.each([
    ['base is not scored', { wholeBase: false }],
    ['there are no ranges', { ranges: false }],
    [
      'ranges are restored to another checkpoint',
      { source: { name: 'other', path: '/models/other', fingerprint: 'f' } }
    ]
  ])('is the pair without its weights where %s, for not all of them would be needed', (_where, other) => {
    expect(sessionRequest({ ...request, ...other }).memoryBytes).toBeUndefined()
  })
})
