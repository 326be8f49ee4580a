import { expect, it } from 'vitest'
import { shownSweep } from '../../../../src/contract/documents/shown-sweep'
import { rangeModel } from '../../../../src/contract/model/model'
import { sweptValidity } from '../../../../src/renderer/samples/swept-validity'
import { tinySweep } from '../../../fixtures/tiny-sweep'

const sweep = shownSweep(tinySweep())
const { basePath, postPath } = sweep
const run = {
  basePath,
  postPath,
  variants: [
    { kind: 'post' as const, name: 'post' },
    { ...rangeModel({ start: 1, end: 1 }), name: 'Layer 1' },
    { kind: 'baseline' as const, name: 'mix', baseline: { kind: 'mix' as const, share: 0.3 } }
  ]
}

it('names the sweep that the validity beside sampled answers is of', () => {
  const newest = sweptValidity(run, { sweep, rho: 0.9, newest: sweep.id })
  expect(newest?.values).toEqual([0.98, 0.92, null])
  expect(newest?.limit).toBeCloseTo(0.882)
  expect(newest?.note).toContain('is of the newest sweep')
  const older = sweptValidity(run, { sweep, rho: 0.9, newest: 'later' })
  expect(older?.note).toMatch(/of the sweep of .*2026.* that Ranges shows, not of the newest/)
  expect(older?.note).toContain('not of the newest')
})

it('says nothing of a run of other checkpoints, or without a sweep', () => {
  const moved = { ...run, postPath: { ...postPath, fingerprint: 'other' } }
  expect(sweptValidity(moved, { sweep, rho: 0.9, newest: sweep.id })).toBeNull()
  expect(sweptValidity(run, { sweep: null, rho: 0.9, newest: null })).toBeNull()
})
