import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'

/** An option without its name: what it is parsed into, and as Commander takes it once it has its flag. */
export interface DeclaredOption<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema
  readonly withFlag: (flag: string) => Option
  /** Whether it may be given more than once: else the last would silently win over the others. */
  readonly mayRepeat: boolean
}
/** One that is undefined when it is not given. */
type MayBeGiven<Schema extends z.ZodType> = DeclaredOption<z.ZodOptional<Schema>>

interface Rules {
  /** Options, by their names, that it does not go with. */
  readonly conflicts?: string[]
  /** Not in the help. */
  readonly hidden?: boolean
}

function declared<Schema extends z.ZodType>(
  schema: Schema,
  operand: string | null,
  description: string,
  { conflicts = [], hidden = false }: Rules = {},
  adjust: (option: Option) => Option = (option) => option
): DeclaredOption<Schema> {
  return {
    schema,
    mayRepeat: operand === null,
    withFlag: (flag) =>
      adjust(
        new Option(operand === null ? flag : `${flag} ${operand}`, description)
          .conflicts(conflicts)
          .hideHelp(hidden)
      )
  }
}

/** The flag of an option, such as `--judge-key` of `judgeKey`. */
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** False when it is not given. */
export const flag = (description: string, rules?: Rules): DeclaredOption<z.ZodDefault<z.ZodBoolean>> =>
  declared(z.boolean().default(false), null, description, rules)

/** True unless `--no-NAME` is given. */
export const unlessNo = (description: string): DeclaredOption<z.ZodDefault<z.ZodBoolean>> => ({
  schema: z.boolean().default(true),
  mayRepeat: true,
  withFlag: (flag) => new Option(`--no-${flag.slice(2)}`, description)
})

/** Undefined when it is not given, where something else then decides. */
export const flagIfGiven = (description: string, rules?: Rules): MayBeGiven<z.ZodBoolean> =>
  declared(z.boolean().optional(), null, description, rules)

/** What an operand stands for that may be any text, an empty one too; all others name something. */
const ANY_TEXT = '<text>'

/** Operands that are paths, where an option of another command is taken for a file. */
const PATHS: readonly string[] = ['<file>', '<folder>']

/** Such as `--base "$BASE"` of a variable that is not set: it is not to mean the folder that one is in. */
const named =
  (operand: string) =>
  (text: string): string => {
    if (PATHS.includes(operand) && text.startsWith('-')) {
      throw new InvalidArgumentError(`Expected a path. For a file of that name write ./${text}`)
    }
    if (text !== '' || operand === ANY_TEXT) return text
    throw new InvalidArgumentError('An empty text names nothing: give a value, or leave the option out.')
  }

export const text = (operand: string, description: string, rules?: Rules): MayBeGiven<z.ZodString> =>
  value(z.string(), operand, description, named(operand), rules)

/** @param parse throws commander's `InvalidArgumentError` for what it does not take */
export const value = <Schema extends z.ZodType>(
  schema: Schema,
  operand: string,
  description: string,
  parse: (text: string) => z.input<Schema>,
  rules?: Rules
): MayBeGiven<Schema> =>
  declared(schema.optional(), operand, description, rules, (option) => option.argParser(parse))

export const number = (
  operand: string,
  description: string,
  parse: (text: string) => number,
  rules?: Rules
): MayBeGiven<z.ZodNumber> => value(z.number(), operand, description, parse, rules)

/** Given any number of times. @param parse one of them */
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

/** Any number of texts. */
export const texts = (
  operand: string,
  description: string,
  rules?: Rules
): MayBeGiven<z.ZodArray<z.ZodString>> => several(z.string(), operand, description, named(operand), rules)

/** One of the names that the schema lists. */
export const choice = <Schema extends z.ZodType & { readonly options: readonly string[] }>(
  schema: Schema,
  operand: string,
  description: string,
  rules?: Rules
): MayBeGiven<Schema> =>
  declared(schema.optional(), operand, description, rules, (option) => option.choices(schema.options))

/** An option that has a value also when it is not given, which the help says. */
export const defaulting = <Schema extends z.ZodType>(
  { schema, mayRepeat, withFlag }: MayBeGiven<Schema>,
  otherwise: z.input<Schema>
): DeclaredOption<Schema> => ({
  schema: schema.unwrap(),
  mayRepeat,
  withFlag: (flag) => withFlag(flag).default(otherwise)
})

/** An option without which the command does nothing. */
export const required = <Schema extends z.ZodType>({
  schema,
  mayRepeat,
  withFlag
}: MayBeGiven<Schema>): DeclaredOption<Schema> => ({
  schema: schema.unwrap(),
  mayRepeat,
  withFlag: (flag) => withFlag(flag).makeOptionMandatory()
})
