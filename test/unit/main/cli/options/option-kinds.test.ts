import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { optionGroup } from '../../../../../src/main/cli/options/option-group'
import {
  choice,
  defaulting,
  flag,
  flagIfGiven,
  number,
  text,
  texts
} from '../../../../../src/main/cli/options/option-kinds'

const group = optionGroup().options({
  judgeKey: text('<variable>', 'a text'),
  whatIf: flagIfGiven('a flag that something else may set'),
  json: flag('a flag'),
  in: texts('<folder...>', 'texts'),
  seed: defaulting(number('<n>', 'a number', Number), 1),
  format: choice(z.enum(['html', 'markdown']), '<name>', 'a choice', { conflicts: ['json'] }),
  project: text('<folder>', 'a folder'),
  note: text('<text>', 'any text')
})

function parsed(...given: string[]) {
  const command = group
    .declare(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  command.parse(given, { from: 'user' })
  return group.read(command)
}

describe('options declared in a table', () => {
  it('are flags of their names, and have the given values', () => {
    const given = parsed('--project', 'p', '--judge-key', 'KEY', '--what-if', '--in', 'a', 'b', '--seed', '7')
    expect(given).toEqual({
      project: 'p',
      judgeKey: 'KEY',
      whatIf: true,
      json: false,
      in: ['a', 'b'],
      seed: 7
    })
  })

  it('have their defaults, or nothing, where they were not given', () => {
    expect(parsed('--project', 'p')).toEqual({ project: 'p', json: false, seed: 1 })
  })

  it.each([
    ['--project p --format pdf', 'Allowed choices are html, markdown'],
    ['--project p --format html --json', 'cannot be used with'],
    ['--project=', "option '--project <folder>' argument '' is invalid. An empty text names nothing"],
    ['--project p --in a --in=', 'An empty text names nothing'],
    ['--project p --seed 1 --seed=2', "option '--seed' is given twice"],
    ['--project p --project p', "option '--project' is given twice"]
  ])('refuse "%s"', (line, message) => {
    expect(() => parsed(...line.split(' ').filter((word) => word !== ''))).toThrow(message)
  })

  it('take an empty text that names nothing, and flags and lists again', () => {
    expect(parsed('--project', 'p', '--note', '')).toMatchObject({ note: '' })
    const repeated = parsed('--project', 'p', '--json', '--json', '--in', 'a', '--in', 'b')
    expect(repeated).toMatchObject({ json: true, in: ['a', 'b'] })
  })
})
