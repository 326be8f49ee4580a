import { markShared } from '../printing/shared-options'
import type { Command } from 'commander'
import { z } from 'zod'
import { type DeclaredOption, flagOf } from './option-kinds'

type OptionTable = Readonly<Record<string, DeclaredOption>>
type ShapeOf<Table extends OptionTable> = { readonly [Name in keyof Table]: Table[Name]['schema'] }

/** The part of an `OptionGroup` that other groups join. */
interface Part<Shape extends z.ZodRawShape> {
  readonly shape: Shape
  readonly declare: (command: Command) => Command
}

/** The shape of several groups together. */
type Joined<Shapes extends readonly z.ZodRawShape[]> = Shapes extends readonly [
  infer First extends z.ZodRawShape,
  ...infer Rest extends readonly z.ZodRawShape[]
]
  ? First & Joined<Rest>
  : unknown

/** Options of commands that belong together, in the order of the help, with the schema of their values. */
export class OptionGroup<Shape extends z.ZodRawShape> {
  constructor(
    readonly shape: Shape,
    private readonly added: (command: Command) => Command
  ) {}

  /** @param table options by their names in camel case, from which the flags are derived */
  options<Table extends OptionTable>(table: Table): OptionGroup<Shape & ShapeOf<Table>>
  options(table: OptionTable): unknown {
    const added = Object.entries(table)
    const shape = Object.fromEntries(added.map(([name, { schema }]) => [name, schema]))
    return new OptionGroup({ ...this.shape, ...shape }, (command) =>
      added.reduce((declared, [name, { mayRepeat, withFlag }]) => {
        if (!mayRepeat) refuseTwice(declared, name)
        return declared.addOption(withFlag(flagOf(name)))
      }, this.declare(command))
    )
  }

  /** Starts a section of the help for the options that follow. */
  heading(title: string): OptionGroup<Shape> {
    return new OptionGroup(this.shape, (command) => this.declare(command).optionsGroup(title))
  }

  /** Hides these options in the short help, because many commands share them. */
  shared(): OptionGroup<Shape> {
    return new OptionGroup(this.shape, (command) => {
      const before = new Set(command.options)
      const declared = this.declare(command)
      for (const option of declared.options) if (!before.has(option)) markShared(option)
      return declared
    })
  }

  /** Adds the options of other groups behind these. */
  and<Others extends readonly z.ZodRawShape[]>(
    ...others: { [Place in keyof Others]: Part<Others[Place]> }
  ): OptionGroup<Shape & Joined<Others>>
  and(...others: Part<z.ZodRawShape>[]): unknown {
    const shapes = [this.shape, ...others.map(({ shape }) => shape)]
    return new OptionGroup(Object.fromEntries(shapes.flatMap(Object.entries)), (command) =>
      others.reduce((declared, other) => other.declare(declared), this.declare(command))
    )
  }

  /** Adds the options to a command. */
  declare(command: Command): Command {
    return this.added(command)
  }

  /** Returns the values of the options after the command line was parsed. */
  read(command: Command): z.output<z.ZodObject<Shape, z.core.$strict>> {
    return this.schema.parse(command.opts())
  }

  get schema(): z.ZodObject<Shape, z.core.$strict> {
    return z.strictObject(this.shape)
  }
}

/** Refuses a second value of an option. @param name must not be declared yet, so that this listener runs first */
function refuseTwice(command: Command, name: string): void {
  const flag = flagOf(name)
  command.on(`option:${flag.slice(2)}`, () => {
    if (command.getOptionValueSource(name) !== 'cli') return
    command.error(`option '${flag}' is given twice: give it once`)
  })
}

/** Creates an empty group. Without a heading, the help lists its options under the heading before them. */
export function optionGroup(heading?: string): OptionGroup<Record<never, never>> {
  const group = new OptionGroup({}, (command) => command)
  return heading === undefined ? group : group.heading(heading)
}

export type OptionsOf<Group extends { read: (command: Command) => unknown }> = ReturnType<Group['read']>
