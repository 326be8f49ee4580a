import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const PAGE = join(import.meta.dirname, '../../out/renderer')

it('loads at most 750 kB of script before the first screen', async () => {
  const html = await readFile(join(PAGE, 'index.html'), 'utf8')
  const scripts = [...html.matchAll(/(?:src|href)="\.?\/?([^"]+\.js)"/g)].flatMap(([, name]) => name ?? [])
  const sizes = await Promise.all(scripts.map(async (name) => (await stat(join(PAGE, name))).size))
  expect(scripts.length).toBeGreaterThan(0)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(750_000)
})
