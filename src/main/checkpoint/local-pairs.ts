import type { LocalPair, LocalPairs } from '../../contract/documents/local-pairs'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'
import { yieldEvery20ms } from '../base/files/yield-every-20ms'
import { errorMessage } from '../base/files/bounded-file'
import { throwIfCancelled } from '../base/files/cancelling'
import { findModels, type LocalModel, type SearchLimits } from './local-models'
import { pairErrors } from './pair-errors'
import { openMember, type PairMember } from './pair-member'

/** Limits of a search: more folders than a disk of models has, and a time that a user will wait. */
const MAX_FOLDERS = 20_000
const MAX_MS = 20_000

/** Two models that probably form a pair. */
interface ModelMatch {
  readonly base: LocalModel
  readonly post: LocalModel
  /** How the two were matched: by post's model card or by their names. */
  readonly by: LocalPair['by']
}

/**
 * Finds pairs of base and post among the models below some folders. Candidates are matched by post's model card or by
 * names, and then checked by their configs and weight headers.
 */
export async function findPairs(
  roots: readonly string[],
  signal: AbortSignal,
  limits: SearchLimits = { folders: MAX_FOLDERS, untilMs: performance.now() + MAX_MS }
): Promise<LocalPairs> {
  const search = await findModels(roots, limits, signal)
  /** Reasons why a model forms no pair with each of its candidate bases, by folder. */
  const failed = new Map<string, string[]>()
  const pairs: LocalPair[] = []
  const members = new Map<string, Promise<PairMember>>()
  const member = ({ folder, isAdapter }: LocalModel, base: LocalModel): Promise<PairMember> => {
    // The same adapter makes another model of each base.
    const key = isAdapter ? `${folder} over ${base.folder}` : folder
    const opened = members.get(key) ?? openMember(folder, isAdapter ? base.folder : undefined)
    members.set(key, opened)
    return opened
  }
  const yieldTurn = yieldEvery20ms()
  let cutShort = search.cutShort
  const matches = matchModels(search.models)
  for (const { base, post, by } of matches) {
    throwIfCancelled(signal, 'Looking for pairs')
    await yieldTurn()
    if (performance.now() > limits.untilMs) {
      cutShort = true
      break
    }
    try {
      // The models are opened one after the other. If post cannot be opened, base need not be read.
      const opened = { post: await member(post, base), base: await member(base, base) }
      const [error] = pairErrors(opened.base, opened.post)
      if (error !== undefined) throw new Error(error.message)
      pairs.push({
        base: base.folder,
        post: post.folder,
        baseName: base.name,
        postName: post.name,
        family: opened.post.spec.modelType,
        layers: opened.post.spec.layerCount,
        bytes: [opened.base, opened.post]
          .flatMap(({ checkpoint }) => checkpoint.files)
          .reduce((sum, file) => sum + file.bytes, 0),
        by
      })
    } catch (error) {
      const reasons = failed.get(post.folder) ?? []
      failed.set(post.folder, [...reasons, `No pair with ${base.name}: ${errorMessage(error)}`])
    }
  }
  const leftOut = [...search.leftOut, ...adaptersWithoutBase(search.models, matches), ...unpaired(failed, pairs)]
  pairs.sort((one, other) => one.postName.localeCompare(other.postName))
  return { pairs, leftOut, folders: [...roots], cutShort }
}

function adaptersWithoutBase(models: readonly LocalModel[], matches: readonly ModelMatch[]): LocalPairs['leftOut'] {
  const alone = models.filter((model) => model.isAdapter && matches.every(({ post }) => post !== model))
  return alone.map(({ folder, madeFrom }) => ({
    folder,
    reason: `It is an adapter of ${madeFrom.join(', ') || 'an unnamed model'}, which was not found.`
  }))
}

/** Lists models that do not fit any base that their names suggest, with the reasons, by model folder. */
function unpaired(failed: ReadonlyMap<string, readonly string[]>, pairs: readonly LocalPair[]): LocalPairs['leftOut'] {
  return [...failed].flatMap(([folder, reasons]) => {
    if (pairs.some(({ post }) => post === folder)) return []
    const more = reasons.length - 1
    return [{ folder, reason: `${elementAt(reasons, 0, 'reason')}${more === 0 ? '' : ` (nor with ${more} more)`}` }]
  })
}

const POST_WORDS = new Set(['instruct', 'it', 'chat', 'sft', 'dpo', 'rlhf', 'rlvr', 'grpo', 'ppo'])
const BASE_WORDS = new Set(['base', 'pt'])
const VERSION = /^v?\d+$/

/** Most candidate bases of one model: more similar names carry no information. */
const MAX_BASES = 20

interface NamedModel {
  readonly model: LocalModel
  /** User or organisation of the Hub; null for a folder outside the cache. */
  readonly owner: string | null
  readonly words: readonly string[]
  /** True if the name has a word for post-training. */
  readonly isTuned: boolean
  /** True if the name has a word for base models. */
  readonly isBase: boolean
  /** Words of the name, without words such as "base" or "instruct". */
  readonly plain: string
}

/** Matches models to bases: by the base that a model card names if it is available, otherwise by similar names. */
export function matchModels(models: readonly LocalModel[]): ModelMatch[] {
  const named = models.map(namedModel)
  const modelsByName = new ModelsByName(models)
  const untuned = multimap(named.flatMap((each): [string, NamedModel][] => (each.isTuned ? [] : [[each.plain, each]])))
  return named.flatMap((each) => {
    const post = each.model
    const cardBases = post.madeFrom
      .slice(0, MAX_BASES)
      .flatMap((name) => modelsByName.find(name))
      .filter((base) => base !== post)
    const by = cardBases.length > 0 ? 'card' : 'name'
    const bases = new Set(by === 'card' ? cardBases : namedBases(each, untuned))
    return [...bases].slice(0, MAX_BASES).map((base): ModelMatch => ({ base, post, by }))
  })
}

const lastPart = (name: string): string => (name.split('/').at(-1) ?? name).toLowerCase()

/** Models by the names that a model card may use: `owner/name` or `name`. Folders outside the cache have no owner. */
class ModelsByName {
  private readonly byWholeName: ReadonlyMap<string, readonly LocalModel[]>
  private readonly byLastPart: ReadonlyMap<string, readonly LocalModel[]>
  private readonly withoutOwner: ReadonlyMap<string, readonly LocalModel[]>

  constructor(models: readonly LocalModel[]) {
    const groupByLastPart = (list: readonly LocalModel[]) =>
      multimap(list.map((model): [string, LocalModel] => [lastPart(model.name), model]))
    this.byWholeName = multimap(models.map((model): [string, LocalModel] => [model.name.toLowerCase(), model]))
    this.byLastPart = groupByLastPart(models)
    this.withoutOwner = groupByLastPart(models.filter(({ name }) => !name.includes('/')))
  }

  find(name: string): LocalModel[] {
    const last = lastPart(name)
    const lists = name.includes('/')
      ? [listOf(this.byWholeName, name.toLowerCase()), listOf(this.withoutOwner, last)]
      : [listOf(this.byLastPart, last)]
    // One more than needed is taken, because the model itself may be among them.
    return lists.flatMap((list) => list.slice(0, MAX_BASES + 1))
  }
}

const listOf = <Value>(lists: ReadonlyMap<string, readonly Value[]>, key: string): readonly Value[] =>
  lists.has(key) ? mapGet(lists, key, 'name') : []

function namedModel(model: LocalModel): NamedModel {
  const words = lastPart(model.name).split(/[-_.]/)
  return {
    model,
    owner: ownerOf(model.name),
    words,
    isTuned: words.some((word) => POST_WORDS.has(word)),
    isBase: words.some((word) => BASE_WORDS.has(word)),
    plain: plainWords(words)
  }
}

/** Finds the bases of a model whose names differ only in words for post-training and a version of the post-training. */
function namedBases(
  { model, owner, words, isTuned, isBase, plain }: NamedModel,
  untuned: ReadonlyMap<string, readonly NamedModel[]>
): LocalModel[] {
  // Qwen3-0.6B is the post-trained model of Qwen3-0.6B-Base.
  if (!isTuned && isBase) return []
  const names = isTuned ? [plain, ...nameBeforeVersion(words)] : [plain]
  return [...new Set(names)]
    .flatMap((name) => listOf(untuned, name))
    .filter((base) => base.model !== model && (isTuned || base.isBase))
    .filter((base) => owner === null || base.owner === null || owner === base.owner)
    .map((base) => base.model)
}

/** Returns the name before the word for post-training, if only a version follows that word; otherwise no name. */
function nameBeforeVersion(words: readonly string[]): string[] {
  const index = words.findIndex((word) => POST_WORDS.has(word))
  const suffix = plainWords(words.slice(index)).split(' ')
  return suffix.every((word) => VERSION.test(word)) ? [plainWords(words.slice(0, index))] : []
}

const ownerOf = (name: string): string | null =>
  name.includes('/') ? name.slice(0, name.indexOf('/')).toLowerCase() : null

const plainWords = (words: readonly string[]): string =>
  words.filter((word) => !POST_WORDS.has(word) && !BASE_WORDS.has(word)).join(' ')
