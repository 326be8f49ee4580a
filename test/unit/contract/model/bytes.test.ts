import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesAsText, bytesFromText, formatMemory } from '../../../../src/contract/model/bytes'

describe('sizes in bytes', () => {
  it.each([
    ['6GiB', 6 * 2 ** 30],
    [' 1.5 gib ', 1.5 * 2 ** 30],
    ['4GB', 4e9],
    ['512 MiB', 512 * 2 ** 20],
    ['4000000000', 4e9]
  ])('are read from %j', (text, bytes) => {
    expect(bytesFromText(text)).toBe(bytes)
  })

  it.each([
    '',
    'lots',
    '6',
    '1.5',
    '1000',
    '4000000.5',
    '-1GB',
    '0',
    '1e9',
    'GiB',
    '4 GiBs',
    '1,5GB',
    // A pattern of quadratic time would take a minute.
    `1${' '.repeat(300_000)}!`,
    `${'9'.repeat(400)}GB`
  ])('are not read from %j', (text) => {
    expect(bytesFromText(text)).toBeNull()
  })

  it('are written as one would type them, and read back as the same', () => {
    expect(bytesAsText(6 * 2 ** 30)).toBe('6 GiB')
    expect(bytesAsText(4e9)).toBe('4 GB')
    expect(bytesAsText(180 * 2 ** 20)).toBe('180 MiB')
    fc.assert(
      fc.property(fc.maxSafeInteger(), (size) => {
        const bytes = Math.abs(size) + 1
        expect(bytesFromText(bytesAsText(bytes))).toBe(bytes)
      })
    )
  })

  it('are in binary units, and never rounded down', () => {
    expect(formatMemory(6 * 2 ** 30)).toBe('6 GiB')
    expect(formatMemory(2.01 * 2 ** 30)).toBe('2.1 GiB')
    expect(formatMemory(8_859_648)).toBe('8.5 MiB')
    expect(formatMemory(214.2 * 2 ** 20)).toBe('215 MiB')
    expect(formatMemory(0)).toBe('0 MiB')
  })
})
