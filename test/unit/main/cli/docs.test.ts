import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { format, resolveConfig } from 'prettier'
import { expect, it } from 'vitest'
import { commandLine } from '../../../../src/main/cli/command-line'
import { calledAs } from '../../../../src/main/cli/printing/shared-options'

const ROOT = join(import.meta.dirname, '../../../..')
const PAGE = join(ROOT, 'docs/cli.md')
const PAGES = ['README.md', ...(await readdir(join(ROOT, 'docs'))).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md')
)

const { commands } = await commandLine(new AbortController().signal)
/** Commands that compute something: `slr task import`, but not `slr task`. */
const called = commands.flatMap((command) => (command.commands.length === 0 ? [command] : command.commands))

const linesOf = (command: Command): string[] =>
  command.options
    .filter(({ hidden }) => !hidden)
    .map(
      ({ flags, description }) => `- \`${flags}\`: ${description.replace(/ \(default: [^)]*\)$|\.$/g, '')}.`
    )

const commandsWith = (line: string): Command[] => called.filter((command) => linesOf(command).includes(line))
const isCommon = (line: string): boolean => commandsWith(line).length > 1

/** The usage of a command, and the options that no other command has. */
function describe(command: Command): string {
  const operands = command.usage().replace('[options]', '').trim()
  const lines = linesOf(command).filter((line) => !isCommon(line))
  return [`Usage: \`${`${calledAs(command)} ${operands}`.trim()}\``, lines.join('\n')].join('\n\n').trim()
}

/** Options with the same description in several commands, with these commands. */
const commonOptions = (): string =>
  [...new Set(called.flatMap(linesOf))]
    .filter(isCommon)
    .map((line) => {
      const names = commandsWith(line).map((command) => calledAs(command).replace('slr ', ''))
      return names.length > 3 ? line : line.replace(/\.$/, ` (${names.join(', ')}).`)
    })
    .join('\n')

it('docs/cli.md has a section for every command, with the options that its help lists', async () => {
  const page = await readFile(PAGE, 'utf8')
  const names = commands.map((command) => command.name())
  const headings = [...page.matchAll(/^## (\w+)$/gm)].map(([, name = '']) => name)
  expect(headings.filter((name) => names.includes(name)).sort()).toEqual(names.sort())
  // A usage, and the list of options that may follow it.
  const usages = new Map(called.map((command) => [calledAs(command), describe(command)]))
  const current = page
    .replace(/(?<=^## Common options\n)[^]*/m, `\n${commonOptions()}\n`)
    .replaceAll(/^Usage: `(slr [a-z]+(?: [a-z]+)?)[^`]*`\n(?:\n(?:- .*\n)+)?/gm, (block, name: string) => {
      const usage = usages.get(name)
      usages.delete(name)
      return usage === undefined ? `no such command: ${block}` : `${usage}\n`
    })
  expect([...usages.keys()], 'commands without "Usage: `slr COMMAND`" in their section').toEqual([])
  // `npx vitest run test/unit/main/cli/docs.test.ts -u` writes the options into the page.
  const config = await resolveConfig(PAGE)
  await expect(await format(current, { ...config, parser: 'markdown' })).toMatchFileSnapshot(PAGE)
})

/** The calls of `slr` in the code blocks of a page, each with its words. */
const callsIn = (page: string): string[][] =>
  [...page.matchAll(/^```(sh|yaml)\n([^]*?)^```$/gm)].flatMap(([, language, code = '']) =>
    [
      ...code
        .replaceAll(language === 'yaml' ? /\n +/g : /\\\n/g, ' ')
        .matchAll(/(?<![\w/.-])slr ([a-z][^\n&|#]*)/g)
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
