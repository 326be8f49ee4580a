import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { askSandbox } from '../sandbox/host'
import type { SandboxReply, TextRequest } from '../sandbox/messages'
import { inBatches, joinCalls } from './batches'
import type { TextModel } from './text-model'

/** The maximum folders whose facts are kept: some MB each for the largest vocabularies. */
const MAX_FOLDERS = 16

/** Limits of one request, so that each takes far less than its limit of 3 s and other requests come in between. */
const BATCH = { texts: { items: 64, size: 1_000_000 }, lists: { items: 256, size: 32_768 }, tokens: 32_768 }

/** Text models by folder, the least recently used first. */
const recent = new Map<string, { files: string; text: Promise<TextModel> }>()

/** Returns the tokenizer and chat template of a folder. They are read again only if the files have changed. */
export async function recentTextModel(folder: string): Promise<TextModel> {
  const files = await stateOfFiles(folder)
  const cached = recent.get(folder)
  recent.delete(folder)
  const text = cached?.files === files ? cached.text : openText(folder, files)
  recent.set(folder, { files, text })
  const [oldest] = recent.keys()
  if (oldest !== undefined && recent.size > MAX_FOLDERS) recent.delete(oldest)
  try {
    return await text
  } catch (error) {
    // The next call tries again, because the cause may be something other than the files.
    if (recent.get(folder)?.text === text) recent.delete(folder)
    throw error
  }
}

async function openText(folder: string, files: string): Promise<TextModel> {
  const source = { folder, files, file: join(folder, 'tokenizer.json') }
  return sandboxTextModel(source, await askSandbox({ kind: 'open-text', ...source }, 'text'))
}

/** Creates a text model that sends its requests to the sandbox process in batches. */
function sandboxTextModel(
  source: Pick<TextRequest, 'folder' | 'files' | 'file'>,
  facts: Extract<SandboxReply, { kind: 'text' }>
): TextModel {
  return {
    folder: source.folder,
    chatTemplate: facts.chatTemplate,
    hasChatTemplate: facts.chatTemplate !== null,
    specialTokens: new Map(facts.specialTokens),
    addedTokens: new Map(facts.addedTokens),
    textTokens: Array.from(facts.textTokens),

    async encodeAll(texts: readonly string[], addSpecialTokens = false): Promise<number[][]> {
      const encoded: number[][] = []
      for (const batch of inBatches(texts, BATCH.texts, ({ length }) => length)) {
        const request: TextRequest = { kind: 'encode', ...source, texts: batch, addSpecialTokens }
        for (const tokens of (await askSandbox(request, 'tokens')).tokens) encoded.push(tokens)
      }
      return encoded
    },

    decodeAll: joinCalls(async (lists: readonly (readonly number[])[]): Promise<string[]> => {
      const decoded: string[] = []
      for (const batch of inBatches(lists, BATCH.lists, ({ length }) => length)) {
        const request: TextRequest = { kind: 'decode', ...source, lists: batch.map((list) => [...list]) }
        for (const text of (await askSandbox(request, 'texts')).texts) decoded.push(text)
      }
      return decoded
    }),

    async decodeBehind(context: readonly number[], tokens: readonly number[]): Promise<string[]> {
      const decoded: string[] = []
      for (let first = 0; first < tokens.length; first += BATCH.tokens) {
        const batch = Int32Array.from(tokens.slice(first, first + BATCH.tokens))
        const request: TextRequest = { kind: 'decode-behind', ...source, context: [...context], tokens: batch }
        for (const text of (await askSandbox(request, 'texts')).texts) decoded.push(text)
      }
      return decoded
    }
  }
}

/** Builds a key that changes with the files of tokenizer and template; empty for a missing folder. */
async function stateOfFiles(folder: string): Promise<string> {
  const names = await readdir(folder).catch((): string[] => [])
  const states = await Promise.all(
    names
      .filter((name) => /\.(json|jinja)$/.test(name))
      .sort()
      .map(async (name) => {
        // The loader reports a broken link.
        const state = await stat(join(folder, name)).catch(() => null)
        return `${name} ${state?.size} ${state?.mtimeMs} ${state?.ino}`
      })
  )
  return states.join('\n')
}
