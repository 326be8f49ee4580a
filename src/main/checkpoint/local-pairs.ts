import type { LocalPair, LocalPairs } from '../../contract/documents/local-pairs'
import { at } from '../../contract/model/look-up'
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
    return [{ folder, reason: `${at(reasons, 0, 'reason')}${more === 0 ? '' : ` (nor with ${more} more)`}` }]
  })
}

/** Words in the names of post-trained models that their bases do not have. */
const POST_WORDS = new Set(['instruct', 'it', 'chat', 'sft', 'dpo', 'rlhf', 'rlvr', 'grpo', 'ppo'])
/** And in those of bases. */
const BASE_WORDS = new Set(['base', 'pt'])
const VERSION = /^v?\d+$/

/** By card where it names a model that is here, otherwise by names; each two once. */
export function joinedModels(models: readonly LocalModel[]): Joined[] {
  const joined = new Map<string, Joined>()
  for (const post of models) {
    const byCard = models.filter(
      (base) => base !== post && post.madeFrom.some((name) => isCalled(base, name))
    )
    const bases =
      byCard.length > 0 ? byCard : models.filter((base) => base !== post && isNamedAfter(post, base))
    for (const base of bases) {
      joined.set(`${base.folder}\0${post.folder}`, { base, post, by: byCard.length > 0 ? 'card' : 'name' })
    }
  }
  return [...joined.values()]
}

const lastPart = (name: string): string => (name.split('/').at(-1) ?? name).toLowerCase()

/** Folders outside the cache do not say whose model they hold. */
function isCalled({ name }: LocalModel, wanted: string): boolean {
  if (!name.includes('/') || !wanted.includes('/')) return lastPart(name) === lastPart(wanted)
  return name.toLowerCase() === wanted.toLowerCase()
}

/** Whether the names are the same but for words that say which is post-trained, and a version of the post-training. */
function isNamedAfter(post: LocalModel, base: LocalModel): boolean {
  const [own, other] = [ownerOf(post.name), ownerOf(base.name)]
  if (own !== null && other !== null && own !== other) return false
  const words = wordsOf(post.name)
  const baseWords = wordsOf(base.name)
  const isTuned = words.some((word) => POST_WORDS.has(word))
  // Qwen3-0.6B beside Qwen3-0.6B-Base.
  const isPlain =
    baseWords.some((word) => BASE_WORDS.has(word)) && !words.some((word) => BASE_WORDS.has(word))
  if (baseWords.some((word) => POST_WORDS.has(word)) || !(isTuned || isPlain)) return false
  const wanted = plainWords(baseWords)
  const behind = words.slice(words.findIndex((word) => POST_WORDS.has(word)))
  const before = words.slice(0, words.length - behind.length)
  const onlyVersion =
    isTuned &&
    plainWords(behind)
      .split(' ')
      .every((word) => VERSION.test(word))
  return plainWords(words) === wanted || (onlyVersion && plainWords(before) === wanted)
}

const ownerOf = (name: string): string | null =>
  name.includes('/') ? name.slice(0, name.indexOf('/')).toLowerCase() : null

const wordsOf = (name: string): string[] => lastPart(name).split(/[-_.]/)

const plainWords = (words: readonly string[]): string =>
  words.filter((word) => !POST_WORDS.has(word) && !BASE_WORDS.has(word)).join(' ')
