import type { Argument, Command } from 'commander'
import { z } from 'zod'
import { DeviceName, hasFp16 } from '../../../contract/model/device'
import { WorkbenchError } from '../../../contract/model/problem'
import { absolutePath, modelPath } from '../../base/files/paths'
import { isWithin } from '../../base/files/within'
import { Fp16Unavailable } from '../../work/chosen-device'
import { calledAs } from '../printing/shared-options'
import { UsageError } from '../printing/output'
import { applyConfig } from './configured'
import { optionGroup, type OptionGroup, type OptionsOf } from './option-group'
import { flag } from './option-kinds'
import { usageError } from './options'

const commonOptions = optionGroup('Options:')
  .options({
    json: flag('print JSON and nothing else on stdout'),
    quiet: flag('print only errors on stderr')
  })
  .shared()
type CommonShape = (typeof commonOptions)['shape']

/** Values of a group's options and of the options that all commands have. */
export type CommandOptions<Group> = Group extends { readonly shape: infer Shape extends z.ZodRawShape }
  ? OptionsOf<OptionGroup<Shape & CommonShape>>
  : never

interface Subcommand<Shape extends z.ZodRawShape> {
  /** Arguments that `command.args` holds. */
  readonly operands?: readonly Argument[]
  /** True if a project's pair sets the default device and memory, before the configuration file does. */
  readonly ofPair?: boolean
  readonly run: (
    options: OptionsOf<OptionGroup<Shape & CommonShape>>,
    command: Command,
    signal: AbortSignal
  ) => Promise<void>
}

/** Adds options, operands and an action to a command that has its name and description. */
export type DeclaredCommand = (command: Command, signal: AbortSignal) => void

export function subcommand<Shape extends z.ZodRawShape>(
  options: OptionGroup<Shape>,
  { operands = [], ofPair = false, run }: Subcommand<Shape>
): DeclaredCommand {
  return (command, signal) => {
    const all = options.and(commonOptions)
    all.declare(command)
    for (const operand of operands) command.addArgument(operand)
    command.showHelpAfterError(`See "${calledAs(command)} --help".`).action(async () => {
      try {
        refuseEmptyOperand(command)
        refuseSharedFile(command)
        if (!ofPair) await applyConfig(command)
        refuseHalf(command)
        await run(all.read(command), command, signal)
      } catch (error) {
        throw errorNamingOption(error, command)
      }
    })
  }
}

/** Refuses an empty operand, such as an unset variable, which would mean the current folder. */
function refuseEmptyOperand(command: Command): void {
  const index = command.args.findIndex(
    (text, place) => text === '' && command.registeredArguments[place]?.name() !== 'text'
  )
  if (index !== -1) throw usageError(command, `argument ${index + 1} is empty: give a value, or leave it out`)
}

/** Options that name a result. */
const RESULTS: readonly string[] = ['--out', '--csv', '--answers-out']

/** Refuses two results in one file. */
function refuseSharedFile(command: Command): void {
  const results = givenPaths(command).filter(({ flag }) => RESULTS.includes(flag))
  for (const [index, { flag, path }] of results.entries()) {
    const earlier = results.slice(0, index).find((other) => other.path === path)
    if (earlier !== undefined)
      throw usageError(command, `${earlier.flag} and ${flag} name the same file: name two files`)
  }
}

/** Matches options that combine fp16 with a device without it. */
const HalfOnDevice = z.looseObject({
  device: DeviceName.refine((device) => !hasFp16(device)),
  precision: z.literal('fp16')
})

function refuseHalf(command: Command): void {
  const parsed = HalfOnDevice.safeParse(command.opts())
  if (!parsed.success) return
  const { device } = parsed.data
  throw usageError(
    command,
    `--device ${device} has no fp16: leave --precision out, or use another device such as webgpu`
  )
}

/** Matches what may precede a path in a message. */
const PATH_START = /(?:^|[\s"'(])$/

/** Matches what may follow a path in a message: the end, punctuation, or a file below it. */
const PATH_END = /^(?:$|[\s.,:;'")/\\])/

/** Names the option that gave the file or folder of an error. Returns the same error if there is none. */
function errorNamingOption(error: unknown, command: Command): unknown {
  if (error instanceof Fp16Unavailable) {
    const { device } = error
    return new UsageError(
      `--precision fp16 does not work on ${device}: leave it out, or use another device such as webgpu`,
      'slr doctor --help'
    )
  }
  if (!(error instanceof WorkbenchError)) return error
  const { code, message, hint } = error.problem
  // A mismatch concerns two paths, which its message names.
  if (code === 'mismatch' || /(?:^|\s)--[a-z]/.test(message)) return error
  // The message may contain several of the given paths, if one folder contains another. The longest path is meant.
  const [named, ...others] = givenPaths(command)
    .filter(({ path }) => namesPath(message, path))
    .sort((a, b) => b.path.length - a.path.length)
  if (named === undefined || others.some(({ path }) => !isWithin(path, named.path))) return error
  return new WorkbenchError(code, `${named.flag}: ${message}`, hint)
}

/** Lists option values that may be paths, as absolute paths. Messages name some files as they were typed. */
function givenPaths(command: Command): { flag: string; path: string }[] {
  return command.options.flatMap((option) => {
    const value: unknown = command.getOptionValue(option.attributeName())
    const values: unknown[] = Array.isArray(value) ? value : [value]
    return values.flatMap((text) => {
      if (typeof text !== 'string' || text === '') return []
      const flag = option.long ?? option.flags
      const typed = option.flags.endsWith('<file>') ? [text] : []
      return [...new Set([absolutePath(text), modelPath(text), ...typed])].map((path) => ({ flag, path }))
    })
  })
}

function namesPath(message: string, path: string): boolean {
  const start = message.indexOf(path)
  const end = start + path.length
  return start !== -1 && PATH_START.test(message.slice(0, start)) && PATH_END.test(message.slice(end))
}
