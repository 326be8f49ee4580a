import { describe, expect, it } from 'vitest'
import { defaultSweepFirst, defaultSweepOf } from '../../../../src/contract/documents/default-sweep'

const sweep = (id: string, isPreview: boolean, settingsKey: string) => ({ id, isPreview, settingsKey })

describe('the sweep that a pair answers with', () => {
  it('is a whole one of the same, where the newest is a preview', () => {
    const sweeps = [
      sweep('preview', true, 'a'),
      sweep('other', false, 'b'),
      sweep('whole', false, 'a'),
      sweep('older', false, 'a')
    ]
    expect(defaultSweepOf(sweeps)?.id).toBe('whole')
    expect(defaultSweepFirst(sweeps).map(({ id }) => id)).toEqual(['whole', 'preview', 'other', 'older'])
  })

  it('is the newest if that is full, or if the full sweep had other settings', () => {
    expect(defaultSweepOf([sweep('new', false, 'a'), sweep('old', false, 'a')])?.id).toBe('new')
    expect(defaultSweepOf([sweep('preview', true, 'a'), sweep('old', false, 'b')])?.id).toBe('preview')
    expect(defaultSweepOf([])).toBeUndefined()
    expect(defaultSweepFirst([])).toEqual([])
  })
})
