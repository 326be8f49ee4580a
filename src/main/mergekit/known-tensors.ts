import type { PairMember } from '../checkpoint/pair-member'
import { hasExperts, type Role, sharedTensors } from '../family'

/** The version whose tables these are. */
const MERGEKIT = 'mergekit 0.1.4'

/** What mergekit's table of an architecture names beside norms and projections. */
interface KnownTensors {
  readonly more: readonly Role[]
  /** Whether it takes a head of its own, of a model that has one; must find one; or leaves it out. */
  readonly head: 'taken' | 'needed' | 'dropped'
}

const QK_NORMS = ['qNorm', 'kNorm'] as const satisfies readonly Role[]

/**
 * By model_type. mergekit copies what its table names and nothing else; what a table lacks is drawn at random by whoever
 * loads the result. Architectures without a table it infers from the models' tensors, which was not compared with ours.
 */
const TABLES: Readonly<Record<string, KnownTensors>> = {
  llama: { more: [], head: 'taken' },
  mistral: { more: [], head: 'taken' },
  qwen2: { more: ['qBias', 'kBias', 'vBias'], head: 'taken' },
  qwen3: { more: QK_NORMS, head: 'taken' },
  // Its table has no head, which Gemma models do not have beside the embedding.
  gemma: { more: [], head: 'dropped' },
  gemma2: { more: [], head: 'taken' },
  gemma3_text: { more: QK_NORMS, head: 'taken' },
  olmo2: { more: [], head: 'taken' },
  granite: { more: [], head: 'taken' },
  phi3: { more: [], head: 'needed' }
}

const NORMS_AND_PROJECTIONS: readonly Role[] = [
  'normBeforeAttention',
  'normAfterAttention',
  'normBeforeMlp',
  'normAfterMlp',
  'q',
  'k',
  'v',
  'qkv',
  'o',
  'gate',
  'up',
  'gateUp',
  'down'
]

/** Why mergekit would not copy every tensor of a model's decoder; null where it would. */
export function uncopiedTensors({ spec }: PairMember): string | null {
  const { label } = spec.family
  if (hasExperts(spec)) return `What ${MERGEKIT} makes of experts was not compared with what is made here.`
  const table = Object.hasOwn(TABLES, spec.modelType) ? TABLES[spec.modelType] : undefined
  if (table === undefined) return `${MERGEKIT} has no table of the tensors of ${label} models.`
  const known = new Set([...NORMS_AND_PROJECTIONS, ...table.more])
  const unknown = sharedTensors(spec, 0)
    .filter(({ role }) => !known.has(role))
    .map(({ name }) => name.split('.').slice(3).join('.'))
  if (unknown.length > 0) {
    return `${MERGEKIT} does not know ${unknown.join(', ')} of ${label} layers, and would leave them out without a word.`
  }
  if (spec.tiedHead && table.head === 'needed') {
    return `${MERGEKIT} wants lm_head.weight of ${label} models, and this one's head is its embedding.`
  }
  if (!spec.tiedHead && table.head === 'dropped') {
    return `${MERGEKIT} does not know lm_head.weight of ${label} models, and would leave it out without a word.`
  }
  return null
}
