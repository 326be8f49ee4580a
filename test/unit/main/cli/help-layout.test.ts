import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { commandLine } from '../../../../src/main/cli/command-line'

const subcommands = (command: Command): Command[] => [command, ...command.commands.flatMap(subcommands)]

it.each([60, 50])('the help of every command fits %i columns, but for the examples to copy', (columns) => {
  for (const command of subcommands(commandLine(new AbortController().signal))) {
    command.configureOutput({ getOutHelpWidth: () => columns })
    const tooWide = command
      .helpInformation()
      .split('\n')
      // One word, such as an option with what it takes, is longer than a very narrow terminal.
      .filter((line) => line.length > columns && line.trim().includes(' ') && !line.startsWith('  -'))
    expect(tooWide, command.name()).toEqual([])
  }
})
