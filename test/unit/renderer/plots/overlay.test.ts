import { expect, it } from 'vitest'
import { BASELINE_FAMILIES } from '../../../../src/contract/model/sampling-baseline'
import { baselineName } from '../../../../src/contract/words/baseline-words'
import { overlayShapes } from '../../../../src/renderer/plots/overlay'

it('draws the names of all baselines in full', () => {
  const names = Object.values(BASELINE_FAMILIES)
    .flatMap(({ candidates }) => candidates)
    .map((baseline) => baselineName({ baseline }))
  const area = { left: 0, top: 0, right: 1000, bottom: 1000, xOf: Number, yOf: Number, surface: '#fff' }
  const drawn = names.map((text) => {
    const overlay = { lines: [], names: [{ text, color: '#000', x: 500, y: 500, radius: 4 }], marks: [] }
    return overlayShapes(overlay, { ...area, widthOf: ({ length }) => 7 * length })
  })
  expect(drawn.flat()).toMatchObject(names.map((text) => ({ kind: 'text', text })))
})
