import { changedRendering } from '../../../contract/work/settings'
import { triedDevices } from '../../work/devices'
import { flag, flagIfGiven, number, several } from '../options/option-kinds'
import { optionGroup, type OptionsOf } from '../options/option-group'
import { engineModelNamed, type ModelContext } from '../running/models'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { type DeviceOptions, parseTokens, type renderingOptions, usageError, wholeNumber } from '../options/options'
import { elementAt } from '../../../contract/model/look-up'
import type { Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_RENDERING } from '../../../contract/documents/crc'
import type { Model } from '../../../contract/model/model'
import { DEFAULT_TOP, type NextToken } from '../../../contract/procedures/probe'
import { openOther } from '../../checkpoint/other-checkpoint'
import { openPair } from '../../checkpoint/pair'
import { ownTextModel } from '../../checkpoint/whole-model-tokens'
import { contextNotices, likeliestTokens, renderProbed, tokenizerFor } from '../../work/next-token'
import { recentTextModel } from '../../text/recent-text-models'
import type { TextModel } from '../../text/text-model'
import { chosenDevice } from '../../work/chosen-device'
import { withEngine } from '../running/engine'
import { printJson, printShown, remark, style, table } from '../printing/output'
import { nothingSaved, untilStopped } from '../running/stopped'
import { requireKnownTemplateVariables } from '../../work/template-arguments'

export const nextTokenOptions = optionGroup('Next token of one model, instead of answers:').options({
  next: flag('print the exact distribution of the next token after --prompt or --tokens'),
  tokens: several(z.array(z.number()), '<ids>', 'token ids, such as 1,2,3; repeatable', parseTokens, {
    conflicts: ['prompt', 'system', 'templateArgument', 'date', 'assistantPrefix']
  }),
  top: number('<n>', `how many tokens to list (default: ${DEFAULT_TOP})`, wholeNumber(1, 1_000_000)),
  logits: flagIfGiven('with --json: also the logits of the whole vocabulary')
})

type NextTokenQuestion = OptionsOf<typeof nextTokenOptions> &
  DeviceOptions &
  OptionsOf<typeof renderingOptions> & {
    readonly prompt?: readonly { readonly text: string }[] | undefined
    readonly json: boolean
    readonly quiet: boolean
  }

/** Distribution of the next token after one input, as `--json` prints it. */
interface ProbeResult {
  tokens: number[]
  /** Most probable first. */
  top: NextToken[]
  /** Logits of the whole vocabulary, by token id. */
  logits?: number[]
}

/** `slr sample --next`: prints the exact distribution of the next token. */
export async function showNextTokens(
  question: NextTokenQuestion,
  context: ModelContext,
  command: Command,
  signal: AbortSignal
): Promise<void> {
  if (question.prompt === undefined && question.tokens === undefined) {
    throw usageError(command, 'no prompt is given: use --prompt TEXT or --tokens 1,2,3')
  }
  if (question.logits === true && !question.json) throw usageError(command, '--logits needs --json')
  const [which = 'post', ...others] = command.args
  if (others.length > 0) throw usageError(command, '--next takes one model: name one')
  const answer = await untilStopped({ signal, quiet: question.quiet }, nothingSaved, async () =>
    computeNextTokens(await engineModelNamed(which, context, command), question, context.folders, signal)
  )
  await (question.json ? printJson('next-token', answer) : printShown(answer.results.map(describeResult).join('\n\n')))
}

/** One result for each input, and warnings about the inputs, as `--json` prints them. */
interface NextTokensAnswer {
  results: ProbeResult[]
  notices: string[]
}

async function computeNextTokens(
  model: Model,
  options: NextTokenQuestion,
  folders: PairFolders,
  signal: AbortSignal
): Promise<NextTokensAnswer> {
  const { base, post } = await openPair(folders.base, folders.post)
  const other = model.kind === 'checkpoint' ? await openOther(post, model.path) : null
  const isPostLike = model.kind === 'post' || model.kind === 'recipe'
  const text = await (isPostLike ? ownTextModel(post) : tokenizerFor(other ?? base, post))
  // Token ids need no tokenizer. For a prompt, a missing tokenizer is loaded here, which throws the right error.
  const prompts =
    options.tokens ??
    (await renderPrompts(
      (options.prompt ?? []).map(({ text: promptText }) => promptText),
      options,
      text ?? (await recentTextModel(post.checkpoint.textFolder))
    ))
  const { device, notice } = await chosenDevice(options, folders.base, triedDevices(signal))
  const notices = contextNotices(prompts, other ?? (model.kind === 'base' ? base : post))
  if (!options.quiet) for (const message of [...(notice === null ? [] : [notice]), ...notices]) remark(message)
  const { precision } = options
  const { logits } = await withEngine((engine) =>
    engine.probe({ ...folders, device, precision, model, prompts }, { signal })
  )
  const results = await Promise.all(
    prompts.map(async (tokens, index) => {
      const values = elementAt(logits, index, 'prompt')
      const top = await likeliestTokens(values, options.top ?? DEFAULT_TOP, text)
      return { tokens, top, ...(options.logits === true ? { logits: values } : {}) }
    })
  )
  return { results, notices }
}

async function renderPrompts(
  prompts: readonly string[],
  options: NextTokenQuestion,
  text: TextModel
): Promise<number[][]> {
  await requireKnownTemplateVariables(options, text.folder)
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
  const heading = `After ${tokens.length} ${tokens.length === 1 ? 'token' : 'tokens'}: ${lastTokensText(tokens)}`
  return `${style('bold', heading)}\n${table([['probability', 'token', 'text'], ...rows], 'rrl')}`
}

/** Lists the last 16 tokens of an input. */
function lastTokensText(tokens: readonly number[]): string {
  return tokens.length <= 16 ? tokens.join(',') : `...,${tokens.slice(-16).join(',')}`
}
