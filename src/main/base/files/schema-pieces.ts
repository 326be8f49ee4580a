import { z } from 'zod'
import { yieldEvery20ms } from './yield-every-20ms'

/** What a schema looks at in a few milliseconds. */
const AT_ONCE_VALUES = 50_000

/**
 * What a schema says of a value, however large: lists, objects, and what may be left out or is told apart by a field are looked at
 * piece by piece, and others have their turn between the pieces. Anything else is looked at whole.
 *
 * @throws WorkbenchError `cancelled` when `signal` fires
 */
export async function parseInPieces<T>(
  schema: z.ZodType<T>,
  value: unknown,
  signal?: AbortSignal
): Promise<
  { success: true; data: T; error?: undefined } | { success: false; data?: undefined; error: z.ZodError }
> {
  if (!isLarge(value)) return schema.safeParse(value)
  try {
    const looked = await new SchemaPieces(signal).parse(schema, value, [])
    // It is what the schema made of it, in pieces.
    return { success: true, data: z.custom<T>().parse(looked) }
  } catch (error) {
    if (error instanceof z.ZodError) return { success: false, error: error }
    throw error
  }
}

type Path = readonly (string | number)[]

class SchemaPieces {
  private readonly breathe: () => Promise<void>

  constructor(signal: AbortSignal | undefined) {
    this.breathe = yieldEvery20ms(signal)
  }

  /** @throws ZodError */
  async parse(schema: unknown, value: unknown, path: Path): Promise<unknown> {
    if (!isLarge(value)) return whole(schema, value, path)
    if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
      return this.parse(schema.unwrap(), value, path)
    if (schema instanceof z.ZodArray && Array.isArray(value)) return this.list(schema, value, path)
    const option = schema instanceof z.ZodDiscriminatedUnion ? optionOf(schema, value) : undefined
    if (option !== undefined) return this.parse(option, value, path)
    if (schema instanceof z.ZodObject && isObject(value)) return this.object(schema, value, path)
    return whole(schema, value, path)
  }

  private async list(schema: z.ZodArray, value: readonly unknown[], path: Path): Promise<unknown> {
    const looked: unknown[] = []
    for (const [place, element] of value.entries()) {
      await this.breathe()
      looked.push(await this.parse(schema.element, element, [...path, place]))
    }
    return whole(schema.clone({ ...schema.def, element: z.any() }), looked, path)
  }

  private async object(schema: z.ZodObject, value: Record<string, unknown>, path: Path): Promise<unknown> {
    const looked: Record<string, unknown> = { ...value }
    const done: Record<string, z.ZodType> = {}
    for (const [key, member] of Object.entries(schema.shape)) {
      if (!Object.hasOwn(value, key) || !isLarge(value[key])) continue
      await this.breathe()
      looked[key] = await this.parse(member, value[key], [...path, key])
      done[key] = z.any()
    }
    return whole(schema.safeExtend(done), looked, path)
  }
}

/** Of a list of objects that a field tells apart, the one that a value is. */
function optionOf(schema: z.ZodDiscriminatedUnion, value: unknown): unknown {
  const field = schema.def.discriminator
  if (!isObject(value)) return undefined
  return schema.options.find(
    (option) =>
      option instanceof z.ZodObject && z.safeParse(option.shape[field] ?? z.never(), value[field]).success
  )
}

function whole(schema: unknown, value: unknown, path: Path): unknown {
  if (!(schema instanceof z.ZodType)) throw new Error('what is to be looked at has no schema')
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new z.ZodError(parsed.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })))
}

/** Whether there are more values in it than are looked at in one go; no more than that are counted. */
function isLarge(value: unknown): boolean {
  const waiting: unknown[] = [value]
  let seen = 0
  while (waiting.length > 0) {
    const here = waiting.pop()
    if (!isContainer(here)) continue
    const members: unknown[] = Array.isArray(here) ? here : Object.values(here)
    seen += members.length
    if (seen > AT_ONCE_VALUES) return true
    for (const member of members) if (isContainer(member)) waiting.push(member)
  }
  return false
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

const isObject = (value: unknown): value is Record<string, unknown> =>
  isContainer(value) && !Array.isArray(value)
