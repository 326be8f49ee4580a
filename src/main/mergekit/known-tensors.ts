import type { PairMember } from '../checkpoint/pair-member'
import { hasExperts, type Role, sharedTensors } from '../family'

const MERGEKIT = 'mergekit 0.1.4'

/** The tensors of a model family that mergekit copies. It drops others without a message. */
interface KnownTensors {
  /** Roles besides norms and projections. `every` if mergekit takes the names of all tensors from the models' files. */
  readonly more: readonly Role[] | 'every'
  /** Treatment of a separate head: `taken` if there is one, `needed`, or `dropped` if it is ignored. */
  readonly head: 'taken' | 'needed' | 'dropped'
}

const QK_NORMS = ['qNorm', 'kNorm'] as const satisfies readonly Role[]
const QKV_BIASES = ['qBias', 'kBias', 'vBias'] as const satisfies readonly Role[]
const INFERRED: KnownTensors = { more: 'every', head: 'taken' }

/**
 * Tables by model_type. mergekit copies only the tensors in its table. Each family here was merged correctly by 0.1.4
 * and the main branch of June 2026 (a6e40288); other families fail.
 */
const TABLES: Readonly<Record<string, KnownTensors>> = {
  llama: { more: [], head: 'taken' },
  mistral: { more: [], head: 'taken' },
  qwen2: { more: QKV_BIASES, head: 'taken' },
  qwen3: { more: QK_NORMS, head: 'taken' },
  // mergekit's table for Gemma has no head, because Gemma models use the embedding as head.
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

/** Explains why mergekit would not copy all tensors of a model's decoder; null if it copies all. */
export function uncopiedTensors({ spec }: PairMember): string | null {
  const { label } = spec.family
  // 0.1.4 copies Mixtral's experts and refuses OLMoE's; the main branch drops both.
  if (hasExperts(spec)) return 'Versions of mergekit treat experts differently, and some leave them out.'
  const table = Object.hasOwn(TABLES, spec.modelType) ? TABLES[spec.modelType] : undefined
  if (table === undefined) return `${MERGEKIT} does not merge ${label} models, or not all of them.`
  const knownRoles = table.more === 'every' ? null : new Set([...NORMS_AND_PROJECTIONS, ...table.more])
  const unknown = sharedTensors(spec, 0)
    .filter(({ role }) => knownRoles !== null && !knownRoles.has(role))
    // For example, `self_attn.q_norm.weight` of `model.layers.0.self_attn.q_norm.weight`.
    .map(({ name }) => name.split('.').slice(3).join('.'))
  if (unknown.length > 0) {
    return (
      `${MERGEKIT} does not know ${unknown.join(', ')} of ${label} layers, and would leave them out without a ` +
      'message.'
    )
  }
  if (spec.tiedHead && table.head === 'needed') {
    return `${MERGEKIT} wants lm_head.weight of ${label} models, and this one's head is its embedding.`
  }
  if (!spec.tiedHead && table.head === 'dropped') {
    return `${MERGEKIT} does not know lm_head.weight of ${label} models, and would leave it out without a message.`
  }
  return null
}
