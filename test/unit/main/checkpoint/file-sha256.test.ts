import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sha256OfFile } from '../../../../src/main/checkpoint/file-sha256'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'

async function fileOf(bytes: Uint8Array | string): Promise<string> {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, bytes)
  return file
}

describe('the SHA-256 of a file', () => {
  // FIPS 180-2, appendix B; the third is the standard's message of one million times "a".
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0']
  ])('is that of the standard', async (content, expected) => {
    expect(await sha256OfFile(await fileOf(content))).toBe(expected)
  })

  it('covers files of several pieces in order, and reports the number of bytes read', async () => {
    const file = await fileOf('a'.repeat(1_000_000))
    await truncate(file, 5_000_000)
    const counts: number[] = []
    // printf of a million "a", then zeros up to five million bytes, through sha256sum.
    expect(await sha256OfFile(file, undefined, (bytes) => counts.push(bytes))).toBe(
      '6871d3f0617f98c69aab695452a89a172f2ea69c02b9f1f13fc212fdb801cff6'
    )
    expect(counts.length).toBeGreaterThan(4)
    expect(counts.reduce((sum, bytes) => sum + bytes, 0)).toBe(5_000_000)
  })

  it('stops when it is cancelled', async () => {
    const file = await fileOf(new Uint8Array(5_000_000))
    const cancelling = new AbortController()
    let bytesRead = 0
    const hashing = sha256OfFile(file, cancelling.signal, (bytes) => {
      bytesRead += bytes
      cancelling.abort()
    })
    await expect(hashing).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    expect(bytesRead).toBeLessThan(5_000_000)
  })

  it('is refused for other things than files, and for a file that changes meanwhile', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'inner'))
    await expect(sha256OfFile(join(folder, 'inner'))).rejects.toMatchObject({ problem: { code: 'bad-file' } })
    await expect(sha256OfFile(join(folder, 'none'))).rejects.toMatchObject({ problem: { code: 'not-found' } })
    const growing = await fileOf(new Uint8Array(3_000_000))
    const hashing = sha256OfFile(growing, undefined, () => void truncate(growing, 4_000_000))
    await expect(hashing).rejects.toThrow(/changed while it was read/)
  })
})
