import { join } from 'node:path'
import { expect, it } from 'vitest'
import { GLOSSARY } from '../../../../src/contract/words/glossary'

const DOCS = join(import.meta.dirname, '../../../../docs/glossary.md')

it('the glossary is short, and docs/glossary.md is what the window shows', async () => {
  const terms = Object.entries(GLOSSARY)
  expect(terms.length).toBeLessThanOrEqual(30)
  const rows = terms.map(([term, meaning]) => `**${term}** – ${meaning}\n`)
  // `npx vitest run --project unit glossary -u` writes the page.
  await expect(
    `# Glossary\n\nOne word for each thing, in the window, on the command line, in reports and here.\n\n${rows.join('\n')}`
  ).toMatchFileSnapshot(DOCS)
})
