import { elementAt } from '../../contract/model/look-up'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { notFoundError, WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { throwIfCancelled } from '../base/files/cancelling'
import { readModelText } from '../base/files/model-file'
import { ADAPTER_CONFIG, readAdapterConfig } from './adapter-config'
import { adapterBaseFolder, adapterProblem, isAdapter } from './adapter-folder'
import { folderFacts } from './folder-facts'
import { folderModelName, resolveModelFolder } from './model-folder'

/** A folder with a config.json and weights, or with an adapter, whose content was not checked. */
export const LocalModel = z.object({
  /** Folder of config.json or of the adapter. */
  folder: z.string(),
  name: z.string(),
  /** Names of the base models on the model card, or in the adapter's settings. */
  madeFrom: z.array(z.string()),
  /** True for a PEFT adapter, which needs its base to be opened. */
  isAdapter: z.boolean()
})
export type LocalModel = z.infer<typeof LocalModel>

interface ModelSearchResult {
  readonly models: readonly LocalModel[]
  /** Folders that look like models but cannot be used. */
  readonly leftOut: readonly { folder: string; reason: string }[]
  /** True if a limit ended the search. */
  readonly cutShort: boolean
}

export interface SearchLimits {
  /** Maximum number of folders that are searched. */
  readonly folders: number
  /** End of the search, by `performance.now()`. */
  readonly untilMs: number
}

/** Depth of the search below a given folder, enough for models/org/name/checkpoint. */
const MAX_DEPTH = 4
/** Prefix of a model's folder in the Hugging Face cache: models--org--name. */
const CACHE_PREFIX = 'models--'
const MAX_CARD_BYTES = 1_000_000

/**
 * Finds models below folders: entries of a Hugging Face cache, and folders with a config.json. Links to folders are
 * not followed, except the given ones. Files are read in the sandbox.
 */
export async function findModels(
  roots: readonly string[],
  limits: SearchLimits,
  signal: AbortSignal
): Promise<ModelSearchResult> {
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
    // Missing or unreadable folders contain no models.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const names = new Set(entries.map(({ name }) => name))
    const isWhole = isCached(folder) || names.has('config.json')
    if (isWhole || isAdapter([...names])) {
      try {
        const model = LocalModel.parse(await folderFacts('local-model', folder))
        models.set(model.folder, model)
      } catch (error) {
        leftOut.push({ folder, reason: reasonBeside(folder, error) })
      }
      // A merged model may be below its adapter.
      if (isWhole) continue
    }
    const adapter = adapterProblem(folder, [...names])
    if (adapter !== null) leftOut.push({ folder, reason: reasonBeside(folder, adapter) })
    if (depth === MAX_DEPTH) continue
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue
      folders.add({ folder: join(folder, entry.name), depth: depth + 1 })
    }
  }
  return { models: [...models.values()], leftOut, cutShort: false }
}

interface FolderToSearch {
  readonly folder: string
  /** Depth below the given folder. */
  readonly depth: number
}

/** Folders in the order of the search: entries of a Hugging Face cache, then the shallower folders. */
class FoldersToSearch {
  /** Number of folders that the iteration has returned. */
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
    const list = isCached(folder.folder) ? this.cached : this.others
    list.push(folder)
  }

  *[Symbol.iterator](): Generator<FolderToSearch> {
    let [cachedIndex, otherIndex] = [0, 0]
    for (;;) {
      const next = cachedIndex < this.cached.length ? this.cached[cachedIndex++] : this.others[otherIndex++]
      if (next === undefined) return
      this.count += 1
      yield next
    }
  }
}

const isCached = (folder: string): boolean => folder.split(/[\\/]/).at(-1)?.startsWith(CACHE_PREFIX) === true

/** Words the reason for omitting a folder, with advice, for a list that already names the folder. */
function reasonBeside(folder: string, error: unknown): string {
  const hint = error instanceof WorkbenchError ? error.problem.hint : undefined
  const reason = errorMessage(error).replace(`${folder} `, () => 'It ')
  return [reason, ...(hint === undefined ? [] : [hint])].join(' ')
}

/** Reads facts about a model folder in this process. @throws WorkbenchError if the folder is not a model */
export async function readLocalModel(path: string): Promise<LocalModel> {
  const folder = await resolveModelFolder(path)
  const names = await readdir(folder)
  const adapter = adapterProblem(folder, names)
  if (adapter !== null) throw adapter
  if (isAdapter(names)) {
    const { config } = await readAdapterConfig(folder, join(folder, ADAPTER_CONFIG))
    const base = ModelId.safeParse(config.base_model_name_or_path).data
    return { folder, name: folderModelName(folder), madeFrom: base === undefined ? [] : [base], isAdapter: true }
  }
  if (!names.some((name) => name.endsWith('.safetensors') || name.endsWith('.safetensors.index.json'))) {
    const other = ['.gguf', '.bin', '.pth'].find((ending) => names.some((name) => name.endsWith(ending)))
    throw notFoundError(
      other === undefined ? 'It has no weights.' : `Its weights are in ${other} files; safetensors are read.`
    )
  }
  const card = await readModelText(folder, 'README.md', MAX_CARD_BYTES).catch(() => '')
  return { folder, name: folderModelName(folder), madeFrom: baseModels(card), isAdapter: false }
}

/** Finds the base model of an adapter that the user named without its base; null if post is not an adapter. */
export async function baseOfAdapter(post: string): Promise<string | null> {
  const facts = await folderFacts('local-model', post).catch(() => null)
  const model = LocalModel.safeParse(facts).data
  if (model?.isAdapter !== true) return null
  const { config } = await readAdapterConfig(model.folder, join(model.folder, ADAPTER_CONFIG))
  return adapterBaseFolder(model.folder, config, undefined)
}

const ModelId = z.string().regex(/^[\w.-]+(?:\/[\w.-]+)?$/)

/** Lists the `base_model` entries of a model card, read line by line without a YAML parser. */
export function baseModels(card: string): string[] {
  const front = /^---\r?\n([^]*?)\r?\n---/.exec(card)?.[1]
  if (front === undefined) return []
  const lines = front.split(/\r?\n/)
  const start = lines.findIndex((line) => line.startsWith('base_model:'))
  if (start === -1) return []
  // The entries are on the same line, separated by commas, or on lines of their own that begin with a dash.
  const inlineValue = elementAt(lines, start, 'line').slice('base_model:'.length).trim()
  const followingLines = lines.slice(start + 1)
  const end = followingLines.findIndex((line) => !/^\s*-\s/.test(line))
  const listed = end === -1 ? followingLines : followingLines.slice(0, end)
  const values = inlineValue === '' ? listed : inlineValue.replace(/^\[|\]$/g, '').split(',')
  return values.flatMap((value) => {
    const plain = value
      .replace(/^\s*-\s/, '')
      .trim()
      .replace(/^(['"])(.*)\1$/, '$2')
    return ModelId.safeParse(plain).data ?? []
  })
}
