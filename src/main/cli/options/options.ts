import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { totalmem } from 'node:os'
import { BYTES_EXPECTED, bytesFromText, formatMemory } from '../../../contract/model/bytes'
import { Rendering } from '../../../contract/documents/crc'
import { DemoPair } from '../../../contract/model/demo-pair'
import { DeviceChoice, Precision } from '../../../contract/model/device'
import { DEFAULT_RHO, type PairLocation } from '../../../contract/documents/project'
import { modelPath } from '../../base/files/paths'
import { baseOfAdapter } from '../../checkpoint/local-models'
import { PROCESS_BYTES } from '../../base/engine-memory'
import { optionGroup, type OptionsOf } from './option-group'
import { choice, flag, flagFor, number, several, text, value, parsedBy } from './option-kinds'
import { UsageError } from '../printing/output'
import { calledAs } from '../printing/shared-options'
import { parseJson } from '../../base/files/bounded-json'

export const demoOptions = optionGroup().options({
  blendDemo: flag('the built-in pair where a uniform blend is better', {
    conflicts: ['base', 'post'],
    implies: { demo: 'blend' }
  }),
  demo: flagFor(DemoPair, 'stages', 'the built-in demo pair', { conflicts: ['base', 'post'] })
})

/** Returns the built-in pair that options name; undefined for none. @throws UsageError for both of them */
export function namedDemo({ demo, blendDemo }: OptionsOf<typeof demoOptions>, command: Command): DemoPair | undefined {
  if (!blendDemo || demo === 'blend') return demo
  throw usageError(command, '--demo and --blend-demo are two pairs: give one of them')
}

export const pairOptions = optionGroup('Pair:')
  .options({
    base: text('<folder>', 'pre-trained model: a folder, or org/name@revision'),
    post: text('<folder>', 'post-trained model, or a PEFT adapter of base')
  })
  .and(demoOptions)
export type PairOptions = OptionsOf<typeof pairOptions>

/** Returns the pair with absolute folders, because results store them; null if no pair is named. */
export async function pairIfGiven(options: PairOptions, command: Command): Promise<PairLocation | null> {
  const { base, post } = options
  const demo = namedDemo(options, command)
  if (demo !== undefined) return { kind: 'demo', pair: demo }
  if (base === undefined && post === undefined) return null
  if (post === undefined) throw usageError(command, '--post is missing: a pair is --base and --post')
  const postPath = modelPath(post)
  const basePath = base === undefined ? await baseOfAdapter(postPath) : modelPath(base)
  if (basePath === null) throw usageError(command, '--base is missing: a pair is --base and --post')
  return { kind: 'folders', base: basePath, post: postPath }
}

/** Returns the pair with absolute folders. @throws UsageError if the command line names no pair */
export async function requirePair(options: PairOptions, command: Command): Promise<PairLocation> {
  const pair = await pairIfGiven(options, command)
  if (pair !== null) return pair
  throw usageError(command, 'no pair is given: use --base FOLDER and --post FOLDER, or --demo')
}

export const deviceOptions = optionGroup('Device:')
  .options({
    device: choice(DeviceChoice, '<name>', 'a device of "slr doctor" (default: auto, the fastest that works)'),
    precision: choice(Precision, '<type>', 'of large matrix products (default: fp16 on webgpu, except for Gemma)')
  })
  .shared()
export type DeviceOptions = OptionsOf<typeof deviceOptions>

export const PROMPTS = 'JSON list, or demo-crc, crc, crc-choices or crc-four (default: the set that suits the pair)'

export const memoryOption = optionGroup()
  .options({
    memory: number('<size>', "memory limit of the engine, such as 6GiB (default: half of this machine's)", parseMemory)
  })
  .shared()

const TemplateValue = Rendering.shape.templateArguments.valueType

/** Options for rendering prompts. Settings that are not given come from the project or the defaults. */
export const renderingOptions = optionGroup('Chat template:')
  .options({
    system: text('<text>', 'system turn before the prompt'),
    templateArgument: several(
      z.tuple([z.string(), TemplateValue]),
      '<key=value>',
      'variable for the chat template, such as enable_thinking=false; repeatable',
      parseTemplateArgument
    ),
    date: value(
      z.string(),
      '<YYYY-MM-DD>',
      'date that the template sees as today',
      parsedBy(Rendering.shape.date, 'a date such as 2026-01-31')
    ),
    assistantPrefix: text('<text>', 'start of the answer, put after the assistant header')
  })
  .shared()

/** The least share of post's validity that a selected range keeps. @param defaultValue for the help */
export const rhoOption = (defaultValue: number | string = DEFAULT_RHO) =>
  optionGroup().options({
    rho: number('<share>', `share of post's validity to keep (default: ${defaultValue})`, numberWithin(0, 1))
  })
export type RhoOption = OptionsOf<ReturnType<typeof rhoOption>>

export const budgetOption = optionGroup().options({
  budget: number('<n>', 'give ranges and each family of baselines n candidates', wholeNumber(1, 10_000))
})

export const seedOption = (what: string) =>
  optionGroup().options({
    seed: number('<n>', what, wholeNumber(0, 2 ** 31 - 1))
  })

export const countOption = (what: string) =>
  optionGroup().options({
    n: number('<n>', what, wholeNumber(1, 100_000))
  })

export const detailsOption = optionGroup().options({
  details: flag('print every table and caveat')
})

export const csvOption = optionGroup().options({
  csv: text('<file>', 'write a flat table too')
})

/** Allows to replace a file that is not an earlier result of the same kind and pair. */
export const forceOption = optionGroup()
  .options({ force: flag('replace the file that is written, whatever it holds') })
  .shared()

export const outOption = (what = 'write the result as JSON; an earlier one is replaced') =>
  optionGroup()
    .options({ out: text('<file>', what) })
    .and(forceOption)

/** Creates the error of an invalid command line, with advice to read the command's help. */
export function usageError(command: Command, message: string): UsageError {
  return new UsageError(message, `${calledAs(command)} --help`)
}

/** Refuses options that would have no effect. @param why end of the message, after the option's name */
export function refuseUnused(command: Command, names: readonly string[], why: string): void {
  const unusedOption = command.options.find((option) => {
    const name = option.attributeName()
    return names.includes(name) && command.getOptionValueSource(name) === 'cli'
  })
  if (unusedOption !== undefined) throw usageError(command, `${unusedOption.long ?? unusedOption.flags} ${why}`)
}

export function numberWithin(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
    if (value >= low && value <= high) return value
    throw new InvalidArgumentError(`Expected a number from ${low} to ${high}.`)
  }
}

export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN
    if (value >= low && value <= high) return value
    throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`)
  }
}

/** Parses a bound on the engine's memory, such as `4GB` or `512 MiB`. @returns bytes */
function parseMemory(text: string): number {
  const bytes = bytesFromText(text)
  if (bytes === null) throw new InvalidArgumentError(BYTES_EXPECTED)
  if (bytes > PROCESS_BYTES) return bytes
  throw new InvalidArgumentError(
    `Expected more than ${formatMemory(PROCESS_BYTES)}, which the engine needs without weights.`
  )
}

/** Warns of a memory bound above this machine's memory. A GPU may have more. */
export function notifyOfMemory({ memory }: { memory?: number | undefined }, note: (text: string) => void): void {
  if (memory === undefined || memory <= totalmem()) return
  const total = formatMemory(totalmem())
  note(`--memory allows ${formatMemory(memory)}, above the ${total} of this machine. Work that needs more fails.`)
}

/** Parses token ids, such as `1,2,3`. */
export function parseTokens(text: string): number[] {
  const id = wholeNumber(0, 2 ** 31 - 1)
  try {
    return text.split(',').map((part) => id(part.trim()))
  } catch {
    throw new InvalidArgumentError('Expected token ids separated by commas, such as 1,2,3.')
  }
}

/** Parses `key=value`. True, false, null and numbers keep their type, everything else is text. */
function parseTemplateArgument(text: string): [string, z.infer<typeof TemplateValue>] {
  const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError('Expected key=value, such as enable_thinking=false.')
  }
  if (/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?)$/.test(value))
    return [key, TemplateValue.parse(parseJson(value, `the argument ${key}`))]
  return [key, value]
}

export const samplerOptions = optionGroup().options({
  temperature: number('<t>', '0 is greedy', numberWithin(0, 100)),
  topK: number('<k>', 'only the k likeliest tokens; 0 for all', wholeNumber(0, 2 ** 31 - 1)),
  topP: number('<p>', 'only the likeliest tokens that together have p', numberWithin(1e-9, 1)),
  minP: number('<p>', 'only tokens at least p times as likely as the likeliest', numberWithin(0, 1)),
  repetitionPenalty: number('<x>', '1 for none', numberWithin(1e-9, 100))
})
