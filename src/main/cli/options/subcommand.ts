import { calledAs } from '../printing/shared-options'
import type { Argument, Command } from 'commander'
import { z } from 'zod'
import { DeviceName, hasHalf } from '../../../contract/model/device'
import { UsageError } from '../printing/output'
import { optionGroup, type OptionGroup, type OptionsOf } from './option-group'
import { errorNamingOption } from './named-option'
import { flag } from './option-kinds'

/** What every command takes. */
const commonOptions = optionGroup('Options:')
  .options({
    json: flag('print JSON and nothing else on stdout'),
    quiet: flag('only errors on stderr')
  })
  .shared()
type CommonShape = (typeof commonOptions)['shape']

/** What a command is given that was made with a group of options. */
export type CommandOptions<Group> = Group extends { readonly shape: infer Shape extends z.ZodRawShape }
  ? OptionsOf<OptionGroup<Shape & CommonShape>>
  : never

interface Subcommand<Shape extends z.ZodRawShape> {
  /** What stands in `command.args`. */
  readonly operands?: readonly Argument[]
  readonly run: (
    options: OptionsOf<OptionGroup<Shape & CommonShape>>,
    command: Command,
    signal: AbortSignal
  ) => Promise<void>
}

/** Gives a command that has its name and description its options, its operands and what it does. */
export type DeclaredCommand = (command: Command, signal: AbortSignal) => void

/** A command with these options and those of every command. */
export function subcommand<Shape extends z.ZodRawShape>(
  options: OptionGroup<Shape>,
  { operands = [], run }: Subcommand<Shape>
): DeclaredCommand {
  return (command, signal) => {
    const all = options.and(commonOptions)
    all.declare(command)
    for (const operand of operands) command.addArgument(operand)
    command.showHelpAfterError(`See "${calledAs(command)} --help".`).action(async () => {
      refuseHalf(command)
      try {
        await run(all.read(command), command, signal)
      } catch (error) {
        throw errorNamingOption(error, command)
      }
    })
  }
}

/** Options that name a device without fp16, and fp16. */
const HalfOnDevice = z.looseObject({
  device: DeviceName.refine((device) => !hasHalf(device)),
  precision: z.literal('fp16')
})

/** @throws UsageError for `--precision fp16` with a device that computes in fp32 only */
function refuseHalf(command: Command): void {
  const given = HalfOnDevice.safeParse(command.opts())
  if (!given.success) return
  throw new UsageError(
    `--device ${given.data.device} computes in fp32 only: leave --precision out, or name a device that has fp16, such as webgpu`,
    `${calledAs(command)} --help`
  )
}
