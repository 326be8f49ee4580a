import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { commandLine } from '../../../../../src/main/cli/command-line'

const subcommands = (command: Command): Command[] => [command, ...command.commands.flatMap(subcommands)]

it('the help of every command fits 60 columns, but for the examples to copy', async () => {
  const columns = 60
  for (const command of subcommands(await commandLine(new AbortController().signal))) {
    command.configureOutput({ getOutHelpWidth: () => columns })
    const tooWide = command
      .helpInformation()
      .split('\n')
      .filter((line) => line.length > columns)
    expect(tooWide, command.name()).toEqual([])
  }
})

it('the help of the program is the same whether its commands are loaded or not', async () => {
  const { signal } = new AbortController()
  const [loaded, bare] = [await commandLine(signal), await commandLine(signal, [])]
  expect(bare.helpInformation()).toBe(loaded.helpInformation())
  expect(loaded.commands.every((command) => command.options.length + command.commands.length > 0)).toBe(true)
  expect(bare.commands.every((command) => command.options.length + command.commands.length === 0)).toBe(true)
})

it('help fits a screen', async () => {
  const program = await commandLine(new AbortController().signal)
  const evaluate = program.commands.find((command) => command.name() === 'evaluate')
  const lines = [program, evaluate].map((command) => {
    let text = ''
    command?.configureOutput({ getOutHelpWidth: () => 80, writeOut: (part) => (text += part) }).outputHelp()
    return text.split('\n').length - 1
  })
  expect(lines[0]).toBeLessThanOrEqual(35)
  expect(lines[1]).toBeLessThanOrEqual(45)
  expect(Math.min(...lines)).toBeGreaterThan(20)
})
