import { z } from 'zod'
import { yieldEvery20ms } from './yield-every-20ms'

/** Values that a schema checks in a few milliseconds. */
const MAX_UNDIVIDED_VALUES = 50_000

/** Parses a value of any size with a schema, in pieces, so that other requests go first in between. */
export async function parseInPieces<T>(
  schema: z.ZodType<T>,
  value: unknown,
  signal?: AbortSignal
): Promise<{ success: true; data: T; error?: undefined } | { success: false; data?: undefined; error: z.ZodError }> {
  if (!isLarge(value)) return schema.safeParse(value)
  try {
    const parsed = await new SchemaPieces(signal).parse(schema, value, [])
    // The value already conforms to the schema.
    return { success: true, data: z.custom<T>().parse(parsed) }
  } catch (error) {
    if (error instanceof z.ZodError) return { success: false, error: error }
    throw error
  }
}

type Path = readonly (string | number)[]

/** Parses large members of lists and objects one by one, and then their container with a schema that accepts them. */
class SchemaPieces {
  private readonly yieldIfDue: () => Promise<void>

  constructor(signal: AbortSignal | undefined) {
    this.yieldIfDue = yieldEvery20ms(signal)
  }

  async parse(schema: unknown, value: unknown, path: Path): Promise<unknown> {
    if (!isLarge(value)) return parseUndivided(schema, value, path)
    if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
      return this.parse(schema.unwrap(), value, path)
    if (schema instanceof z.ZodArray && Array.isArray(value)) return this.list(schema, value, path)
    const option = schema instanceof z.ZodDiscriminatedUnion ? optionOf(schema, value) : undefined
    if (option !== undefined) return this.parse(option, value, path)
    if (schema instanceof z.ZodObject && isObject(value)) return this.object(schema, value, path)
    return parseUndivided(schema, value, path)
  }

  private async list(schema: z.ZodArray, value: readonly unknown[], path: Path): Promise<unknown> {
    const elements: unknown[] = []
    for (const [index, element] of value.entries()) {
      await this.yieldIfDue()
      elements.push(await this.parse(schema.element, element, [...path, index]))
    }
    return parseUndivided(schema.clone({ ...schema.def, element: z.any() }), elements, path)
  }

  private async object(schema: z.ZodObject, value: Record<string, unknown>, path: Path): Promise<unknown> {
    const members: Record<string, unknown> = { ...value }
    const parsedKeys: Record<string, z.ZodType> = {}
    for (const [key, member] of Object.entries(schema.shape)) {
      if (!Object.hasOwn(value, key) || !isLarge(value[key])) continue
      await this.yieldIfDue()
      members[key] = await this.parse(member, value[key], [...path, key])
      parsedKeys[key] = z.any()
    }
    return parseUndivided(schema.safeExtend(parsedKeys), members, path)
  }
}

function optionOf(schema: z.ZodDiscriminatedUnion, value: unknown): unknown {
  const field = schema.def.discriminator
  if (!isObject(value)) return undefined
  return schema.options.find(
    (option) => option instanceof z.ZodObject && z.safeParse(option.shape[field] ?? z.never(), value[field]).success
  )
}

function parseUndivided(schema: unknown, value: unknown, path: Path): unknown {
  if (!(schema instanceof z.ZodType)) throw new Error('a value has no schema')
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new z.ZodError(parsed.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })))
}

/** Reports whether a value contains more values than are parsed at once. */
function isLarge(value: unknown): boolean {
  const pending: unknown[] = [value]
  let seen = 0
  while (pending.length > 0) {
    const current = pending.pop()
    if (!isContainer(current)) continue
    const members: unknown[] = Array.isArray(current) ? current : Object.values(current)
    seen += members.length
    if (seen > MAX_UNDIVIDED_VALUES) return true
    for (const member of members) if (isContainer(member)) pending.push(member)
  }
  return false
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

const isObject = (value: unknown): value is Record<string, unknown> => isContainer(value) && !Array.isArray(value)
