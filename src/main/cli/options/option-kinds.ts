import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { optionName } from '../../../contract/work/work'

/** An option without its name: its schema and its Commander option for a flag. */
export interface DeclaredOption<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema
  readonly withFlag: (flag: string) => Option
  /** True if the option may be repeated. Otherwise a second value is refused. */
  readonly mayRepeat: boolean
}
/** An option that is undefined if it is not given. */
type MayBeGiven<Schema extends z.ZodType> = DeclaredOption<z.ZodOptional<Schema>>

interface Rules {
  /** Names of options that cannot be given together with this one. */
  readonly conflicts?: string[]
  readonly hidden?: boolean
  /** Values of other options that this option sets, by the names of those options. */
  readonly implies?: Readonly<Record<string, string>>
}

/** Declares an option. @param operand null for a flag @param adjust completes the Commander option */
function declared<Schema extends z.ZodType>(
  schema: Schema,
  operand: string | null,
  description: string,
  { conflicts = [], hidden = false, implies = {} }: Rules = {},
  adjust: (option: Option) => Option = (option) => option
): DeclaredOption<Schema> {
  return {
    schema,
    mayRepeat: operand === null,
    withFlag: (flag) =>
      adjust(
        new Option(operand === null ? flag : `${flag} ${operand}`, description)
          .conflicts(conflicts)
          .implies(implies)
          .hideHelp(hidden)
      )
  }
}

/** Returns the flag of an option, such as `--judge-key` of `judgeKey`. */
export const flagOf = (name: string): string => `--${optionName(name)}`

export const flag = (description: string, rules?: Rules): DeclaredOption<z.ZodDefault<z.ZodBoolean>> =>
  declared(z.boolean().default(false), null, description, rules)

/** Declares a flag that is true unless `--no-NAME` is given. */
export const unlessNo = (description: string): DeclaredOption<z.ZodDefault<z.ZodBoolean>> => ({
  schema: z.boolean().default(true),
  mayRepeat: true,
  withFlag: (flag) => new Option(`--no-${flag.slice(2)}`, description)
})

export const flagIfGiven = (description: string): MayBeGiven<z.ZodBoolean> =>
  declared(z.boolean().optional(), null, description)

/** Declares a flag whose presence means a value, such as a name. */
export const flagFor = <Schema extends z.ZodType>(
  schema: Schema,
  value: z.input<Schema>,
  description: string,
  rules?: Rules
): MayBeGiven<Schema> => declared(schema.optional(), null, description, rules, (option) => option.preset(value))

/** Operand that may be any text, also an empty one. All other operands name something. */
const ANY_TEXT = '<text>'

/** Operands that are paths. A value that begins with `-` was meant as an option. */
const PATHS: readonly string[] = ['<file>', '<folder>']

/** Refuses empty values, such as `--base "$BASE"` with an unset variable, which would mean the current folder. */
const refuseEmpty =
  (operand: string) =>
  (text: string): string => {
    if (PATHS.includes(operand) && text.startsWith('-')) {
      throw new InvalidArgumentError(`Expected a path. For a file of that name write ./${text}`)
    }
    if (text !== '' || operand === ANY_TEXT) return text
    throw new InvalidArgumentError('An empty text names nothing: give a value, or leave the option out.')
  }

export const text = (operand: string, description: string, rules?: Rules): MayBeGiven<z.ZodString> =>
  value(z.string(), operand, description, refuseEmpty(operand), rules)

/** Declares an option with a value. @param parse throws commander's `InvalidArgumentError` for invalid values */
export const value = <Schema extends z.ZodType>(
  schema: Schema,
  operand: string,
  description: string,
  parse: (text: string) => z.input<Schema>,
  rules?: Rules
): MayBeGiven<Schema> => declared(schema.optional(), operand, description, rules, (option) => option.argParser(parse))

export const number = (
  operand: string,
  description: string,
  parse: (text: string) => number,
  rules?: Rules
): MayBeGiven<z.ZodNumber> => value(z.number(), operand, description, parse, rules)

/** Declares a repeatable option. @param parse parses one value */
export const several = <Schema extends z.ZodType>(
  schema: Schema,
  operand: string,
  description: string,
  parse: (text: string) => z.input<Schema>,
  rules?: Rules
): MayBeGiven<z.ZodArray<Schema>> => ({
  ...declared(z.array(schema).optional(), operand, description, rules, (option) =>
    option.argParser((text, previous: z.input<Schema>[] | undefined) => [...(previous ?? []), parse(text)])
  ),
  mayRepeat: true
})

export const texts = (operand: string, description: string, rules?: Rules): MayBeGiven<z.ZodArray<z.ZodString>> =>
  several(z.string(), operand, description, refuseEmpty(operand), rules)

/** Declares an option whose values the schema lists. */
export const choice = <Schema extends z.ZodType & { readonly options: readonly string[] }>(
  schema: Schema,
  operand: string,
  description: string,
  rules?: Rules
): MayBeGiven<Schema> =>
  declared(schema.optional(), operand, description, rules, (option) => option.choices(schema.options))

/** Returns the parser of a text by a schema. @param expected what a refused text should have been */
export const parsedBy =
  <Value>(schema: z.ZodType<Value, unknown>, expected: string, valueOf: (text: string) => unknown = (text) => text) =>
  (text: string): Value => {
    const parsed = schema.safeParse(valueOf(text))
    if (parsed.success) return parsed.data
    throw new InvalidArgumentError(`Expected ${expected}.`)
  }

/** Gives an option a default value, which the help shows. */
export const defaulting = <Schema extends z.ZodType>(
  { schema, mayRepeat, withFlag }: MayBeGiven<Schema>,
  defaultValue: z.input<Schema>
): DeclaredOption<Schema> => ({
  schema: schema.unwrap(),
  mayRepeat,
  withFlag: (flag) => withFlag(flag).default(defaultValue)
})
