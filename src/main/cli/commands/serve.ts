import { type Command } from 'commander'
import { z } from 'zod'
import { changedRendering } from '../../../contract/work/settings'
import { DEFAULT_RENDERING } from '../../../contract/documents/crc'
import { formatMemory } from '../../../contract/model/bytes'
import { formatCount } from '../../../contract/words/format'
import { type ApiServer, isLoopback, startApi } from '../../api/api-server'
import { requestedVariant } from '../../api/requested-variant'
import { type NamedVariant, ServedVariants } from '../../api/served-variants'
import { readTextFile } from '../../base/files/bounded-file'
import { absolutePath } from '../../base/files/paths'
import { postTextFolder } from '../../checkpoint/model-folder'
import { inputError } from '../../../contract/model/problem'
import { elementAt } from '../../../contract/model/look-up'
import { pairPaths } from '../../project/demo'
import { defaultSampleSettings } from '../../samples/default-settings'
import { engineOnly } from '../../samples/external'
import { requireFp16 } from '../../work/chosen-device'
import { computingFromOptions } from '../../../contract/documents/samples'
import { requireKnownTemplateVariables } from '../../work/template-arguments'
import { computingOptions } from '../options/computing-options'
import { defaulting, flag, number, several, text, parsedBy } from '../options/option-kinds'
import {
  memoryOption,
  notifyOfMemory,
  pairOptions,
  renderingOptions,
  usageError,
  wholeNumber
} from '../options/options'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { printJson, printText, remark } from '../printing/output'
import { pairOfCommand, projectOptions, withViewedPair } from '../results/project-to-save'
import { withEngine } from '../running/engine'
import { comparedModels, type ModelContext, modelsNamed } from '../running/models'

const Origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text)

const serveOptions = pairOptions
  .and(projectOptions('use the pair and the recipes of this project (read only)'))
  .heading('Server:')
  .options({
    host: defaulting(text('<host>', 'address to listen on; others than loopback need a key'), '127.0.0.1'),
    port: defaulting(number('<n>', 'port; 0 is a free one', wholeNumber(0, 65_535)), 8000),
    allowAnyRange: flag('also load layers, blends and mixes that a request names, while memory allows'),
    apiKeyFile: text('<file>', 'file with the key that requests must bring'),
    allowOrigin: several(
      Origin,
      '<origin>',
      'origin of a web page that may ask; repeatable',
      parsedBy(Origin, 'an origin such as https://chat.example.org')
    )
  })
  .and(computingOptions, memoryOption, renderingOptions)
type ServeOptions = CommandOptions<typeof serveOptions>

/** `slr serve`: serves models by an OpenAI-compatible API. */
export const serveCommand = subcommand(serveOptions, {
  operands: [comparedModels('base and post')],
  async run(options, command, signal) {
    await withViewedPair(options, command, async (pair) => {
      const folders = pairPaths(await pairOfCommand(options, pair, command))
      await serve(options, { folders, pair }, command, signal)
    })
  }
})

async function serve(
  options: ServeOptions,
  context: ModelContext,
  command: Command,
  signal: AbortSignal
): Promise<void> {
  const { folders } = context
  const { host, port, allowOrigin = [] } = options
  requireFp16(options.device ?? 'cpu', options.precision)
  await requireKnownTemplateVariables(options, await postTextFolder(folders))
  const key = await readApiKey(options, command)
  const variants = await namedVariants(context, command)
  const note = options.quiet ? () => undefined : remark
  notifyOfMemory(options, note)
  const defaults = await defaultSampleSettings(await postTextFolder(folders))
  await withEngine(async (engine) => {
    const models = await ServedVariants.open(engine, {
      ...folders,
      rendering: changedRendering(options, DEFAULT_RENDERING),
      defaults: {
        ...defaults,
        ...computingFromOptions(options),
        memoryBytes: options.memory ?? defaults.memoryBytes
      },
      variants,
      ...(options.allowAnyRange ? { findVariant: (name) => requestedVariant(name, folders) } : {})
    })
    for (const notice of models.notices) note(notice)
    const server = await startApi({ models, host, port, key, origins: allowOrigin })
    await announce(server, models, options)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await server.close()
  })
}

/** Returns the served models, named by the words that the user typed. Paths are replaced by the name of their model. */
async function namedVariants(context: ModelContext, command: Command): Promise<NamedVariant[]> {
  const words = command.args.length > 0 ? command.args : ['base', 'post']
  const variants = engineOnly(await modelsNamed(words, context, command), 'it cannot be served')
  const named = variants.map((variant, index) => {
    const word = elementAt(words, index, 'model')
    return { name: /[\\/]|\.(json|ya?ml)$/.test(word) ? variant.name : word, variant }
  })
  const twice = named.find(({ name }, index) => named.findIndex((other) => other.name === name) !== index)
  if (twice !== undefined) throw usageError(command, `${twice.name} is named twice: name it once`)
  return named
}

const MAX_KEY_BYTES = 10_000

/**
 * Reads the key that requests must bring; null for none.
 *
 * @throws UsageError if other machines could reach the server without a key
 */
async function readApiKey({ host, apiKeyFile }: ServeOptions, command: Command): Promise<string | null> {
  if (apiKeyFile === undefined) {
    if (isLoopback(host)) return null
    throw usageError(command, `--host ${host} can be reached by others: name a key with --api-key-file`)
  }
  const file = absolutePath(apiKeyFile)
  const key = (await readTextFile(file, MAX_KEY_BYTES)).trim()
  if (/^[\x21-\x7e]{8,}$/.test(key)) return key
  throw inputError(
    `${file} has no key. Expected one line of at least 8 visible ASCII characters.`,
    'Write one, for example with `openssl rand -hex 32`.'
  )
}

async function announce({ url }: ApiServer, models: ServedVariants, options: ServeOptions): Promise<void> {
  const { weights, weightBytes, maximumLength, cacheTokens } = models.plan
  if (options.json) return printJson('api-address', { url, models: models.names, ...models.plan })
  return printText(
    [
      `OpenAI-compatible API: ${url}`,
      `Models: ${models.names.join(', ')}`,
      `Weights: ${formatMemory(weightBytes)} in ${weights}. Longest sequence: ${formatCount(maximumLength)} tokens. ` +
        `All sequences together: ${formatCount(cacheTokens)} tokens.`,
      'Press Ctrl-C to stop.'
    ].join('\n')
  )
}
