import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
]

/** Sources named in code spans, but for patterns and placeholders, as paths below the repository. */
function sourcesNamed(text: string): string[] {
  return [...text.matchAll(/`((?:src|test|resources|docs|tools)\/[\w./-]+)`/g)].map(([, path = '']) => path)
}

/** Relative links, as paths below the repository. */
function linksOf(page: string, text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = '']) => join(dirname(page), path))
}

test.each(PAGES)('%s names only files that are there', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const named = [...sourcesNamed(text), ...linksOf(page, text)]
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

test('the map names every room', () => {
  const map = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
  const rooms = readdirSync(join(ROOT, 'src/main'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory()
  )
  expect(rooms.map(({ name }) => name).filter((name) => !map.includes(`\`${name}`))).toEqual([])
})
