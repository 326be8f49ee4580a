import { expect, it } from 'vitest'
import { commandLine } from '../../../../src/main/cli/command-line'
import { COMMANDS, examplesOf } from '../../../../src/main/cli/commands'

const { commands } = await commandLine(new AbortController().signal)

it('every command has examples, which name it and options that it has', () => {
  for (const [index, command] of commands.entries()) {
    const examples = COMMANDS[index]?.examples ?? []
    expect(examples.length).toBeGreaterThan(0)
    const options = [command, ...command.commands].flatMap((one) => one.options.map(({ long }) => long))
    for (const example of examples) {
      expect(example.split(' ').slice(0, 2)).toEqual(['slr', command.name()])
      const used = [...example.matchAll(/ (--[a-z-]+)/g)].map(([, option]) => option)
      expect(options).toEqual(expect.arrayContaining(used))
    }
  }
})

it('a part of a command shows its own examples', () => {
  const parts = commands.flatMap((command) => command.commands.map((part) => `${command.name()} ${part.name()}`))
  expect(parts).toEqual([
    'task import',
    'task filter',
    ...['new', 'list', 'name', 'note', 'pin', 'delete', 'restore'].map((name) => `project ${name}`)
  ])
  for (const part of parts) {
    const all = COMMANDS.flatMap((command) => command.examples)
    const [, ...examples] = examplesOf(part, all).split('\n').slice(1)
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) expect(example).toContain(`slr ${part} `)
  }
})
