import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_RENDERING } from '../../../src/contract/documents/crc'
import type { SampleLine } from '../../../src/contract/documents/samples'
import { openEmbeddingModel } from '../../../src/main/evaluation/embedding-model'
import { prepareEvaluation } from '../../../src/main/evaluation/prepare-evaluation'
import { textToFloats } from '../../../src/main/base/float-text'
import { createEngineHost, type EngineHost } from '../../../src/main/engine/host'
import { pairPaths } from '../../../src/main/project/demo'
import { embeddingFolder, embeddingModel } from '../../fixtures/embedding-folder'
import { z } from 'zod'
import { openQuestions } from '../../fixtures/open-questions'
import { problemOf } from '../../fixtures/problems'
import { scoreStored } from '../../fixtures/score-stored'
import { tightSandbox } from '../../fixtures/tight-sandbox'

const Json = z.record(z.string(), z.unknown())

let engine: EngineHost
beforeAll(() => {
  engine = createEngineHost()
})
afterAll(() => engine.close())

async function embed(folder: string, texts: readonly string[]): Promise<number[][]> {
  const model = await openEmbeddingModel(folder)
  const result: number[][] = []
  const request = { file: model.file, texts: await model.encodeAll(texts) }
  for await (const { text, embedding } of await engine.client().embed(request)) {
    result[text] = [...textToFloats(embedding)]
  }
  return result
}

describe("a sentence-embedding model of the user's", () => {
  it('averages the vectors of a text its own tokens, whatever is padded beside it, to length 1', async () => {
    // [CLS] red [SEP]: (1, 0); [CLS] red ##dish blue [SEP]: (3, 3 + 4) / 5 -> (3, 7) / sqrt(58); [CLS] [SEP]: (0, 0).
    const [red, longer, empty] = await embed(await embeddingFolder(), ['Red', 'reddish BLUE', ''])
    expect(red).toEqual([1, 0])
    expect(longer?.[0]).toBeCloseTo(3 / Math.sqrt(58), 6)
    expect(longer?.[1]).toBeCloseTo(7 / Math.sqrt(58), 6)
    expect(empty).toEqual([0, 0])
  })

  it('takes a vector of the whole text as it is, asks for token types where there are any, and looks in onnx/', async () => {
    const folder = await embeddingFolder({
      'onnx/model.onnx': embeddingModel('sentence_embedding', ['input_ids', 'attention_mask', 'token_type_ids'])
    })
    await rm(join(folder, 'model.onnx'))
    // (3, 4) / 5
    const [both] = await embed(folder, ['red blue'])
    expect(both?.[0]).toBeCloseTo(0.6, 6)
    expect(both?.[1]).toBeCloseTo(0.8, 6)
  })

  it('cuts a text at the length that the folder says, and keeps what ends it', async () => {
    const model = await openEmbeddingModel(
      await embeddingFolder({ 'sentence_bert_config.json': '{"max_seq_length": 4}' })
    )
    expect(await model.encodeAll(['red blue red blue'])).toEqual([[2, 4, 5, 3]])
  })

  it.each<[string, Record<string, string | Uint8Array>, RegExp]>([
    ['an empty model', { 'model.onnx': '' }, /model\.onnx has 0 bytes; expected an ONNX model/],
    ['no model', { 'model.onnx': 'not onnx' }, /model\.onnx does not work.*onnxruntime says/],
    [
      'a model with other inputs',
      { 'model.onnx': embeddingModel('last_hidden_state', ['pixels']) },
      /inputs are pixels \(int64\); expected input_ids and attention_mask/
    ],
    [
      'a model with more values than any has',
      {
        'model.onnx': embeddingModel(
          'sentence_embedding',
          undefined,
          Array<number[]>(7).fill(Array<number>(65_537).fill(1))
        )
      },
      /sentence_embedding has 65537 values for each text; expected at most 65536/
    ],
    [
      'no tokenizer',
      { 'tokenizer.json': '{"model": {"type": "Other"}}' },
      /tokenizer\.json is no tokenizer: model\.type/
    ],
    ['a wrong length', { 'sentence_bert_config.json': '{"max_seq_length": 0}' }, /max_seq_length/]
  ])('refuses %s, naming the file and what was expected', async (_, files, message) => {
    const folder = await embeddingFolder(files)
    expect((await problemOf(embed(folder, ['red']))).message).toMatch(message)
    // The engine lives on.
    expect(await embed(await embeddingFolder(), ['red'])).toEqual([[1, 0]])
  })

  it(
    'has its tokenizer worked where it can be stopped, and main takes its turns meanwhile',
    { timeout: 120_000 },
    async () => {
      tightSandbox()
      const folder = await embeddingFolder()
      const file = join(folder, 'tokenizer.json')
      const tokenizer = Json.parse(JSON.parse(await readFile(file, 'utf8')))
      const normalizer = { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' }
      await writeFile(file, JSON.stringify({ ...tokenizer, normalizer }))
      const model = await openEmbeddingModel(folder)
      let turns = 0
      const timer = setInterval(() => (turns += 1), 10)
      const { message } = await problemOf(model.encodeAll([`${'a'.repeat(60)}b`])).finally(() => clearInterval(timer))
      expect(message).toBe(`The tokenizer in ${file} took longer than 0.2 s of the processor and was stopped.`)
      expect(turns).toBeGreaterThan(5)
      expect(await model.encodeAll(['red'])).toEqual([[2, 4, 3]])
    }
  )

  it('says what is missing in a folder without a model', async () => {
    const folder = await embeddingFolder()
    await rm(join(folder, 'model.onnx'))
    expect(await problemOf(openEmbeddingModel(folder))).toMatchObject({
      code: 'not-found',
      message: `There is no model.onnx or ${join('onnx', 'model.onnx')} in ${folder}.`
    })
  })
})

describe("an evaluation with a model of the user's", () => {
  it('compares the answers by its embeddings, is stored with its fingerprint, and refuses another in its place', async () => {
    const folder = await embeddingFolder()
    const { run, pair } = await prepareEvaluation({
      ...pairPaths({ kind: 'demo', pair: 'blend' }),
      task: await openQuestions(1, 2),
      variants: [{ variant: { kind: 'post', name: 'post' } }],
      rendering: DEFAULT_RENDERING,
      embeddingModel: folder
    })
    expect(run.embeddingModel).toEqual({ path: folder, fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const tokens = [5]
    // The words that the tiny model knows: (1, 0) and (0, 1) lie at right angles.
    const samples = ['red', 'blue'].map((text, index): SampleLine => ({
      variant: 'post',
      prompt: 0,
      index,
      text,
      tokens,
      finish: 'stop'
    }))
    const score = () => scoreStored(engine.client(), { run, pair }, samples)
    const scores = await score()
    expect(scores[0]?.cells[0]?.cosineDistance).toBeCloseTo(1, 6)
    expect(scores[0]?.cells[0]?.vendiScore).toBeCloseTo(2, 6)
    expect(scores[0]?.cells[0]?.logLikelihoodPost).toBeLessThan(0)

    run.embeddingModel = {
      path: await embeddingFolder({ 'model.onnx': embeddingModel('sentence_embedding') }),
      fingerprint: run.embeddingModel?.fingerprint ?? ''
    }
    expect(await problemOf(score())).toMatchObject({ code: 'mismatch' })
  })
})
