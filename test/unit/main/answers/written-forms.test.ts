import { describe, expect, it } from 'vitest'
import { elementAt } from '../../../../src/contract/model/look-up'
import { AnswerReader } from '../../../../src/main/answers/read-answer'
import { AnswerWriter } from '../../../../src/main/answers/written-forms'
import { loadTextModel } from '../../../../src/main/text/text-model'
import {
  gemmaTokenizer,
  llama2Tokenizer,
  llama3Tokenizer,
  mistralTokenizer,
  phi3Tokenizer,
  qwenTokenizer
} from '../../../fixtures/family-tokenizers'
import { taskFixture } from '../../../fixtures/evaluation-documents'
import { textFolder } from '../../../fixtures/text-folder'

const END = 0
const PROMPT = { text: 'Say it', category: '', raw: false, answers: ['A', '7'] }

describe('tokens that write an answer', () => {
  const tokenizers = {
    'Llama 2': llama2Tokenizer(),
    'Llama 3': llama3Tokenizer(),
    'Mistral, with a space first': mistralTokenizer('first'),
    'Mistral, with spaces always': mistralTokenizer('always'),
    'Phi-3': phi3Tokenizer(),
    Gemma: gemmaTokenizer(),
    Qwen: qwenTokenizer()
  }

  it.each(Object.entries(tokenizers))('add it to the text of the whole prompt: %s', async (_family, tokenizer) => {
    const text = await loadTextModel(await textFolder({ 'tokenizer.json': tokenizer, 'tokenizer_config.json': {} }))
    const task = taskFixture({ reading: { kind: 'whole' }, prompts: [PROMPT] })
    const reader = new AnswerReader(task)
    const writer = await AnswerWriter.create(task, reader, text, [END])
    const sentence = text.encode('Say A 7 A 7 A')
    // The last one ends within a character, if the tokenizer has tokens for its bytes.
    const contexts = [[], sentence.slice(-1), sentence, text.encode('Say A\n'), text.encode('7é').slice(0, -1)]
    for (const context of contexts) {
      const before = text.decode(context)
      const { answers } = await writer.write(PROMPT, context)
      expect(answers.map(({ name }) => name)).toEqual(['A', '7'])
      const written = answers.flatMap(({ sequences }) => sequences.map((sequence) => sequence.join()))
      for (const form of before === '' || /\s$/.test(before) ? ['A', 'a.'] : ['A', ' A', ' 7!']) {
        const added = text.decode([...context, ...text.encode(form)]).slice(before.length)
        expect([form, written.includes([...text.encode(form), END].join())]).toEqual([
          form,
          reader.isRight(reader.read(added) ?? '', PROMPT)
        ])
      }
      for (const { name, sequences } of answers) {
        for (const sequence of sequences) {
          expect(sequence.at(-1)).toBe(END)
          const whole = text.decode([...context, ...sequence.slice(0, -1)])
          expect(whole.startsWith(before)).toBe(true)
          const read = reader.read(whole.slice(before.length)) ?? ''
          expect(reader.rightAnswer(read, elementAt(task.prompts, 0, 'prompt'))).toBe(name.toLowerCase())
        }
      }
    }
  })
})
