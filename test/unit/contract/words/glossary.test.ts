import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { GLOSSARY } from '../../../../src/contract/words/glossary'

const DOCS = join(import.meta.dirname, '../../../../docs/glossary.md')

it('the glossary is short, and docs/glossary.md is what the window shows', async () => {
  const terms = Object.entries(GLOSSARY)
  expect(terms.length).toBeLessThanOrEqual(30)
  const rows = terms.map(([term, meaning]) => `**${term}** – ${meaning}\n`)
  // `npx vitest run test/unit/contract/words/glossary.test.ts -u` writes the page.
  await expect(
    `# Glossary\n\nThis page defines the terms of the window, the command line, reports and documentation.\n\n${rows.join('\n')}`
  ).toMatchFileSnapshot(DOCS)
})

it('each term is explained in the window', () => {
  const folders = ['src/renderer', 'src/contract/words']
  const sources = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(svelte|ts)$/.test(file) && !file.endsWith('glossary.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
  )
  // By a component, by words that name their term, or by words that quote the glossary.
  const explains = (term: string) => (source: string) =>
    [`term="${term}"`, `: '${term}'`, `GLOSSARY.${term}`, `GLOSSARY['${term}']`].some((way) => source.includes(way))
  expect(Object.keys(GLOSSARY).filter((term) => !sources.some(explains(term)))).toEqual([])
})
