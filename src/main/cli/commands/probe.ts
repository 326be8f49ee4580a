import { changedRendering } from '../../../contract/work/settings'
import { elementAt } from '../../../contract/model/look-up'
import { basename } from 'node:path'
import { type Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_RENDERING } from '../../../contract/documents/crc'
import type { Model } from '../../../contract/model/model'
import { DEFAULT_TOP, type NextToken } from '../../../contract/procedures/probe'
import { type Recipe, SourcedRanges } from '../../../contract/model/recipe'
import { formatCount, plural } from '../../../contract/words/format'
import { openOther } from '../../checkpoint/other-checkpoint'
import { openPair } from '../../checkpoint/pair'
import type { PairMember } from '../../checkpoint/pair-member'
import { ownTextModel } from '../../checkpoint/whole-model-tokens'
import { nextTokens, renderProbed, tokenizerFor } from '../../jobs/next-token'
import { pairPaths } from '../../project/demo'
import { modelPath } from '../../base/files/places'
import { recentTextModel } from '../../text/recent-text-models'
import type { TextModel } from '../../text/text-model'
import { chosenDevice } from '../../work/chosen-device'
import { triedDevices } from '../../work/devices'
import { choice, defaulting, flag, number, several, text, texts, value } from '../options/option-kinds'
import { withEngine } from '../running/engine'
import {
  parseRanges,
  parseTokens,
  requirePair,
  RESTORE_HELP,
  usageError,
  wholeNumber,
  pairOptions,
  deviceOptions,
  renderingOptions
} from '../options/options'
import { printJson, printShown, remark, style, table } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { readRecipeFile } from '../../mergekit/recipe-file'
import { nothingKept, untilStopped } from '../running/stopped'
import { requireReadArguments } from '../../work/template-arguments'
import { restoredRecipe } from '../options/variants'

const probeOptions = pairOptions
  .heading('Which model:')
  .options({
    model: choice(z.enum(['base', 'post']), '<which>', 'base or post as a whole (default: post)'),
    restore: value(z.array(SourcedRanges), '<ranges>', RESTORE_HELP, parseRanges, { conflicts: ['model'] }),
    recipe: text(
      '<file>',
      'post with a recipe from a JSON or mergekit file, or the best of a search or check',
      {
        conflicts: ['model', 'restore']
      }
    ),
    checkpoint: text(
      '<folder>',
      'another checkpoint of the same architecture as a whole, such as an exported one',
      { conflicts: ['model', 'restore', 'recipe'] }
    )
  })
  .heading('Input, any number of one kind:')
  .options({
    prompt: texts('<text>', 'user turn of a chat; repeatable'),
    tokens: several(
      z.array(z.number()),
      '<ids>',
      'token ids used as they are, such as 1,2,3; repeatable',
      parseTokens,
      { conflicts: ['prompt', 'system', 'templateArgument', 'date', 'assistantPrefix'] }
    )
  })
  .and(renderingOptions, deviceOptions)
  .heading('What to print:')
  .options({
    top: defaulting(number('<n>', 'how many tokens to list', wholeNumber(1, 1_000_000)), DEFAULT_TOP),
    logits: flag('with --json: also the logits of the whole vocabulary')
  })
type ProbeOptions = CommandOptions<typeof probeOptions>

/** The next-token distribution after one token sequence, as `slr probe --json` prints it. */
interface ProbeResult {
  tokens: number[]
  /** Most probable first. */
  top: NextToken[]
  /** Of the whole vocabulary, by token id. */
  logits?: number[]
}

/** `slr probe`: what one model of the pair would say next. */
export const probeCommand = subcommand(probeOptions, {
  async run(options, command, signal) {
    if (options.prompt === undefined && options.tokens === undefined) {
      throw usageError(command, 'probe what? Give --prompt TEXT or --tokens 1,2,3')
    }
    if (options.logits && !options.json) throw usageError(command, '--logits needs --json')
    const probed = await untilStopped({ signal, quiet: options.quiet }, nothingKept, () =>
      probe(options, command, signal)
    )
    await (options.json ? printJson(probed) : printShown(probed.results.map(describeResult).join('\n\n')))
  }
})

/** What `slr probe --json` prints: a result for each input, and remarks on the inputs. */
interface Probed {
  results: ProbeResult[]
  notices: string[]
}

async function probe(options: ProbeOptions, command: Command, signal: AbortSignal): Promise<Probed> {
  const folders = pairPaths(requirePair(options, command))
  const { base, post } = await openPair(folders.base, folders.post)
  const other = options.checkpoint === undefined ? null : await openOther(post, modelPath(options.checkpoint))
  const model = other === null ? await probedModel(options, folders) : checkpointModel(other)
  const text = await (model.kind === 'recipe' ? ownTextModel(post) : tokenizerFor(other ?? base, post))
  // Without a tokenizer loading it once more tells what is missing; token ids need none.
  const prompts =
    options.tokens ??
    (await renderPrompts(
      options.prompt ?? [],
      options,
      text ?? (await recentTextModel(post.checkpoint.path))
    ))
  const { device, notice } = await chosenDevice(options, folders.post, triedDevices(signal))
  const notices = contextNotices(prompts, other ?? (model.kind === 'base' ? base : post))
  if (!options.quiet) for (const text of [...(notice === null ? [] : [notice]), ...notices]) remark(text)
  const { precision } = options
  const { logits } = await withEngine((engine) =>
    engine.probe({ ...folders, device, precision, model, prompts }, { signal })
  )
  const results = await Promise.all(
    prompts.map(async (tokens, index) => {
      const values = elementAt(logits, index, 'prompt')
      const top = await nextTokens(values, options.top, text)
      return { tokens, top, ...(options.logits ? { logits: values } : {}) }
    })
  )
  return { results, notices }
}

/** What goes past the context that a model was made for is computed, and is not what the model can do. */
export function contextNotices(
  prompts: readonly (readonly number[])[],
  { spec: { contextLength } }: { spec: { contextLength: number | null } }
): string[] {
  if (contextLength === null) return []
  return prompts.flatMap(({ length }, index) =>
    length <= contextLength
      ? []
      : [
          `Input ${index + 1} has ${plural(length, 'token')}, more than the ${formatCount(contextLength)} that the model was made for (max_position_embeddings): what it says next is not to be relied on.`
        ]
  )
}

async function probedModel(options: ProbeOptions, folders: { base: string; post: string }): Promise<Model> {
  if (options.model === 'base') return { kind: 'base' }
  const recipe = await givenRecipe(options, folders)
  return recipe === null ? { kind: 'post' } : { kind: 'recipe', recipe }
}

function checkpointModel({ checkpoint: { path, fingerprint } }: PairMember): Model {
  return { kind: 'checkpoint', name: basename(path).slice(0, 200), path, fingerprint }
}

async function givenRecipe(
  options: ProbeOptions,
  folders: { base: string; post: string }
): Promise<Recipe | null> {
  if (options.recipe !== undefined) return readRecipeFile(options.recipe, folders)
  return options.restore === undefined ? null : restoredRecipe(options.restore, folders, null)
}

/** Chat prompts as the tokens the model sees; what is odd about them is said once. */
async function renderPrompts(
  prompts: readonly string[],
  options: ProbeOptions,
  text: TextModel
): Promise<number[][]> {
  await requireReadArguments(options, text.folder)
  const rendering = changedRendering(options, DEFAULT_RENDERING)
  const chats = await Promise.all(
    prompts.map((prompt, index) => renderProbed(prompt, rendering, text, `Prompt ${index + 1}`))
  )
  if (!options.quiet) for (const notice of new Set(chats.flatMap((chat) => chat.notices))) remark(notice)
  return chats.map(({ tokens }) => tokens)
}

function describeResult({ tokens, top }: ProbeResult): string {
  const rows = top.map(({ id, text, probability }) => [
    probability < 1e-4 ? probability.toExponential(1) : probability.toFixed(4),
    String(id),
    text === null ? '' : JSON.stringify(text)
  ])
  const heading = `After ${tokens.length} ${tokens.length === 1 ? 'token' : 'tokens'}: ${listed(tokens)}`
  return `${style('bold', heading)}\n${table([['probability', 'token', 'text'], ...rows], 'rrl')}`
}

/** The last tokens matter most: they are what the model answers to. */
function listed(tokens: readonly number[]): string {
  return tokens.length <= 16 ? tokens.join(',') : `...,${tokens.slice(-16).join(',')}`
}
