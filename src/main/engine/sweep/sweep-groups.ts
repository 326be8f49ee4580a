import type { DeviceName } from '../../../contract/model/device'
import type { SweepRequest } from '../../../contract/procedures/engine'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { rowsPerRun } from '../forward/forward'
import type { StateCache, RunStates } from '../forward/state-cache'
import type { AnswerTrie } from '../tries/answer-trie'
import { finalRows, type PackedPrompts } from '../tries/prompt-trie'
import { originOf, type RecipeTrie } from '../tries/recipe-trie'
import { leavesByDepth, splitLeaves, type TriePart, walkParts, wholeTrie } from '../tries/trie-parts'
import { maxAliveStates } from '../tries/alive-states'
import type { SweptModels } from './sweep-memory'
import {
  countFlops,
  type Grouping,
  groupingOf,
  groupWithin,
  headFlops,
  projectionFlops,
  type PassWeights,
  storedBytes
} from './sweep-plan'

// Divides a sweep. Prompts are divided into groups that fit into memory. Models of a group are divided into parts, and
// results are stored after each. A leaf of the trie is a distinct model, and a node the states of equal models.

/** The minimum operations of a part: half a second to two seconds on two cores. Less is hardly worth storing. */
const PART_FLOPS = 1e11

/**
 * The minimum operations of a part per byte read, because each part reads weights again. On the CPU, reading takes a
 * core, and these parts spend at most a tenth of the time on it. An H100 is as fast as its reading threads.
 */
const FLOPS_PER_BYTE = { cpu: 1200, webgpu: 5000, cuda: 50_000, dml: 5000, coreml: 5000 }

/** A group of prompts with the parts of its models. Each part passes through all layers before the next one. */
export type GroupInParts = Grouping['groups'][number] & {
  /** The nodes that each unknown part has to compute, in the order of the walk. */
  readonly parts: readonly TriePart[]
  /** The group's hidden states from earlier stages. Null if no states are cached. */
  readonly states: RunStates | null
}

/** A grouping that keeps a sweep within its memory, with the parts whose results it stores on the way. */
export type GroupingInParts = Omit<Grouping, 'groups'> & { readonly groups: readonly GroupInParts[] }

/**
 * Splits a group's models into parts that are small, but neither slow nor larger in memory than the whole.
 * @param together indices of models that stay in one part
 * @returns the leaves of each part
 */
function splitIntoParts(
  models: SweptModels,
  packed: PackedPrompts,
  device: DeviceName,
  together: readonly number[]
): number[][] {
  const { pair, trie } = models
  const { spec } = pair.post
  const { projections, head } = countFlops(spec, wholeTrie(trie), packed)
  const stored = storedBytes(pair, trie, packed.tokens.length)
  const minFlops = Math.max(PART_FLOPS, FLOPS_PER_BYTE[device] * (stored.layers + stored.head))
  const leaves = leavesByDepth(trie)
  const last = trie.levels.length - 1
  const finalCount = finalRows(packed).length
  const nodeFlops = trie.levels.map(
    (_, level) =>
      projectionFlops(spec, level, packed.tokens.length, finalCount) +
      (level === last ? headFlops(spec, finalCount) : 0)
  )
  const costOf = (level: number): number => elementAt(nodeFlops, level, 'cost')
  const first = Math.max(0, ...together.map((model) => 1 + leaves.indexOf(elementAt(trie.leafOf, model, 'model'))))
  for (let count = Math.floor((projections + head) / minFlops); count > 1; count = Math.floor(count / 2)) {
    const parts = splitLeaves(trie, leaves, costOf, count, first)
    if (maxAliveStates(trie, walkParts(trie, parts)) <= models.maxAliveStates(1)) return parts
  }
  return [leaves]
}

/** Divides prompts into groups in parts, by the request's split or as few as fit into memory. */
export function sweepGroups(
  models: SweptModels,
  tries: readonly AnswerTrie[],
  request: Pick<SweepRequest, 'models' | 'baselines' | 'memoryBytes' | 'split' | 'known'>,
  device: DeviceName,
  cachedStates: StateCache | null = null
): GroupingInParts {
  const { baselines = [], memoryBytes, split } = request
  const prefixes = tries.map((trie) => trie.prefixes)
  // The groups may have been planned for another device with larger runs.
  const maxRows = rowsPerRun(models.pair.post.spec, models.placement.copiesTensors)
  const requested = split && groupingOf(models, prefixes, split.groups, Math.min(split.rowBound, maxRows))
  const grouping =
    requested !== undefined && requested.peakBytes <= memoryBytes
      ? requested
      : groupWithin(models, prefixes, memoryBytes)
  // Baselines are computed from the states of base and post, which must be in memory together.
  const together = [...request.models.keys()].filter((model) => {
    const kind = request.models[model]?.kind
    return baselines.length > 0 && (kind === 'base' || kind === 'post')
  })
  return {
    ...grouping,
    groups: grouping.groups.map((group) => {
      const parts = splitIntoParts(models, group.packed, device, together)
      const knownPartIndices = knownParts(models, request, group.indices, parts)
      const states = cachedStates?.of(models.trie, group.packed) ?? null
      const isCached = (level: number, node: number): boolean => states?.has(level, node) ?? false
      return { ...group, states, parts: walkParts(models.trie, parts, knownPartIndices, isCached) }
    })
  }
}

/** Finds the parts of a group whose scores are all stored already. The baselines belong to the part with post. */
function knownParts(
  { trie: { leafOf } }: SweptModels,
  { models, baselines = [], known }: Pick<SweepRequest, 'models' | 'baselines' | 'known'>,
  prompts: readonly number[],
  parts: readonly (readonly number[])[]
): Set<number> {
  if (known === undefined) return new Set()
  const knownByPrompt = prompts.map((prompt) => new Set(elementAt(known, prompt, 'prompt')))
  const partOf = new Map(parts.flatMap((leaves, part) => leaves.map((leaf) => [leaf, part] as const)))
  const post = models.findIndex(({ kind }) => kind === 'post')
  const leaves = [...leafOf, ...baselines.map(() => elementAt(leafOf, post, 'post'))]
  const missing = leaves.flatMap((leaf, model) =>
    knownByPrompt.every((models) => models.has(model)) ? [] : [mapGet(partOf, leaf, 'part')]
  )
  return new Set([...parts.keys()].filter((part) => !missing.includes(part)))
}

/** Lists the blocks and heads that a part reads. */
export function passWeightsOf(trie: RecipeTrie, { levels, leaves }: TriePart): PassWeights {
  const ofPart = new Set(leaves)
  const models = [...trie.leafOf.keys()].filter((model) => ofPart.has(elementAt(trie.leafOf, model, 'model')))
  return {
    roots: [...new Set(models.map((model) => originOf(trie, model)))],
    levels: levels.map((nodes, level) => ({
      nodes,
      blocks: [...new Set(nodes.map(({ block }) => block))].map((block) =>
        elementAt(elementAt(trie.levels, level, 'level').blocks, block, 'block')
      )
    }))
  }
}
