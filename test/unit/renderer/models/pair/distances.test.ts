import { expect, it } from 'vitest'
import { colorAt, inkOn } from '../../../../../src/contract/words/color-scale'
import { DISTANCE_METRIC_NAMES, DISTANCE_METRICS, scaleEnds } from '../../../../../src/renderer/models/pair/distances'

it.each(DISTANCE_METRIC_NAMES)('names the colours at both ends of %s', (metric) => {
  const ends = [0, 1].map((position) => inkOn(colorAt(DISTANCE_METRICS[metric].scale, position)))
  expect(scaleEnds(metric)).toEqual(ends.map((ink) => (ink === '#000000' ? 'light' : 'dark')))
})
