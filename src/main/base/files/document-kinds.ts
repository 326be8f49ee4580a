import { z } from 'zod'
import { DOCUMENT_NAMES, type DocumentKind, isDocumentKind } from '../../../contract/documents/document-kind'
import { inputError } from '../../../contract/model/problem'
import { TaskKind } from '../../../contract/model/task-kinds'
import { readJsonFile } from './bounded-file'

/* Recognises the documents that this program stores, such as a sweep or a task, by their content. */

interface RecognisedKind {
  kind: DocumentKind
  /** Completes "FILE is ...", such as "a sweep". */
  is: string
}

const WithKind = z.looseObject({ kind: z.string() })

const list = z.array(z.unknown())

/** Shapes of earlier versions, which name no kind. Each has fields that no kind above it has, in any version. */
const UNNAMED: readonly (readonly [DocumentKind, z.ZodType])[] = [
  ['check', z.looseObject({ sweepId: z.string(), endTokens: z.unknown(), models: list })],
  ['search', z.looseObject({ sweepId: z.string(), generations: list })],
  ['what-if', z.looseObject({ sweep: z.looseObject({ ranges: z.unknown() }), selection: z.unknown() })],
  ['sweep', z.looseObject({ schemaVersion: z.number(), ranges: list, post: z.looseObject({}) })],
  ['evaluation', z.looseObject({ run: z.looseObject({}), results: z.unknown() })],
  ['evaluation-run', z.looseObject({ task: z.looseObject({}), variants: list, promptSets: list })],
  ['sample-run', z.looseObject({ settings: z.looseObject({}), variants: list, marks: list })],
  ['distances', z.looseObject({ bytesRead: z.number(), components: list, layers: list })]
]

/** Returns the kind of document that a JSON value is; null if it is none. In a task, `kind` is the kind of task. */
export function kindOfDocument(value: unknown): RecognisedKind | null {
  const name =
    WithKind.safeParse(value).data?.kind ?? UNNAMED.find(([, schema]) => schema.safeParse(value).success)?.[0]
  if (name === undefined) return null
  const kind = TaskKind.safeParse(name).success ? 'task' : name
  return isDocumentKind(kind) ? { kind, is: DOCUMENT_NAMES[kind] } : null
}

/** Refuses a document of another kind than `wanted`. Accepts other values, which a schema checks later. */
export function refuseOtherKind(
  file: string,
  value: unknown,
  wanted: { name: string; kind?: DocumentKind; hint: string }
): void {
  const recognised = kindOfDocument(value)
  if (recognised === null || recognised.kind === wanted.kind) return
  throw inputError(`${file} is ${recognised.is}, not ${wanted.name}.`, wanted.hint)
}

/** Returns the kind of document in a file; null also for a file that cannot be read. */
export const kindOfFile = async (file: string, maxBytes: number): Promise<RecognisedKind | null> =>
  kindOfDocument(await readJsonFile(file, maxBytes).catch(() => null))
