import { calledAs } from '../printing/shared-options'
import type { Argument, Command } from 'commander'
import { z } from 'zod'
import { DeviceName, hasHalf } from '../../../contract/model/device'
import { UsageError } from '../printing/output'
import { applyConfig } from './configured'
import { optionGroup, type OptionGroup, type OptionsOf } from './option-group'
import { errorNamingOption } from './named-option'
import { flag } from './option-kinds'

/** Options of every command. */
const commonOptions = optionGroup('Options:')
  .options({
    json: flag('print JSON and nothing else on stdout'),
    quiet: flag('print only errors on stderr')
  })
  .shared()
type CommonShape = (typeof commonOptions)['shape']

/** Parsed options of a command. */
export type CommandOptions<Group> = Group extends { readonly shape: infer Shape extends z.ZodRawShape }
  ? OptionsOf<OptionGroup<Shape & CommonShape>>
  : never

interface Subcommand<Shape extends z.ZodRawShape> {
  /** Arguments that `command.args` holds. */
  readonly operands?: readonly Argument[]
  /** True for work on a pair, whose stored device and memory come before those of the configuration file. */
  readonly ofPair?: boolean
  readonly run: (
    options: OptionsOf<OptionGroup<Shape & CommonShape>>,
    command: Command,
    signal: AbortSignal
  ) => Promise<void>
}

/** Adds options, operands and an action to a command that has its name and description. */
export type DeclaredCommand = (command: Command, signal: AbortSignal) => void

/** Declares a command with these options and the common ones. */
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
        if (!ofPair) await applyConfig(command)
        refuseHalf(command)
        await run(all.read(command), command, signal)
      } catch (error) {
        throw errorNamingOption(error, command)
      }
    })
  }
}

/** Options that combine fp16 with a device without it. */
const HalfOnDevice = z.looseObject({
  device: DeviceName.refine((device) => !hasHalf(device)),
  precision: z.literal('fp16')
})

/** @throws UsageError for `--precision fp16` with a device that computes in fp32 only */
function refuseHalf(command: Command): void {
  const parsed = HalfOnDevice.safeParse(command.opts())
  if (!parsed.success) return
  throw new UsageError(
    `--device ${parsed.data.device} has no fp16: leave --precision out, or use another device such as webgpu`,
    `${calledAs(command)} --help`
  )
}
