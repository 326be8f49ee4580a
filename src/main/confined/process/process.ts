import { WorkbenchError } from '../../../contract/model/problem'
import { pipeToParent } from '../../base/parent-pipe'
import { ConfinedLimits, type ConfinedReply, ConfinedRequest, type FolderRequest } from '../messages'
import { readGenerationConfig } from '../../checkpoint/generation-config'
import { readLocalModel } from '../../checkpoint/local-models'
import { readMember } from '../../checkpoint/pair-member'
import { findChatTemplate } from '../../text/chat-template'
import { readTokenizerConfig } from '../../text/tokenizer-config'
import { EmbeddingTokenizers } from './embedding-tokenizers'
import { Texts } from './texts'
import { Watchdog } from './watchdog'
import { parseJson } from '../../base/files/bounded-json'

/** From the program that starts this. */
const limits = ConfinedLimits.parse(parseJson(process.argv[2] ?? '', 'the limits'))
const watchdog = new Watchdog()
const texts = new Texts()
const embeddingTokenizers = new EmbeddingTokenizers()

/**
 * The process for what files from elsewhere make this program compute. A thread would not do: V8 ends the whole process
 * when a string, a list or a pattern outgrows it, whatever limits its thread has.
 */
async function answered(request: ConfinedRequest): Promise<ConfinedReply> {
  try {
    const work = await watchdog.within(limits.read, () => workOf(request))
    return await watchdog.within(limits.work, work)
  } catch (error) {
    // Anything else is a defect: it ends the process, and main hears of that.
    if (!(error instanceof WorkbenchError)) throw error
    return { kind: 'failed', problem: error.problem }
  }
}

/** What most of these processes are never asked for is loaded when it is: loading all of it made a sixth of their start. */
async function workOf(request: ConfinedRequest): Promise<() => ConfinedReply> {
  switch (request.kind) {
    case 'template': {
      const { renderTemplate } = await import('../render-template')
      return () => ({ kind: 'template', ...renderTemplate(request) })
    }
    case 'yaml': {
      const { parsedYaml } = await import('../parsed-yaml')
      return () => ({ kind: 'yaml', ...parsedYaml(request) })
    }
    case 'import': {
      const { as, file, content } = request
      if (as === 'task') {
        const { readTaskFile } = await import('../../evaluation/task-file')
        return () => ({ kind: 'imported', value: readTaskFile(file, content, undefined) })
      }
      const { readSamplePrompts } = await import('../../samples/prompts')
      return () => ({ kind: 'imported', value: readSamplePrompts(file, content) })
    }
    case 'answer-log': {
      const { readAnswerLog } = await import('./answer-log')
      const log = await readAnswerLog(request.file)
      return () => ({ kind: 'answer-log', ...log })
    }
    case 'find-template': {
      const { chatTemplate } = await readTokenizerConfig(request.folder)
      const found = (await findChatTemplate(request.folder, chatTemplate)) !== null
      return () => ({ kind: 'found-template', found })
    }
    case 'embedding-tokens': {
      const tokensOf = await embeddingTokenizers.of(request)
      return () => ({ kind: 'tokens', tokens: request.texts.map(tokensOf) })
    }
    case 'checkpoint':
    case 'generation-config':
    case 'local-model': {
      const json = Buffer.from(JSON.stringify(await folderFacts(request)))
      return () => ({ kind: 'folder', json })
    }
    default: {
      const text = await texts.of(request)
      return () => Texts.answer(text, request)
    }
  }
}

async function folderFacts({ kind, file: folder }: FolderRequest): Promise<unknown> {
  switch (kind) {
    case 'checkpoint': {
      // Its config is read as a decoder's too: what is refused there need not be sent.
      const { checkpoint } = await readMember(folder)
      return { ...checkpoint, tensors: [...checkpoint.tensors] }
    }
    case 'generation-config':
      return readGenerationConfig(folder)
    case 'local-model':
      return readLocalModel(folder)
  }
}

const pipe = pipeToParent()
const reply = (message: ConfinedReply): void => pipe.post(message)
pipe.onMessage((message) => void answered(ConfinedRequest.parse(message)).then(reply))
reply({ kind: 'ready' })
