import { z } from 'zod'
import { WorkbenchError } from '../../../contract/model/problem'
import { readJsonFile } from './bounded-file'

/** Kinds of documents that this program writes or reads. */
export type DocumentKind =
  'part' | 'check' | 'search' | 'what if' | 'sweep' | 'evaluation' | 'task' | 'prompts' | 'recipes'

/** A kind with its words for an error. */
export interface RecognisedKind {
  kind: DocumentKind
  is: string
}

const kind = <Shape extends z.ZodType>(
  schema: Shape,
  kind: DocumentKind,
  is: (value: z.infer<Shape>) => string
): z.ZodType<RecognisedKind> => schema.transform((value) => ({ kind, is: is(value) }))

/** Kinds by fields that no earlier kind has, in any version. */
const KINDS: z.ZodType<RecognisedKind>[] = [
  kind(
    z.looseObject({
      kind: z.literal('sweep-part'),
      shard: z.object({ index: z.number(), count: z.number() })
    }),
    'part',
    ({ shard }) => `part ${shard.index} of ${shard.count} of a sweep (--shard)`
  ),
  kind(
    z.looseObject({ sweepId: z.string(), endTokens: z.unknown(), models: z.array(z.unknown()) }),
    'check',
    () => 'a check of whole answers'
  ),
  kind(z.looseObject({ sweepId: z.string(), generations: z.array(z.unknown()) }), 'search', () => 'a search'),
  kind(
    z.looseObject({ sweep: z.looseObject({ ranges: z.unknown() }), selection: z.unknown() }),
    'what if',
    () => 'an answer of "slr show" under other settings'
  ),
  kind(
    z.looseObject({ schemaVersion: z.number(), ranges: z.array(z.unknown()), post: z.looseObject({}) }),
    'sweep',
    () => 'a sweep'
  ),
  kind(z.looseObject({ run: z.unknown(), results: z.unknown() }), 'evaluation', () => 'an evaluation'),
  kind(
    z.looseObject({ kind: z.string(), prompts: z.array(z.unknown()), settings: z.unknown() }),
    'task',
    () => 'a task'
  ),
  kind(z.array(z.looseObject({ text: z.string() })).min(1), 'prompts', () => 'a list of prompts'),
  kind(z.array(z.looseObject({ name: z.string() })).min(1), 'recipes', () => 'a list of recipes')
]

/** Recognises the kind of a JSON value; null if it is none of this program's. */
export function kindOfDocument(value: unknown): RecognisedKind | null {
  for (const schema of KINDS) {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
  }
  return null
}

/**
 * Refuses a value of another kind before its fields are checked.
 *
 * @param wanted.name in a complaint: "a task"; @param wanted.kinds that may be read as one
 * @throws WorkbenchError `bad-input` that says what it is
 */
export function refuseOtherKind(
  file: string,
  value: unknown,
  wanted: { name: string; kinds: readonly DocumentKind[]; hint: string }
): void {
  const recognised = kindOfDocument(value)
  if (recognised === null || wanted.kinds.includes(recognised.kind)) return
  throw new WorkbenchError('bad-input', `${file} is ${recognised.is}, not ${wanted.name}.`, wanted.hint)
}

/** Recognises the kind of a file that is not of the expected kind; null if it is unknown. */
export const kindOfFile = async (file: string, maxBytes: number): Promise<RecognisedKind | null> =>
  kindOfDocument(await readJsonFile(file, maxBytes).catch(() => null))
