import { describe, expect, it } from 'vitest'
import { table } from '../../../../../src/main/cli/printing/output'
import { shownWidth } from '../../../../../src/main/cli/printing/shown-width'

const DEVICES = [
  ['device', 'GFLOP/s', 'why'],
  ['cpu', '16', 'the processor of this machine'],
  ['cuda', '', 'no device was found here']
]

describe('table', () => {
  it('is as wide as its cells in a pipe', () => {
    expect(table(DEVICES, 'lrl', null).split('\n')).toEqual([
      'device  GFLOP/s  why',
      'cpu          16  the processor of this machine',
      'cuda             no device was found here'
    ])
  })

  it('aligns cells of wide characters, emoji and combining marks', () => {
    const models = [
      ['model', 'n'],
      ['通义千问', '1'],
      ['fire 🔥', '22'],
      ['cafe\u0301', '3']
    ]
    expect(table(models, 'lr', null).split('\n')).toEqual([
      'model      n',
      '通义千问   1',
      'fire 🔥   22',
      'cafe\u0301       3'
    ])
    expect(table([['model'], ['通义 千问']], 'l', 5).split('\n')).toEqual(['model', '通义', '千问'])
  })

  it('wraps its widest text between words where that makes it fit', () => {
    expect(table(DEVICES, 'lrl', 40).split('\n')).toEqual([
      'device  GFLOP/s  why',
      'cpu          16  the processor of this',
      '                 machine',
      'cuda             no device was found',
      '                 here'
    ])
  })

  it('wraps headings and intervals, and never breaks a number', () => {
    const intervals = [
      ['layers', 'gain over post'],
      ['3-7', '+0.1 [0.0, 0.2]']
    ]
    expect(table(intervals, 'lr', 18).split('\n')).toEqual([
      'layers   gain over',
      '              post',
      '3-7     +0.1 [0.0,',
      '              0.2]'
    ])
    const counts = [
      ['models', 'tokens of all'],
      ['80', '12,345,678,901']
    ]
    expect(table(counts, 'lr', 12).split('\n')).toEqual(['models   tokens of all', '80      12,345,678,901'])
  })

  it('leaves out its last columns where wrapping is not enough, and names them', () => {
    const rows = [
      ['layers', 'validity', 'diversity', 'gain'],
      ['3-7', '0.999', '0.500', '+0.250']
    ]
    expect(table(rows, 'lrrr', 26).split('\n')).toEqual([
      'layers  validity',
      '3-7        0.999',
      'Too narrow for diversity,',
      'gain: that takes 35',
      'columns.'
    ])
    expect(table(rows, 'lrrr', 35)).toContain('+0.250')
  })

  it('leaves out others before the column that a reader comes for', () => {
    const rows = [
      ['model', 'first token', 'whole answers', 'limit', 'passes'],
      ['layers 4–11', '0.999', '0.998', '0.950', 'no']
    ]
    expect(table(rows, 'lrrrL', 28).split('\n')).toEqual([
      'model          first  passes',
      '               token',
      'layers         0.999  no',
      '4–11',
      'Too narrow for whole',
      'answers, limit: that takes',
      '37 columns.'
    ])
    expect(table(rows, 'lrrrL', 16)).toContain('passes')
  })

  it('keeps the indent of what it wraps, and breaks a word that takes more than a quarter of the width', () => {
    const rows = [
      ['of', 'n'],
      ['  0123456789abcdef', '1']
    ]
    expect(table(rows, 'lr', 16).split('\n')).toEqual(['of             n', '  0123456789a  1', '  bcdef'])
  })
})

describe('shownWidth', () => {
  const PIPE = { isTTY: false, columns: 0 }
  it('is what COLUMNS says, or else what a terminal has; a pipe has none', () => {
    expect(shownWidth(PIPE, {})).toBeNull()
    expect(shownWidth(PIPE, { COLUMNS: '40' })).toBe(40)
    expect(shownWidth({ isTTY: true, columns: 60 }, {})).toBe(60)
    expect(shownWidth({ isTTY: true, columns: 60 }, { COLUMNS: '40' })).toBe(40)
    expect(shownWidth({ isTTY: true, columns: 60 }, { COLUMNS: 'wide' })).toBe(60)
  })
})
