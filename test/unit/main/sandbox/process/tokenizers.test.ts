import { expect, test } from 'vitest'
import { Tokenizers } from '../../../../../src/main/sandbox/process/tokenizers'
import { byteLevelTokenizer, textFolder } from '../../../../fixtures/text-folder'

const request = (folder: string) => ({ kind: 'open-text' as const, folder, files: 'unchanged', file: 'tokenizer.json' })

/** Creates a folder whose tokenizer has one more special token. */
const folderWith = (special: string, template = ''): Promise<string> =>
  textFolder({
    'tokenizer.json': byteLevelTokenizer(),
    'tokenizer_config.json': {
      chat_template: template,
      added_tokens_decoder: { 300: { content: special, special: true } }
    }
  })

test('folders with equal tokenizers share one, each with its own chat template', async () => {
  const texts = new Tokenizers()
  const [base, post] = [await folderWith('<a>'), await folderWith('<a>', 'chat')]
  const [ofBase, ofPost] = [await texts.get(request(base)), await texts.get(request(post))]
  expect(ofPost.textTokens).toBe(ofBase.textTokens)
  expect([ofBase.folder, ofPost.folder]).toEqual([base, post])
  expect([ofBase.chatTemplate?.source, ofPost.chatTemplate?.source]).toEqual(['', 'chat'])
  expect(await texts.get(request(base))).toBe(ofBase)
})

test('the last two tokenizers are kept, with all of their folders', async () => {
  const texts = new Tokenizers()
  const a = await folderWith('<a>')
  const sameAsA = await folderWith('<a>', 'chat')
  const b = await folderWith('<b>')
  const c = await folderWith('<c>')
  const [ofA, ofB] = [await texts.get(request(a)), await texts.get(request(b))]
  const ofSame = await texts.get(request(sameAsA))
  await texts.get(request(c))
  // B was used least recently.
  expect(await texts.get(request(a))).toBe(ofA)
  expect(await texts.get(request(sameAsA))).toBe(ofSame)
  expect(await texts.get(request(b))).not.toBe(ofB)
})
