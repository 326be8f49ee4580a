import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { commandLine } from '../../../../src/main/cli/command-line'

const subcommands = (command: Command): Command[] => [command, ...command.commands.flatMap(subcommands)]

it('the help of every command fits 60 columns, but for the examples to copy', () => {
  const columns = 60
  for (const command of subcommands(commandLine(new AbortController().signal))) {
    command.configureOutput({ getOutHelpWidth: () => columns })
    const tooWide = command
      .helpInformation()
      .split('\n')
      .filter((line) => line.length > columns)
    expect(tooWide, command.name()).toEqual([])
  }
})
