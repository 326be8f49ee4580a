import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { DEFAULT_RENDERING } from '../../../src/contract/documents/crc'
import { openPairClassifier, sameByWords } from '../../../src/main/evaluation/pair-classifier'
import { prepareEvaluation } from '../../../src/main/evaluation/prepare-evaluation'
import { evaluationResults } from '../../../src/main/measures/results'
import { pairPaths } from '../../../src/main/project/demo'
import { embeddingFolder, embeddingModel } from '../../fixtures/embedding-folder'
import { openQuestions } from '../../fixtures/open-questions'
import { problemOf } from '../../fixtures/problems'
import { scoreStored } from '../../fixtures/score-stored'
import { sampleLine } from '../../fixtures/sample-run'
import { sharedEngine } from '../../fixtures/shared-engine'

/** Logits that add up over the tokens [PAD], [UNK], [CLS], [SEP], red, blue, ##dish: pairs with a blue in them are different. */
const NO_BLUE = [0, 0, 0, 0, 1, -100, 0].map((second) => [0, second])
const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids']

/** A folder whose classifier adds up these logits over an input. */
const classifierFolder = (vectors = NO_BLUE, inputs = INPUTS): Promise<string> =>
  embeddingFolder({ 'model.onnx': embeddingModel('sentence_embedding', inputs, vectors) })

const words = (word: string, count: number): string => Array.from({ length: count }, () => word).join(' ')
const REDS = [words('red', 6), words('red', 9), words('reddish', 7)]
const BLUES = [words('blue', 6), words('blue', 7)]

async function classesOf(folder: string, ...groups: string[][]): Promise<number[]> {
  const classifier = await openPairClassifier(folder)
  const begins = await classifier.partition(sharedEngine.client(), groups, new AbortController().signal)
  return begins.map(({ length }) => length)
}

describe('classes of answers', () => {
  it('are begun by each text unlike all earlier ones, however many pairs are compared at once', async () => {
    const folder = await classifierFolder()
    expect(await classesOf(folder, REDS, BLUES, [...REDS, ...BLUES], [], ['red'])).toEqual([1, 2, 3, 0, 1])
    // The first text of a class decides: blue is none of the class that red began, and red none of blue's.
    expect(await classesOf(folder, [BLUES[0] ?? '', ...REDS])).toEqual([2])
  })

  it('are decided by the words of short texts, without the classifier', async () => {
    expect(sameByWords('Red fox', 'the red FOX runs')).toBe(true)
    expect(sameByWords('red fox', 'the red dog runs fast')).toBe(false)
    expect(sameByWords('', '')).toBe(true)
    expect(sameByWords('one two three four five six', 'one')).toBeNull()
    expect(await classesOf(await classifierFolder(), ['blue', 'Blue', 'red'])).toEqual([2])
  })

  it('inform the classifier to which text a token belongs', async () => {
    const byType = (logit: number) => [[0, 0], [0, logit], ...Array.from({ length: 5 }, () => [0, 0])]
    const inputs = ['token_type_ids', 'input_ids', 'attention_mask']
    expect(await classesOf(await classifierFolder(byType(1), inputs), REDS)).toEqual([1])
    expect(await classesOf(await classifierFolder(byType(-1), inputs), REDS)).toEqual([3])
  })

  it.each<[string, Record<string, string | Uint8Array>, RegExp]>([
    ['no model', { 'model.onnx': 'not onnx' }, /does not work as a classifier of pairs of texts: onnxruntime says/],
    ['other inputs', { 'model.onnx': embeddingModel('sentence_embedding', ['pixels']) }, /inputs are pixels/],
    [
      'no logits',
      { 'model.onnx': embeddingModel('last_hidden_state') },
      /output last_hidden_state is float32 \[2, \d+, 2\]; expected float32 \[2, 2\] or \[2, 1\]/
    ],
    [
      'no numbers',
      {
        'model.onnx': embeddingModel(
          'sentence_embedding',
          INPUTS,
          NO_BLUE.map(() => [0, NaN])
        )
      },
      /holds values that are no numbers/
    ]
  ])('are refused of %s, naming the file and what was expected', async (_, files, message) => {
    expect((await problemOf(classesOf(await embeddingFolder(files), REDS))).message).toMatch(message)
  })

  it('are refused with a tokenizer that puts nothing around a text', async () => {
    const folder = await classifierFolder()
    const file = join(folder, 'tokenizer.json')
    const tokenizer = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')))
    await writeFile(file, JSON.stringify({ ...tokenizer, post_processor: null }))
    expect((await problemOf(openPairClassifier(folder))).message).toMatch(/expected one before and one behind it/)
  })
})

it('an evaluation counts the classes of the first ten answers, and refuses another classifier in its place', async () => {
  const folder = await classifierFolder()
  const { run, pair } = await prepareEvaluation({
    ...pairPaths({ kind: 'demo', pair: 'blend' }),
    task: await openQuestions(1, 11),
    variants: [{ variant: { kind: 'post', name: 'post' } }],
    rendering: DEFAULT_RENDERING,
    classifier: folder
  })
  expect(run.classifier).toEqual({ path: folder, fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) })
  // The eleventh would be a class of its own.
  const texts = [...Array.from({ length: 8 }, (_, index) => words('red', 6 + index)), ...BLUES, words('blue', 8)]
  const samples = texts.map((text, index) => sampleLine('post', 0, index, text)).toReversed()
  const score = () => scoreStored(sharedEngine.client(), { run, pair }, samples)
  const scores = await score()
  const results = evaluationResults(
    { run, samples, scores, judgeScores: [], pairs: [], forms: [] },
    { characters: null, task: null }
  )
  expect(results.variants[0]?.measures.distinctClasses?.mean).toBe(3)

  run.classifier = { path: await classifierFolder(), fingerprint: 'of another' }
  expect(await problemOf(score())).toMatchObject({ code: 'mismatch' })
})
