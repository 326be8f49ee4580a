import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { askConfined } from '../confined/host'
import type { ConfinedReply, TextRequest } from '../confined/messages'
import { inBatches } from './batches'
import type { TextModel } from './text-model'

/** Those of base and post. */
const KEPT = 2

/** What one request holds, so that each has its 3 s for little and other requests come in between. */
const BATCH = { texts: { items: 64, size: 1_000_000 }, lists: { items: 256, size: 32_768 }, tokens: 32_768 }

/** By folder, the least recently used first. */
const recent = new Map<string, { files: string; text: Promise<TextModel> }>()

/**
 * Tokenizer and chat template of a folder, kept and worked by the confined process, without reading the folder again while its
 * files are what they were.
 *
 * @throws WorkbenchError as `loadTextModel`
 */
export async function recentTextModel(folder: string): Promise<TextModel> {
  const files = await stateOfFiles(folder)
  const known = recent.get(folder)
  recent.delete(folder)
  const text = known?.files === files ? known.text : openText(folder, files)
  recent.set(folder, { files, text })
  for (const oldest of [...recent.keys()].slice(0, -KEPT)) recent.delete(oldest)
  try {
    return await text
  } catch (error) {
    // What is wrong may lie outside the files' names and times.
    if (recent.get(folder)?.text === text) recent.delete(folder)
    throw error
  }
}

async function openText(folder: string, files: string): Promise<TextModel> {
  const place = { folder, files, file: join(folder, 'tokenizer.json') }
  return confinedTextModel(place, await askText({ kind: 'open-text', ...place }, 'text'))
}

/** What it asks of a tokenizer goes to the confined process in batches. */
function confinedTextModel(
  place: Pick<TextRequest, 'folder' | 'files' | 'file'>,
  facts: Extract<ConfinedReply, { kind: 'text' }>
): TextModel {
  return {
    folder: place.folder,
    chatTemplate: facts.chatTemplate,
    hasChatTemplate: facts.chatTemplate !== null,
    specialTokens: new Map(facts.specialTokens),
    addedTokens: new Map(facts.addedTokens),
    textTokens: Array.from(facts.textTokens),

    async encodeAll(texts: readonly string[], addSpecialTokens = false): Promise<number[][]> {
      const encoded: number[][] = []
      for (const batch of inBatches(texts, BATCH.texts, ({ length }) => length)) {
        const request: TextRequest = { kind: 'encode', ...place, texts: batch, addSpecialTokens }
        for (const tokens of (await askText(request, 'tokens')).tokens) encoded.push(tokens)
      }
      return encoded
    },

    async decodeAll(lists: readonly (readonly number[])[]): Promise<string[]> {
      const decoded: string[] = []
      for (const batch of inBatches(lists, BATCH.lists, ({ length }) => length)) {
        const request: TextRequest = { kind: 'decode', ...place, lists: batch.map((list) => [...list]) }
        for (const text of (await askText(request, 'texts')).texts) decoded.push(text)
      }
      return decoded
    },

    async decodeBehind(context: readonly number[], tokens: readonly number[]): Promise<string[]> {
      const decoded: string[] = []
      for (let first = 0; first < tokens.length; first += BATCH.tokens) {
        const some = Int32Array.from(tokens.slice(first, first + BATCH.tokens))
        const request: TextRequest = {
          kind: 'decode-behind',
          ...place,
          context: [...context],
          tokens: some
        }
        for (const text of (await askText(request, 'texts')).texts) decoded.push(text)
      }
      return decoded
    }
  }
}

async function askText<Kind extends 'text' | 'tokens' | 'texts'>(
  request: TextRequest,
  kind: Kind
): Promise<Extract<ConfinedReply, { kind: Kind }>> {
  const reply = await askConfined(request)
  if (isOfKind(reply, kind)) return reply
  throw new Error(`the confined process replied to ${request.kind} with ${reply.kind}`)
}

function isOfKind<Kind extends ConfinedReply['kind']>(
  reply: ConfinedReply,
  kind: Kind
): reply is Extract<ConfinedReply, { kind: Kind }> {
  return reply.kind === kind
}

/** Changes when a file that tokenizer and template may be read from does; empty for a folder that is not there. */
async function stateOfFiles(folder: string): Promise<string> {
  const names = await readdir(folder).catch((): string[] => [])
  const states = await Promise.all(
    names
      .filter((name) => /\.(json|jinja)$/.test(name))
      .sort()
      .map(async (name) => {
        // A link that leads nowhere is the loader's to complain about.
        const found = await stat(join(folder, name)).catch(() => null)
        return `${name} ${found?.size} ${found?.mtimeMs} ${found?.ino}`
      })
  )
  return states.join('\n')
}
