import { expect, it } from 'vitest'
import type { Arrow } from '../../../../src/renderer/ui/arrow'
import { nextStop, ARROW_STEPS } from '../../../../src/renderer/ui/roving'

const path = (table: readonly string[][], start: string, ...arrows: Arrow[]): (string | undefined)[] =>
  arrows.map((arrow) => {
    const step = ARROW_STEPS[arrow]
    return step && nextStop(table, start, step)
  })

it('arrows move through a table, stay inside it, and meet rows of different lengths', () => {
  const table = [['a', 'b', 'c'], ['d'], ['e', 'f']]
  expect(path(table, 'b', 'ArrowLeft', 'ArrowRight', 'Home', 'End')).toEqual(['a', 'c', 'a', 'c'])
  expect(path(table, 'c', 'ArrowDown', 'ArrowUp', 'ArrowRight')).toEqual(['d', 'c', 'c'])
  expect(path(table, 'e', 'ArrowDown', 'ArrowUp', 'ArrowLeft')).toEqual(['e', 'd', 'e'])
})

it('all arrows move through a list', () => {
  const list = [['a'], ['b'], ['c']]
  expect(path(list, 'b', 'ArrowUp', 'ArrowLeft', 'ArrowDown', 'ArrowRight')).toEqual(['a', 'a', 'c', 'c'])
  expect(path(list, 'b', 'Home', 'End')).toEqual(['a', 'c'])
})

it('other keys and other elements move nothing', () => {
  expect(path([['a']], 'a', 'PageDown')).toEqual([undefined])
  expect(path([['a']], 'z', 'ArrowDown')).toEqual([undefined])
})
