import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { describe, expect, it } from 'vitest'
import {
  PUBLISHED_FORMATS,
  type PublishedFile,
  type PublishedFormatId,
  publishedTask
} from '../../../../src/main/evaluation/published-formats'
import { formatTaskFile, readTaskFile } from '../../../../src/main/evaluation/task-file'
import SETS from '../../../fixtures/published-sets.json'

const Malformed = z.strictObject({
  ...{ what: z.string(), content: z.string(), message: z.string() },
  format: z.enum(PUBLISHED_FORMATS.map(({ id }) => id))
})

/** Reads a published set. By default, made-up lines in the form that it is published in. */
const read = (id: PublishedFormatId, files: PublishedFile[] = SETS[id]) => {
  const format = PUBLISHED_FORMATS.find((each) => each.id === id)
  if (format === undefined) throw new RangeError(id)
  return publishedTask('set', format, files)
}

describe('published prompts', () => {
  it('become tasks whose files are read back', () => {
    for (const { id } of PUBLISHED_FORMATS) {
      const task = read(id)
      expect(readTaskFile('set.json', formatTaskFile(task))).toEqual(task)
    }
  })

  it('of CoverageQA keep the names of an answer together, and name none twice', () => {
    const { kind, prompts } = read('coverage-qa')
    expect(kind).toBe('open-ended')
    expect(prompts).toMatchObject([{ category: 'moon', answers: [['Triton'], ['Nereid', 'Neptune II']] }])
  })

  it('of Verbalized Sampling have the category of their file', () => {
    expect(read('verbalized-sampling').prompts.map(({ text, category }) => [category, text])).toEqual([
      ['poem', 'Write a poem that begins: The kettle sang,'],
      ['poem', 'Write a poem about moss.'],
      ['story', 'Write a story about a lost glove.']
    ])
  })

  it('of GSM8K have the final number, those of the others the requested field', () => {
    expect(read('gsm8k')).toMatchObject({ kind: 'reasoning', prompts: [{ answers: ['1200'] }] })
    expect(read('novelty-bench').prompts.map(({ text, category }) => [text, category])).toEqual([
      ['Name a goat.', 'Naming'],
      ['Suggest a hobby.', '']
    ])
    expect(read('infinity-chat').prompts.map(({ text }) => text)).toEqual([
      'Write a slogan for a bakery.',
      'Describe a quiet room.',
      'Name a cat.'
    ])
  })

  it.each([
    ...malformedCases('published-prompts', Malformed),
    {
      what: 'too many',
      format: 'verbalized-sampling',
      content: 'a\n'.repeat(10_001),
      message: '^f: 10001 prompts; a task has at most 10000'
    } as const
  ])('name the place of $what', ({ format, content, message }) => {
    expect(() => read(format, [{ name: 'f', content }])).toThrow(new RegExp(message))
  })
})
