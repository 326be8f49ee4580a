import { elementAt } from '../../contract/model/look-up'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { throwIfCancelled } from '../base/files/cancelling'
import { readModelText } from '../base/files/model-file'
import { adapterProblem } from './adapter-folder'
import { folderFacts } from './folder-facts'
import { modelName, resolveModelFolder } from './model-folder'

/** A folder that holds a config.json and weights; what they hold was not looked at. */
export const LocalModel = z.object({
  /** Holds config.json. */
  folder: z.string(),
  name: z.string(),
  /** Names of the models that the card says it was made from. */
  madeFrom: z.array(z.string())
})
export type LocalModel = z.infer<typeof LocalModel>

export interface FoundModels {
  readonly models: readonly LocalModel[]
  readonly leftOut: readonly { folder: string; reason: string }[]
  readonly cutShort: boolean
}

/** What a search may take. */
export interface SearchLimits {
  /** Folders that are looked into. */
  readonly folders: number
  readonly untilMs: number
}

/** A folder of models is hardly deeper, such as models/org/name/checkpoint. */
const DEEPEST = 4
const CACHE_PREFIX = 'models--'
/** Cards of the largest models have some 60 kB. */
const MAX_CARD_BYTES = 1_000_000

/**
 * The models below some folders: entries of a Hugging Face cache (`models--org--name`), and folders with a config.json. No link to
 * a folder is followed but those to the given ones, so that nothing goes round in circles; what is in a model is read as models
 * from elsewhere are, within its folder or its cache's blobs.
 *
 * @throws WorkbenchError `cancelled` when `signal` fires
 */
export async function findModels(
  roots: readonly string[],
  limits: SearchLimits,
  signal: AbortSignal
): Promise<FoundModels> {
  const models = new Map<string, LocalModel>()
  const leftOut: { folder: string; reason: string }[] = []
  const starts = await Promise.all(
    roots.map(async (root) => ({ folder: await realpath(root).catch(() => root), depth: 0 }))
  )
  const folders = new FoldersToSearch(starts)
  for (const { folder, depth } of folders) {
    throwIfCancelled(signal, 'Looking for pairs')
    if (folders.count > limits.folders || performance.now() > limits.untilMs)
      return { models: [...models.values()], leftOut, cutShort: true }
    // Folders that are gone, or not ours to read, hold nothing to find.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const names = new Set(entries.map(({ name }) => name))
    if (isCached(folder) || names.has('config.json')) {
      try {
        const model = LocalModel.parse(await folderFacts('local-model', folder))
        models.set(model.folder, model)
      } catch (error) {
        leftOut.push({ folder, reason: reasonBeside(folder, error) })
      }
      continue
    }
    // A merged model may lie below its adapter.
    const adapter = adapterProblem(folder, [...names])
    if (adapter !== null) leftOut.push({ folder, reason: reasonBeside(folder, adapter) })
    if (depth === DEEPEST) continue
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue
      folders.add({ folder: join(folder, entry.name), depth: depth + 1 })
    }
  }
  return { models: [...models.values()], leftOut, cutShort: false }
}

interface FolderToSearch {
  readonly folder: string
  /** Below the folder that the search was given. */
  readonly depth: number
}

/** Folders in the order of the search: entries of a Hugging Face cache first, for each is a model; then those that are less deep. */
class FoldersToSearch {
  /** Those that were given out. */
  count = 0
  private readonly cached: FolderToSearch[] = []
  private readonly others: FolderToSearch[] = []
  private readonly seen = new Set<string>()

  constructor(starts: readonly FolderToSearch[]) {
    for (const start of starts) this.add(start)
  }

  add(folder: FolderToSearch): void {
    if (this.seen.has(folder.folder)) return
    this.seen.add(folder.folder)
    ;(isCached(folder.folder) ? this.cached : this.others).push(folder)
  }

  *[Symbol.iterator](): Generator<FolderToSearch> {
    for (let [cached, other] = [0, 0]; ;) {
      const next = this.cached[cached] ?? this.others[other]
      if (next === undefined) return
      if (next === this.cached[cached]) cached += 1
      else other += 1
      this.count += 1
      yield next
    }
  }
}

const isCached = (folder: string): boolean => folder.split(/[\\/]/).at(-1)?.startsWith(CACHE_PREFIX) === true

/** The reason why a folder is left out, with what to do, for a list that names the folder before it. */
function reasonBeside(folder: string, error: unknown): string {
  const hint = error instanceof WorkbenchError ? error.problem.hint : undefined
  const reason = errorMessage(error).replace(`${folder} `, () => 'It ')
  return [reason, ...(hint === undefined ? [] : [hint])].join(' ')
}

/** @throws WorkbenchError saying why it is none */
export async function readLocalModel(found: string): Promise<LocalModel> {
  const folder = await resolveModelFolder(found)
  const names = await readdir(folder)
  const isWhole = names.includes('model.safetensors') || names.includes('model.safetensors.index.json')
  const adapter = isWhole ? null : adapterProblem(folder, names)
  if (adapter !== null) throw adapter
  if (!names.some((name) => name.endsWith('.safetensors') || name.endsWith('.safetensors.index.json'))) {
    const other = ['.gguf', '.bin', '.pth'].find((ending) => names.some((name) => name.endsWith(ending)))
    throw new WorkbenchError(
      'not-found',
      other === undefined ? 'It has no weights.' : `Its weights are in ${other} files; safetensors are read.`
    )
  }
  const card = await readModelText(folder, 'README.md', MAX_CARD_BYTES).catch(() => '')
  return { folder, name: modelName(folder), madeFrom: baseModels(card) }
}

const ModelId = z.string().regex(/^[\w.-]+(?:\/[\w.-]+)?$/)

/**
 * What a model card names as `base_model`: one, or a list. Read line by line, without a parser of YAML: cards are strangers' files.
 */
export function baseModels(card: string): string[] {
  const front = /^---\r?\n([^]*?)\r?\n---/.exec(card)?.[1]
  if (front === undefined) return []
  const lines = front.split(/\r?\n/)
  const start = lines.findIndex((line) => line.startsWith('base_model:'))
  if (start === -1) return []
  const own = elementAt(lines, start, 'line').slice('base_model:'.length).trim()
  const listed = lines.slice(start + 1)
  const end = listed.findIndex((line) => !/^\s*-\s/.test(line))
  const values =
    own === '' ? (end === -1 ? listed : listed.slice(0, end)) : own.replace(/^\[|\]$/g, '').split(',')
  return values.flatMap((value) => {
    const plain = value
      .replace(/^\s*-\s/, '')
      .trim()
      .replace(/^(['"])(.*)\1$/, '$2')
    return ModelId.safeParse(plain).data ?? []
  })
}
