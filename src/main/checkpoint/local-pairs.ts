import type { LocalPair, LocalPairs } from '../../contract/documents/local-pairs'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'
import { breather } from '../base/files/breather'
import { errorMessage } from '../base/files/bounded-file'
import { throwIfCancelled } from '../base/files/cancelling'
import { findModels, type LocalModel, type SearchLimits } from './local-models'
import { pairErrors } from './pair-errors'
import { openMember, type PairMember } from './pair-member'

/** Far more than a disk of models holds, and little enough to be read while somebody looks at the first page. */
const MOST_FOLDERS = 20_000
const MOST_MS = 20_000

/** Two models that should belong together. */
interface Joined {
  readonly base: LocalModel
  readonly post: LocalModel
  readonly by: LocalPair['by']
}

/**
 * Pairs among the models below some folders: joined by what post's card names as its base model, or by names, and then checked by
 * config and weight headers alone. Nothing is computed, and nothing leaves the machine.
 *
 * @param limits on the search for models, and on the checks that follow
 * @throws WorkbenchError `cancelled` when `signal` fires
 */
export async function findPairs(
  roots: readonly string[],
  signal: AbortSignal,
  limits: SearchLimits = { folders: MOST_FOLDERS, untilMs: performance.now() + MOST_MS }
): Promise<LocalPairs> {
  const found = await findModels(roots, limits, signal)
  const failed = new Map<string, string[]>()
  const pairs: LocalPair[] = []
  const members = new Map<string, Promise<PairMember>>()
  const member = ({ folder }: LocalModel): Promise<PairMember> => {
    const opened = members.get(folder) ?? openMember(folder)
    members.set(folder, opened)
    return opened
  }
  const rest = breather()
  let cutShort = found.cutShort
  for (const { base, post, by } of joinedModels(found.models)) {
    throwIfCancelled(signal, 'Looking for pairs')
    await rest()
    if (performance.now() > limits.untilMs) {
      cutShort = true
      break
    }
    try {
      // One after the other: a model that cannot be opened is named, and the other's headers need not be read.
      const opened = { post: await member(post), base: await member(base) }
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
  const leftOut = [...found.leftOut, ...unpaired(failed, pairs)]
  pairs.sort((one, other) => one.postName.localeCompare(other.postName))
  return { pairs, leftOut, folders: [...roots], cutShort }
}

/**
 * Of models that fit none of those that their names suggest, once each: one that found its base is no base's loss.
 *
 * @param failed why each did not fit each
 */
function unpaired(
  failed: ReadonlyMap<string, readonly string[]>,
  pairs: readonly LocalPair[]
): LocalPairs['leftOut'] {
  return [...failed].flatMap(([folder, reasons]) => {
    if (pairs.some(({ post }) => post === folder)) return []
    const more = reasons.length - 1
    return [
      { folder, reason: `${elementAt(reasons, 0, 'reason')}${more === 0 ? '' : ` (nor with ${more} more)`}` }
    ]
  })
}

/** Words in the names of post-trained models that their bases do not have. */
const POST_WORDS = new Set(['instruct', 'it', 'chat', 'sft', 'dpo', 'rlhf', 'rlvr', 'grpo', 'ppo'])
/** And in those of bases. */
const BASE_WORDS = new Set(['base', 'pt'])
const VERSION = /^v?\d+$/

/** A model joins so many bases at most: names alike without end say nothing. */
const MAX_BASES = 20

/** What a name says of a model. */
interface NamedModel {
  readonly model: LocalModel
  readonly owner: string | null
  readonly words: readonly string[]
  readonly isTuned: boolean
  readonly isBase: boolean
  /** Its words without those that say which of the two it is. */
  readonly plain: string
}

/** Joins models by card where it names a model that is here, otherwise by names; each two once. */
export function joinedModels(models: readonly LocalModel[]): Joined[] {
  const named = models.map(namedModel)
  const calledBy = new ModelsByName(models)
  const untuned = multimap(
    named.flatMap((each): [string, NamedModel][] => (each.isTuned ? [] : [[each.plain, each]]))
  )
  return named.flatMap((each) => {
    const post = each.model
    const cards = post.madeFrom.slice(0, MAX_BASES).flatMap((name) => calledBy.of(name))
    const byCard = cards.filter((base) => base !== post)
    const by = byCard.length > 0 ? 'card' : 'name'
    const bases = new Set(byCard.length > 0 ? byCard : namedBases(each, untuned))
    return [...bases].slice(0, MAX_BASES).map((base): Joined => ({ base, post, by }))
  })
}

const lastPart = (name: string): string => (name.split('/').at(-1) ?? name).toLowerCase()

/** Models by what a card may call them. Folders outside the cache do not say whose model they hold. */
class ModelsByName {
  private readonly whole: ReadonlyMap<string, readonly LocalModel[]>
  private readonly last: ReadonlyMap<string, readonly LocalModel[]>
  private readonly ownerless: ReadonlyMap<string, readonly LocalModel[]>

  constructor(models: readonly LocalModel[]) {
    const byLastPart = (some: readonly LocalModel[]) =>
      multimap(some.map((model): [string, LocalModel] => [lastPart(model.name), model]))
    this.whole = multimap(models.map((model): [string, LocalModel] => [model.name.toLowerCase(), model]))
    this.last = byLastPart(models)
    this.ownerless = byLastPart(models.filter(({ name }) => !name.includes('/')))
  }

  of(wanted: string): LocalModel[] {
    const last = lastPart(wanted)
    const lists = wanted.includes('/')
      ? [listOf(this.whole, wanted.toLowerCase()), listOf(this.ownerless, last)]
      : [listOf(this.last, last)]
    // One more than are taken: the model itself may be among them.
    return lists.flatMap((list) => list.slice(0, MAX_BASES + 1))
  }
}

/** The values of a key; none where the map has none. */
const listOf = <Value>(lists: ReadonlyMap<string, readonly Value[]>, key: string): readonly Value[] =>
  lists.has(key) ? mapGet(lists, key, 'name') : []

function namedModel(model: LocalModel): NamedModel {
  const words = wordsOf(model.name)
  return {
    model,
    owner: ownerOf(model.name),
    words,
    isTuned: words.some((word) => POST_WORDS.has(word)),
    isBase: words.some((word) => BASE_WORDS.has(word)),
    plain: plainWords(words)
  }
}

/** Models whose names are the same but for words that say which is post-trained, and a version of the post-training. */
function namedBases(
  { model, owner, words, isTuned, isBase, plain }: NamedModel,
  untuned: ReadonlyMap<string, readonly NamedModel[]>
): LocalModel[] {
  // Qwen3-0.6B is post-trained beside Qwen3-0.6B-Base.
  if (!isTuned && isBase) return []
  const names = isTuned ? [plain, ...nameBeforeVersion(words)] : [plain]
  return [...new Set(names)]
    .flatMap((name) => listOf(untuned, name))
    .filter((base) => base.model !== model && (isTuned || base.isBase))
    .filter((base) => owner === null || base.owner === null || owner === base.owner)
    .map((base) => base.model)
}

/** The name before the word that says it is post-trained, where only a version stands behind that. */
function nameBeforeVersion(words: readonly string[]): string[] {
  const place = words.findIndex((word) => POST_WORDS.has(word))
  const behind = plainWords(words.slice(place)).split(' ')
  return behind.every((word) => VERSION.test(word)) ? [plainWords(words.slice(0, place))] : []
}

const ownerOf = (name: string): string | null =>
  name.includes('/') ? name.slice(0, name.indexOf('/')).toLowerCase() : null

const wordsOf = (name: string): string[] => lastPart(name).split(/[-_.]/)

const plainWords = (words: readonly string[]): string =>
  words.filter((word) => !POST_WORDS.has(word) && !BASE_WORDS.has(word)).join(' ')
