import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { commandLine } from '../../../../src/main/cli/command-line'

const DOCS = join(import.meta.dirname, '../../../../docs/cli.md')
const README = join(import.meta.dirname, '../../../../README.md')
/** A page is wider than a terminal need be. */
const HELP_WIDTH = 110

const { commands } = await commandLine(new AbortController().signal)

/** `task import`, where a command has commands of its own. */
const nameOf = (command: Command): string =>
  commands.includes(command) ? command.name() : `${command.parent?.name()} ${command.name()}`
const commandsAndTheirs = commands.flatMap((command) => [command, ...command.commands])

/** The headings of docs/cli.md that are commands. */
function headings(page: string): string[] {
  const names = commands.map((command) => command.name())
  return [...page.matchAll(/^## (\w+)$/gm)]
    .map(([, name = '']) => name)
    .filter((name) => names.includes(name))
}

it('docs/cli.md has a section for every command, with the options that its help lists', async () => {
  const page = await readFile(DOCS, 'utf8')
  expect(headings(page).sort()).toEqual(commands.map((command) => command.name()).sort())
  const current = page.replaceAll(/```\nUsage: slr (\w+(?: [a-z]+)?)[^]*?\n```/g, (block, name) => {
    const command = commandsAndTheirs.find((other) => nameOf(other) === name)
    if (command === undefined) return `no such command: ${block}`
    return `\`\`\`\n${command.configureHelp({ helpWidth: HELP_WIDTH }).helpInformation().trim()}\n\`\`\``
  })
  // `npx vitest run test/unit/main/cli/docs.test.ts -u` writes the options into the page.
  for (const command of commandsAndTheirs) {
    const called = command.commands.length === 0 ? 'its options' : 'its commands'
    expect(current, `${nameOf(command)}: ${called}`).toContain(`\`\`\`\nUsage: slr ${nameOf(command)} `)
  }
  await expect(current).toMatchFileSnapshot(DOCS)
})

it('the README names only commands that there are, with their options', async () => {
  const readme = await readFile(README, 'utf8')
  const lines = [...readme.matchAll(/^slr (\w+) ([^#\n]*)/gm)]
  expect(lines.length).toBeGreaterThan(2)
  for (const [line, name, words = ''] of lines) {
    const options = commands.find((command) => command.name() === name)?.options.map(({ long }) => long)
    expect(options, line).toBeDefined()
    expect(options, line).toEqual(expect.arrayContaining(words.match(/--[a-z-]+/g) ?? []))
  }
})
