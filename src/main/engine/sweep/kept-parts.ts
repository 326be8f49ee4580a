import type { DeviceName } from '../../../contract/model/device'
import type { SweepRequest } from '../../../contract/procedures/engine'
import { at, got } from '../../../contract/model/look-up'
import type { KeptStates, RunStates } from '../forward/kept-states'
import type { AnswerTrie } from '../tries/answer-trie'
import { finalRows, type PackedPrompts } from '../tries/prompt-trie'
import { originOf, type RecipeTrie } from '../tries/recipe-trie'
import { leavesByDepth, splitLeaves, type TriePart, walkParts, wholeTrie } from '../tries/trie-parts'
import { mostStates } from '../tries/alive-states'
import type { SweptModels } from './sweep-memory'
import {
  countFlops,
  type Grouping,
  groupingOf,
  groupWithin,
  headFlops,
  projectionFlops,
  type Reading,
  storedBytes
} from './sweep-plan'

/**
 * A part of fewer operations is hardly worth keeping: half a second to two seconds on two cores. Small models take as long to read
 * their layers once more as to compute a fraction of that.
 */
const PART_FLOPS = 1e11

/**
 * Each part reads weights again, a thread of its own beside the computing. So many operations for each byte keep that within a
 * tenth of the time on the CPU, where the thread has one of the cores, and hide it behind the computing elsewhere. Not measured,
 * for parts would differ from run to run then, and with them the last digits of scores.
 */
const FLOPS_PER_BYTE = { cpu: 1200, others: 5000 }

/** A group of prompts, and the parts of its models that are taken through the layers one after the other. */
export type GroupInParts = Grouping['groups'][number] & {
  /** What each of the parts that are not known has to compute, in the order in which they are walked. */
  readonly parts: readonly TriePart[]
  /** What is there of the group's states before it; null where nothing is kept. */
  readonly states: RunStates | null
}

/** How a sweep keeps within its memory, and what it keeps on its way. */
export type GroupingInParts = Omit<Grouping, 'groups'> & { readonly groups: readonly GroupInParts[] }

/**
 * Splits a group's models into parts, each of which is kept when it is finished: as small as costs little. They take no more
 * memory than all at once.
 *
 * @param together indices of models that are to be in one part
 */
function keptParts(
  models: SweptModels,
  packed: PackedPrompts,
  device: DeviceName,
  together: readonly number[]
): number[][] {
  const { pair, trie } = models
  const { spec } = pair.post
  const { projections, head } = countFlops(spec, wholeTrie(trie), packed)
  const stored = storedBytes(pair, trie, packed.tokens.length)
  const perByte = device === 'cpu' ? FLOPS_PER_BYTE.cpu : FLOPS_PER_BYTE.others
  const least = Math.max(PART_FLOPS, perByte * (stored.layers + stored.head))
  const leaves = leavesByDepth(trie)
  const last = trie.levels.length - 1
  const finalCount = finalRows(packed).length
  const nodeFlops = trie.levels.map(
    (_, level) =>
      projectionFlops(spec, level, packed.tokens.length, finalCount) +
      (level === last ? headFlops(spec, finalCount) : 0)
  )
  const costOf = (level: number): number => at(nodeFlops, level, 'cost')
  const first = Math.max(0, ...together.map((model) => 1 + leaves.indexOf(at(trie.leafOf, model, 'model'))))
  for (let count = Math.floor((projections + head) / least); count > 1; count = Math.floor(count / 2)) {
    const parts = splitLeaves(trie, leaves, costOf, count, first)
    if (mostStates(trie, walkParts(trie, parts)) <= models.mostStates) return parts
  }
  return [leaves]
}

/**
 * The groups of prompts of a sweep, as few as fit into memory, or as the request splits them; each in parts.
 *
 * @param kept states that need not be computed
 * @throws WorkbenchError as `groupWithin`
 */
export function sweepGroups(
  models: SweptModels,
  tries: readonly AnswerTrie[],
  request: Pick<SweepRequest, 'models' | 'rivals' | 'memoryBytes' | 'split' | 'known'>,
  device: DeviceName,
  kept: KeptStates | null = null
): GroupingInParts {
  const { rivals = [], memoryBytes, split } = request
  const places = tries.map((asked) => asked.places)
  const before = split && groupingOf(models, places, split.groups, split.rowBound)
  const grouping =
    before !== undefined && before.peakBytes <= memoryBytes
      ? before
      : groupWithin(models, places, memoryBytes)
  const together = [...request.models.keys()].filter((model) => {
    const kind = request.models[model]?.kind
    return rivals.length > 0 && (kind === 'base' || kind === 'post')
  })
  return {
    ...grouping,
    groups: grouping.groups.map((group) => {
      const parts = keptParts(models, group.packed, device, together)
      const known = knownParts(models, request, group.indices, parts)
      const states = kept?.of(models.trie, group.packed) ?? null
      const isThere = (level: number, node: number): boolean => states?.has(level, node) ?? false
      return { ...group, states, parts: walkParts(models.trie, parts, known, isThere) }
    })
  }
}

/** Indices of a group's parts of which all is known, the rivals' scores with post's. */
function knownParts(
  { trie: { leafOf } }: SweptModels,
  { models, rivals = [], known }: Pick<SweepRequest, 'models' | 'rivals' | 'known'>,
  prompts: readonly number[],
  parts: readonly (readonly number[])[]
): Set<number> {
  if (known === undefined) return new Set()
  const ofPrompts = prompts.map((prompt) => new Set(at(known, prompt, 'prompt')))
  const partOf = new Map(parts.flatMap((leaves, part) => leaves.map((leaf) => [leaf, part] as const)))
  const post = models.findIndex(({ kind }) => kind === 'post')
  const leaves = [...leafOf, ...rivals.map(() => at(leafOf, post, 'post'))]
  const missing = leaves.flatMap((leaf, model) =>
    ofPrompts.every((ofPrompt) => ofPrompt.has(model)) ? [] : [got(partOf, leaf, 'part')]
  )
  return new Set([...parts.keys()].filter((part) => !missing.includes(part)))
}

/** What a part reads. */
export function readingOf(trie: RecipeTrie, { levels, leaves }: TriePart): Reading {
  const ofPart = new Set(leaves)
  const models = [...trie.leafOf.keys()].filter((model) => ofPart.has(at(trie.leafOf, model, 'model')))
  return {
    roots: [...new Set(models.map((model) => originOf(trie, model)))],
    levels: levels.map((nodes, level) => ({
      nodes,
      blocks: [...new Set(nodes.map(({ block }) => block))].map((block) =>
        at(at(trie.levels, level, 'level').blocks, block, 'block')
      )
    }))
  }
}
