import { type AnswerFileFacts, Endpoint, type ExternalModel } from '../../contract/model/external-model'

export interface ExternalDraft {
  by: 'endpoint' | 'file'
  name: string
  baseUrl: string
  model: string
  through: Endpoint['through']
  keyVariable: string
  concurrency: string
  anyModel: boolean
  path: string
  /** Author of the answers in a file of several; empty if the file has one. */
  of: string
}

export type ExternalField = 'name' | 'baseUrl' | 'model' | 'keyVariable' | 'concurrency' | 'path' | 'of'

/** The fields of a new external model. */
export const NEW_EXTERNAL: ExternalDraft = {
  by: 'endpoint',
  name: '',
  baseUrl: '',
  model: '',
  through: 'completions',
  keyVariable: '',
  concurrency: '',
  anyModel: false,
  path: '',
  of: ''
}

/** The external model of a draft, or the problem of each field. */
interface ParsedExternal {
  model: ExternalModel | null
  problems: Partial<Record<ExternalField, string>>
}

/**
 * Parses a draft.
 *
 * @param taken names of the other variants.
 * @param file facts of the file at the draft's path; null until it is read
 */
export function parseExternal(
  draft: ExternalDraft,
  taken: readonly string[],
  file: AnswerFileFacts | null
): ParsedExternal {
  const parsed = draft.by === 'endpoint' ? parseEndpoint(draft) : parseFile(draft, file)
  if (!taken.includes(nameOf(draft))) return parsed
  return { model: null, problems: { ...parsed.problems, name: 'another variant has this name' } }
}

/** Returns the name of a variant: the typed name, else the name of its model. */
const nameOf = ({ name, by, model, of, path }: ExternalDraft): string => {
  const fileName = path.trim().split(/[/\\]/).at(-1) ?? ''
  return name.trim() || (by === 'endpoint' ? model.trim() : of || fileName.replace(/\.[^.]*$/, ''))
}

function parseEndpoint(draft: ExternalDraft): ParsedExternal {
  const { baseUrl, model, through, keyVariable, concurrency, anyModel } = draft
  const parsed = Endpoint.safeParse({
    baseUrl: baseUrl.trim(),
    model: model.trim(),
    through,
    anyModel,
    ...(keyVariable.trim() === '' ? {} : { keyVariable: keyVariable.trim() }),
    ...(concurrency.trim() === '' ? {} : { concurrency: Number(concurrency) })
  })
  if (parsed.success) {
    return { model: { kind: 'endpoint', name: nameOf(draft), endpoint: parsed.data }, problems: {} }
  }
  const problems: ParsedExternal['problems'] = {}
  for (const { path, message } of parsed.error.issues) {
    if (path[0] === 'concurrency') problems.concurrency = 'expected a whole number from 1 to 256'
    else if (path[0] === 'model') problems.model = 'name the model as the server lists it'
    else if (path[0] === 'baseUrl' || path[0] === 'keyVariable') problems[path[0]] ??= message
  }
  return { model: null, problems }
}

function parseFile(draft: ExternalDraft, file: AnswerFileFacts | null): ParsedExternal {
  const path = draft.path.trim()
  if (path === '') return { model: null, problems: { path: 'give the path of the file' } }
  if (file === null) return { model: null, problems: {} }
  if (file.by.length > 1 && !file.by.some(({ of }) => of === draft.of)) {
    return { model: null, problems: { of: 'choose whose answers' } }
  }
  const author = file.by.length > 1 ? { of: draft.of } : {}
  return {
    model: { kind: 'file', name: nameOf(draft), path, fingerprint: file.fingerprint, ...author },
    problems: {}
  }
}
