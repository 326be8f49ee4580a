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
  required,
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
  project: required(text('<folder>', 'what must be given')),
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
  it('are flags of their names, and have what was given', () => {
    expect(
      parsed('--project', 'p', '--judge-key', 'KEY', '--what-if', '--in', 'a', 'b', '--seed', '7')
    ).toEqual({
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

  it('refuse what is not listed, what does not go together, and that a required one is missing', () => {
    expect(() => parsed('--project', 'p', '--format', 'pdf')).toThrow('Allowed choices are html, markdown')
    expect(() => parsed('--project', 'p', '--format', 'html', '--json')).toThrow('cannot be used with')
    expect(() => parsed()).toThrow("required option '--project <folder>' not specified")
  })

  it('refuse an empty text that is to name something, and a second value of what has one', () => {
    const refused = "option '--project <folder>' argument '' is invalid. An empty text names nothing"
    expect(() => parsed('--project', '')).toThrow(refused)
    expect(() => parsed('--project', 'p', '--in', 'a', '')).toThrow('An empty text names nothing')
    expect(parsed('--project', 'p', '--note', '')).toMatchObject({ note: '' })
    expect(() => parsed('--project', 'p', '--seed', '1', '--seed=2')).toThrow(
      "option '--seed' is given twice"
    )
    expect(() => parsed('--project', 'p', '--project', 'p')).toThrow("option '--project' is given twice")
    const repeated = parsed('--project', 'p', '--json', '--json', '--in', 'a', '--in', 'b')
    expect(repeated).toMatchObject({ json: true, in: ['a', 'b'] })
  })
})
