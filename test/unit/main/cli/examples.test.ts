import { expect, it } from 'vitest'
import { commandLine } from '../../../../src/main/cli/command-line'
import { EXAMPLES } from '../../../../src/main/cli/examples'

const { commands } = commandLine(new AbortController().signal)

it('every command has examples, which name it and options that it has', () => {
  expect([...EXAMPLES.keys()].sort()).toEqual(commands.map((command) => command.name()).sort())
  for (const command of commands) {
    const options = [command, ...command.commands].flatMap((one) => one.options.map(({ long }) => long))
    for (const example of EXAMPLES.get(command.name()) ?? []) {
      expect(example.split(' ').slice(0, 2)).toEqual(['slr', command.name()])
      const used = [...example.matchAll(/ (--[a-z-]+)/g)].map(([, option]) => option)
      expect(options).toEqual(expect.arrayContaining(used))
    }
  }
})
