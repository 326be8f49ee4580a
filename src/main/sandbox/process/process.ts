import { WorkbenchError } from '../../../contract/model/problem'
import { pipeToParent } from '../../base/parent-pipe'
import { type EmbeddingTokenizer, readEmbeddingTokenizer } from '../../evaluation/embedding-tokenizer'
import {
  type EmbeddingTokensRequest,
  type FolderRequest,
  SandboxLimits,
  type SandboxReply,
  SandboxRequest
} from '../messages'
import { readGenerationConfig } from '../../checkpoint/generation-config'
import { readLocalModel } from '../../checkpoint/local-models'
import { readMember } from '../../checkpoint/pair-member'
import { findChatTemplate } from '../../text/chat-template'
import { readTokenizerConfig } from '../../text/tokenizer-config'
import { Tokenizers } from './tokenizers'
import { Watchdog } from './watchdog'
import { parseJson } from '../../base/files/bounded-json'

/* The sandbox process: it answers requests on untrusted files, and ends itself if one takes too long. */

/** Loads tokenizers of sentence-embedding models, and keeps the last one. */
class EmbeddingTokenizers {
  private cached: { key: string; tokensOf: EmbeddingTokenizer } | null = null

  async get({ folder, files }: EmbeddingTokensRequest): Promise<EmbeddingTokenizer> {
    const key = JSON.stringify([folder, files])
    if (this.cached?.key === key) return this.cached.tokensOf
    this.cached = null
    const tokensOf = await readEmbeddingTokenizer(folder)
    this.cached = { key, tokensOf }
    return tokensOf
  }
}

/** Time limits of a request, which main passes as an argument. */
const limits = SandboxLimits.parse(parseJson(process.argv[2] ?? '', 'the limits'))
const watchdog = new Watchdog()
const texts = new Tokenizers()
const embeddingTokenizers = new EmbeddingTokenizers()

/** Answers a request. A thread of main would not do, because V8 ends its process for a value that is too large. */
async function answer(request: SandboxRequest): Promise<SandboxReply> {
  try {
    const work = await watchdog.within(limits.read, () => prepareWork(request))
    return await watchdog.within(limits.work, work)
  } catch (error) {
    // Any other error is a defect. It ends this process, and main reports it.
    if (!(error instanceof WorkbenchError)) throw error
    return { kind: 'failed', problem: error.problem }
  }
}

/** Reads what a request needs and returns its work, which has a limit of its own. Rare modules load on demand. */
async function prepareWork(request: SandboxRequest): Promise<() => SandboxReply> {
  switch (request.kind) {
    case 'template': {
      const { renderTemplate } = await import('../render-template')
      return () => ({ kind: 'template', ...renderTemplate(request) })
    }
    case 'template-variables': {
      const { templateVariables } = await import('../../text/template-variables')
      return () => ({ kind: 'texts', texts: templateVariables(request.source) })
    }
    case 'yaml': {
      const { parseYaml } = await import('../parsed-yaml')
      return () => ({ kind: 'yaml', ...parseYaml(request) })
    }
    case 'import': {
      const { as, file, content } = request
      if (as === 'task') {
        const { readTaskFile } = await import('../../evaluation/task-file')
        return () => ({ kind: 'imported', value: readTaskFile(file, content) })
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
      const template = await findChatTemplate(request.folder, chatTemplate)
      if (template === null) return () => ({ kind: 'found-template', found: false })
      const { checkTemplate } = await import('../render-template')
      return () => {
        checkTemplate(template.source, `The chat template in ${template.file}`)
        return { kind: 'found-template', found: true }
      }
    }
    case 'embedding-tokens': {
      const tokensOf = await embeddingTokenizers.get(request)
      return () => ({ kind: 'tokens', tokens: request.texts.map(tokensOf) })
    }
    case 'checkpoint':
    case 'generation-config':
    case 'local-model': {
      const json = Buffer.from(JSON.stringify(await folderFacts(request)))
      return () => ({ kind: 'folder', json })
    }
    default: {
      const text = await texts.get(request)
      return () => Tokenizers.answer(text, request)
    }
  }
}

async function folderFacts({ kind, file: folder, adapterBase, namedBase }: FolderRequest): Promise<unknown> {
  switch (kind) {
    case 'checkpoint': {
      // Reading it as the member of a pair refuses configs that main would refuse.
      const { checkpoint } = await readMember(folder, adapterBase, namedBase)
      return { ...checkpoint, tensors: [...checkpoint.tensors] }
    }
    case 'generation-config':
      return readGenerationConfig(folder)
    case 'local-model':
      return readLocalModel(folder)
  }
}

const pipe = pipeToParent()
const reply = (message: SandboxReply): void => pipe.post(message)
pipe.onMessage((message) => void answer(SandboxRequest.parse(message)).then(reply))
reply({ kind: 'ready' })
