import { expect, it } from 'vitest'
import { newestComparable } from '../../../../../src/main/project/results/sweep-history'
import { summarizeSweep } from '../../../../../src/main/project/documents/sweep-files'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

const whole = { ...summarizeSweep(tinySweep(), null), id: 'whole', isPreview: false }
const preview = { ...whole, id: 'preview', isPreview: true }
const other = { ...preview, id: 'other', computed: { ...whole.computed, device: 'cuda' as const } }

it('takes the newest sweep of the same kind on the device, or else one of the other kind', () => {
  const like = (sweeps: (typeof whole)[], isPreview: boolean) =>
    newestComparable({ sweeps }, { task: null, device: 'cpu', isPreview })?.id
  const sweeps = [other, preview, whole, { ...whole, id: 'older' }]
  expect(like(sweeps, false)).toBe('whole')
  expect(like(sweeps, true)).toBe('preview')
  expect(like([other, preview], false)).toBe('preview')
  expect(like([other], true)).toBeUndefined()
  expect(newestComparable({ sweeps }, { task: 'open', device: 'cpu', isPreview: true })).toBeUndefined()
  expect(newestComparable({ sweeps }, { task: null, device: 'auto', isPreview: true })?.id).toBe('other')
})

it('ignores sweeps that computed little, which mostly opened models', () => {
  const sweeps = [
    { ...whole, id: 'resumed', computedRows: 0 },
    { ...whole, id: 'rest', computedRows: 8 },
    { ...whole, id: 'whole', computedRows: 600 },
    { ...whole, id: 'larger', computedRows: 1000 }
  ]
  expect(newestComparable({ sweeps }, { task: null, device: 'cpu', isPreview: false })?.id).toBe('whole')
  expect(
    newestComparable({ sweeps: sweeps.slice(0, 1) }, { task: null, device: 'cpu', isPreview: false })
  ).toBeUndefined()
})
