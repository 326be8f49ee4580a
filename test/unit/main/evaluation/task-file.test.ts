import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Task, type TaskPrompt } from '../../../../src/contract/documents/task'
import { taskKindFacts } from '../../../../src/contract/model/task-kinds'
import { type Problem, WorkbenchError } from '../../../../src/contract/model/problem'
import { BUILTIN_TASKS, builtinTask, builtinTasks } from '../../../../src/main/evaluation/builtin-tasks'
import { AnswerReader, rightAnswers } from '../../../../src/main/answers/read-answer'
import { formatTaskFile, readTaskFile } from '../../../../src/main/evaluation/task-file'
import { cellMeasures } from '../../../../src/main/measures/cell-measures'
import { resourcePath } from '../../../../src/main/base/resources'
import { DemoPair, suitsPair } from '../../../../src/contract/model/demo-pair'
import { problemOf } from '../../../fixtures/problems'
import { sampleLine } from '../../../fixtures/sample-run'

/** The problem with reading a file. */
function problemWith(fileName: string, content: string): Promise<Problem> {
  return problemOf(Promise.resolve().then(() => readTaskFile(fileName, content)))
}

const Malformed = z.strictObject({
  ...{ file: z.string(), content: z.string(), message: z.string() }
})
const lines = (...values: object[]): string => values.map((value) => JSON.stringify(value)).join('\n')
const answersOf = ({ prompts }: Task): TaskPrompt['answers'][] => prompts.map(({ answers }) => answers)

describe('the built-in tasks', () => {
  it('suit a built-in pair or other models, and the first asks for many right answers', async () => {
    const tasks = await builtinTasks()
    for (const pair of [null, ...DemoPair.options]) {
      const suiting = tasks.filter(({ id }) => suitsPair(id, pair))
      expect(suiting[0]?.kind).toBe('open-ended')
    }
    expect(tasks.map(({ id }) => DemoPair.options.filter((pair) => suitsPair(id, pair)).length)).toEqual(
      tasks.map(({ id }) => (id.startsWith('demo-') ? 1 : 0))
    )
  })

  it('have the sizes of the published evaluations', async () => {
    const tasks = await Promise.all((['creative', 'open', 'reasoning'] as const).map(builtinTask))
    const sizes = tasks.map(({ prompts, settings: { sampleCount, maxTokens } }) => [
      prompts.length,
      sampleCount,
      maxTokens
    ])
    expect(sizes).toEqual([
      [100, 32, 256],
      [40, 128, 64],
      [100, 64, 400]
    ])
  })

  it.each(BUILTIN_TASKS)('%s asks each thing once, and its listed answers are right as it reads them', async (id) => {
    const task = await builtinTask(id)
    expect(task.id).toBe(id)
    expect(new Set(task.prompts.map(({ text }) => text)).size).toBe(task.prompts.length)
    const reader = new AnswerReader(task)
    for (const prompt of task.prompts) {
      if (taskKindFacts(task.kind).rightAnswers !== 'none') expect(reader.canJudge(prompt)).toBe(true)
      const listed = rightAnswers(task, prompt)
      for (const answer of listed.flat()) {
        const read = reader.read(answer)
        expect(read !== null && reader.isRight(read, prompt), `${answer} for: ${prompt.text}`).toBe(true)
      }
      // Two spellings of one answer would count as two.
      if (prompt.answers !== undefined) expect(reader.rightCount(prompt)).toBe(listed.length)
    }
  })

  it('read short answers as chat models write them', async () => {
    const task = await builtinTask('open')
    const reader = new AnswerReader(task)
    expect(reader.read('**Mars**')).toBe('mars')
    expect(reader.read(' The Netherlands.\n\nIt is a country.')).toBe('netherlands')
    expect(reader.read('"A violin"')).toBe('violin')
    expect(reader.read('C#')).toBe('c#')
    expect(reader.read('- Côte d’Ivoire')).toBe('côte d’ivoire')
    const date = task.prompts.find(({ answers }) => answers === undefined)
    const isRight = (text: string): boolean => date !== undefined && reader.isRight(reader.read(text) ?? '', date)
    expect(['1999-02-28', '1999-12-31.', '**1999-04-30**'].map(isRight)).toEqual([true, true, true])
    expect(['1999-02-29', '1999-04-31', '1998-01-01', 'June 1999'].map(isRight)).toEqual(Array(4).fill(false))
  })

  it('compute their word problems: the file is what the script beside it writes', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['tools/tasks/reasoning.mjs'])
    const stored: unknown = JSON.parse(await readFile(resourcePath('tasks', 'reasoning.json'), 'utf8'))
    expect(JSON.parse(stdout)).toEqual(stored)
  })
})

describe('a task document', () => {
  it('is imported as it was exported, under the name of its file', async () => {
    const task = await builtinTask('demo-facts')
    expect(readTaskFile('/home/ada/Ödön & Co (2).json', formatTaskFile(task))).toEqual({
      ...task,
      id: 'odon-co-2'
    })
  })

  it('is refused with file and field when something is wrong', async () => {
    const task = await builtinTask('demo-facts')
    const settings = { ...task.settings, sampleCount: 0 }
    const changed = (changes: object): string => JSON.stringify({ ...task, ...changes })
    for (const [content, message] of [
      [changed({ settings }), /^t\.json is not a task: settings\.sampleCount: /],
      [changed({ extra: 1 }), /^t\.json is not a task: .*"extra"/],
      [changed({ rightPattern: '(' }), /rightPattern: /],
      ['{', /^t\.json is not JSON: /],
      ['3', /^t\.json is not a task: /]
    ] as const)
      expect((await problemWith('t.json', content)).message).toMatch(message)
    expect((await problemWith('t.json', changed({ schemaVersion: 99 }))).code).toBe('newer-version')
  })
})

describe('a list of prompts', () => {
  it('without answers is creative writing', () => {
    const line = lines({ prompt: 'Write about the sea.', system: 'Be brief.' })
    const task = readTaskFile('sea.jsonl', line)
    expect(task).toMatchObject({
      id: 'sea',
      name: 'sea',
      kind: 'creative',
      prompts: [{ text: 'Write about the sea.', system: 'Be brief.' }],
      settings: { sampleCount: 32, maxTokens: 256, sampling: { temperature: 1, minP: 0.1 } },
      reading: { kind: 'whole' }
    })
    expect(Task.parse(task)).toEqual(task)
  })

  it('with several answers is open-ended, with one each reasoning', () => {
    const open = readTaskFile('p.json', '[{"text": "Name a bit.", "answers": [0, "1"]}]')
    expect([open.kind, answersOf(open)]).toEqual(['open-ended', [['0', '1']]])
    const facts = readTaskFile('p.jsonl', lines({ question: 'Capital of Italy?', answer: 'Rome' }))
    expect(facts).toMatchObject({ kind: 'reasoning', reading: { kind: 'first-line' } })
    expect(answersOf(facts)).toEqual([['Rome']])
  })

  it('may name an answer in several ways, which count as one', () => {
    const states = [
      { text: 'Name a state.', answers: [[' New York', 'NY'], 'Ohio', ['ny', 'Empire State']] },
      { text: 'Name a sea.', answers: ['Red Sea'] }
    ]
    const task = readTaskFile('states.json', JSON.stringify(states))
    expect(task.kind).toBe('open-ended')
    const [state] = task.prompts
    if (state === undefined) throw new Error('no prompt')
    const reader = new AnswerReader(task)
    const named = (text: string): string | null => reader.rightAnswer(reader.read(text) ?? '', state)
    expect(['New York.', 'NY', 'Ohio', 'Empire State', 'Utah'].map(named)).toEqual([
      'new york',
      'new york',
      'ohio',
      // Named by two answers, a name is the first one's.
      'empire state',
      null
    ])
    expect(reader.rightCount(state)).toBe(3)
    const samples = ['NY', 'New York', 'Ohio'].map((text) => sampleLine('post', 0, 0, text))
    const cell = { prompt: state, samples, scores: undefined, judgeScores: new Map(), forms: null }
    const measures = { distinctRight: 2, coverage: 2 / 3, accuracy: 1 }
    expect(cellMeasures(task, reader, 100, cell, 1)).toMatchObject(measures)
    expect(Task.parse(JSON.parse(formatTaskFile(task)))).toEqual({ ...task })
  })

  it('in a table has its answers in one cell', () => {
    const table = 'question,answers,category\n"Name a coin, please.",penny | dime,money\nName a bit.,0|1,\n'
    const task = readTaskFile('coins.csv', table)
    expect(answersOf(task)).toEqual([
      ['penny', 'dime'],
      ['0', '1']
    ])
    expect(task.prompts[0]).toMatchObject({ text: 'Name a coin, please.', category: 'money' })
  })

  it("of GSM8K's form has the number after #### as its answer, without separators", () => {
    const many = { question: 'How many?', answer: 'She has 3*4=<<3*4=12>>12.\nThen 1,188 more.\n#### 1,200' }
    const cold = { question: 'How cold?', answer: 'It fell.\n#### -7' }
    const task = readTaskFile('test.jsonl', lines(many, cold))
    expect(answersOf(task)).toEqual([['1200'], ['-7']])
    expect([task.kind, task.reading.kind]).toEqual(['reasoning', 'last-number'])
  })

  it.each([
    ...malformedCases('task-files', Malformed),
    { file: 'p.jsonl', content: 'x'.repeat(20_000_001), message: 'at most 20000000 are read' }
  ])('is refused with file, line and field: $message', async ({ file, content, message }) => {
    const problem = await problemWith(file, content)
    expect(problem.code).toBe('bad-input')
    expect(problem.message).toMatch(new RegExp(message))
  })

  it('whatever it holds, is read as a task or refused by name', () => {
    const value = fc.oneof(fc.string(), fc.double(), fc.constant(null), fc.array(fc.string(), { maxLength: 3 }))
    const entry = fc.dictionary(
      fc.constantFrom('text', 'question', 'answer', 'answers', 'category', 'schemaVersion', 'prompts'),
      value
    )
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 3 }), fc.constantFrom('p.json', 'p.jsonl'), (entries, name) => {
        const content = name === 'p.json' ? JSON.stringify(entries) : lines(...entries)
        try {
          const task = readTaskFile(name, content)
          expect(Task.parse(task)).toEqual(task)
        } catch (error) {
          expect(error).toBeInstanceOf(WorkbenchError)
          expect(String(error)).toContain(name)
        }
      })
    )
  })
})
