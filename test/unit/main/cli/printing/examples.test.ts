import { expect, it } from 'vitest'
import { commandLine } from '../../../../../src/main/cli/command-line'
import { EXAMPLES, examplesOf } from '../../../../../src/main/cli/printing/examples'

const { commands } = await commandLine(new AbortController().signal)

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

it('a part of a command shows its own examples', () => {
  const parts = commands.flatMap((command) =>
    command.commands.map((part) => `${command.name()} ${part.name()}`)
  )
  expect(parts).toEqual([
    'task import',
    'task filter',
    ...['new', 'list', 'name', 'note', 'pin', 'delete', 'restore'].map((name) => `project ${name}`)
  ])
  for (const part of parts) {
    const [, ...examples] = examplesOf(part).split('\n').slice(1)
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) expect(example).toContain(`slr ${part} `)
  }
})
