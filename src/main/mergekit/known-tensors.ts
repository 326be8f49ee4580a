import type { PairMember } from '../checkpoint/pair-member'
import { hasExperts, type Role, sharedTensors } from '../family'

/** The version whose tables these are. */
const MERGEKIT = 'mergekit 0.1.4'

/** What mergekit's table of an architecture names beside norms and projections. */
interface KnownTensors {
  /** `every` where it has no table and takes the names from the models' own files. */
  readonly more: readonly Role[] | 'every'
  /** Whether it takes a head of its own, of a model that has one; must find one; or leaves it out. */
  readonly head: 'taken' | 'needed' | 'dropped'
}

const QK_NORMS = ['qNorm', 'kNorm'] as const satisfies readonly Role[]
const QKV_BIASES = ['qBias', 'kBias', 'vBias'] as const satisfies readonly Role[]
const INFERRED: KnownTensors = { more: 'every', head: 'taken' }

/**
 * By model_type. mergekit copies what its table names and nothing else; what a table lacks is drawn at random by whoever
 * loads the result. Each family here was merged by 0.1.4 and by its main branch of June 2026 (a6e40288), and came out as it
 * should; of others one of the two fails (apertus, cohere, gpt_neox) or wants what not every model has (stablelm, starcoder2).
 */
const TABLES: Readonly<Record<string, KnownTensors>> = {
  llama: { more: [], head: 'taken' },
  mistral: { more: [], head: 'taken' },
  qwen2: { more: QKV_BIASES, head: 'taken' },
  qwen3: { more: QK_NORMS, head: 'taken' },
  // Its table has no head, which Gemma models do not have beside the embedding.
  gemma: { more: [], head: 'dropped' },
  gemma2: { more: [], head: 'taken' },
  gemma3_text: { more: QK_NORMS, head: 'taken' },
  olmo2: { more: [], head: 'taken' },
  phi3: { more: [], head: 'needed' },
  arcee: { more: [], head: 'taken' },
  cohere2: { more: [], head: 'taken' },
  glm4: { more: QKV_BIASES, head: 'taken' },
  ernie4_5: INFERRED,
  exaone4: INFERRED,
  glm: INFERRED,
  granite: INFERRED,
  hunyuan_v1_dense: INFERRED,
  nemotron: INFERRED,
  olmo: INFERRED,
  olmo3: INFERRED,
  seed_oss: INFERRED,
  smollm3: INFERRED
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
  // 0.1.4 copies those of Mixtral and refuses OLMoE's; its main branch drops both.
  if (hasExperts(spec))
    return 'Versions of mergekit differ in what they make of experts, and some leave them out.'
  const table = Object.hasOwn(TABLES, spec.modelType) ? TABLES[spec.modelType] : undefined
  if (table === undefined) return `${MERGEKIT} does not merge ${label} models, or not all of them.`
  const known = table.more === 'every' ? null : new Set([...NORMS_AND_PROJECTIONS, ...table.more])
  const unknown = sharedTensors(spec, 0)
    .filter(({ role }) => known !== null && !known.has(role))
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
