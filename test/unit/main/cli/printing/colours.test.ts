import { expect, it } from 'vitest'
import { colourBits } from '../../../../../src/main/cli/printing/output'

const PIPE = { isTTY: false }
const TERMINAL = { isTTY: true }
const ENVIRONMENT = { TERM: 'xterm-256color', COLORTERM: 'truecolor' }

it('a pipe has colours only on request', () => {
  expect(colourBits(PIPE, ENVIRONMENT)).toBe(1)
  const forced = ['0', '1', '2', '3'].map((value) => colourBits(PIPE, { ...ENVIRONMENT, FORCE_COLOR: value }))
  expect(forced).toEqual([1, 4, 8, 24])
})

it('a terminal has the colours that it reports, and none with NO_COLOR', () => {
  expect(colourBits(TERMINAL, ENVIRONMENT)).toBe(24)
  expect(colourBits(TERMINAL, { ...ENVIRONMENT, NO_COLOR: '1' })).toBe(1)
  expect(colourBits(TERMINAL, { TERM: 'dumb' })).toBe(1)
})

it('NO_COLOR wins over FORCE_COLOR, unless it is empty', () => {
  const forced = { ...ENVIRONMENT, FORCE_COLOR: '3' }
  expect(colourBits(TERMINAL, { ...forced, NO_COLOR: '1' })).toBe(1)
  expect(colourBits(PIPE, { ...forced, NO_COLOR: '1' })).toBe(1)
  expect(colourBits(PIPE, { ...forced, NO_COLOR: '' })).toBe(24)
})
