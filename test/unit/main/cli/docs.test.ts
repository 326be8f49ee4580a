import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../../../../src/main/cli/command-line'
import { calledAs } from '../../../../src/main/cli/printing/shared-options'

const ROOT = join(import.meta.dirname, '../../../..')
const PAGES = ['README.md', ...(await readdir(join(ROOT, 'docs'))).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md')
)

const { commands } = await commandLine(new AbortController().signal)
/** Commands that compute something: `slr task import`, but not `slr task`. */
const called = commands.flatMap((command) => (command.commands.length === 0 ? [command] : command.commands))

it('docs/cli.md has a section for every command', async () => {
  const page = await readFile(join(ROOT, 'docs/cli.md'), 'utf8')
  const names = commands.map((command) => command.name())
  const headings = [...page.matchAll(/^## (\w+)$/gm)].map(([, name = '']) => name)
  expect(headings.filter((name) => names.includes(name)).sort()).toEqual(names.sort())
})

/** The calls of `slr` in the code blocks of a page, each with its words. */
const callsIn = (page: string): string[][] =>
  [...page.matchAll(/^```(sh|yaml)\n([^]*?)^```$/gm)].flatMap(([, language, code = '']) =>
    [
      ...code.replaceAll(language === 'yaml' ? /\n +/g : /\\\n/g, ' ').matchAll(/(?<![\w/.-])slr ([a-z][^\n&|#]*)/g)
    ].map(([, words = '']) => words.trim().split(/\s+/))
  )

it.each(PAGES)('%s names only commands that there are, with their options', async (name) => {
  for (const words of callsIn(await readFile(join(ROOT, name), 'utf8'))) {
    const call = `slr ${words.join(' ')}`
    const command = called.find((each) => `${call} `.startsWith(`${calledAs(each)} `))
    expect(command, call).toBeDefined()
    const flags = words.flatMap((word) => /^--[a-z-]+/.exec(word) ?? [])
    expect(
      command?.options.map(({ long }) => long),
      call
    ).toEqual(expect.arrayContaining(flags))
  }
})
