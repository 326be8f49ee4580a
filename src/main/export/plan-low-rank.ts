import type { LayerStrength } from '../../contract/model/recipe'
import type { ExportForm, LowRankAdapter } from '../../contract/procedures/export'
import { plural } from '../../contract/words/format'
import { ADAPTER_WEIGHTS } from '../checkpoint/adapter-config'
import { weightDtype } from '../checkpoint/dtype'
import {
  lowRankConfig,
  lowRankHeader,
  type LowRankPlan,
  lowRankTensors,
  planLowRank
} from '../checkpoint/low-rank-plan'
import { folderModelName } from '../checkpoint/model-folder'
import { type SourcedPair, sourceMember } from '../checkpoint/pair-member'
import { tensorOrigin } from '../checkpoint/restored-tensor'
import type { CopiedFile } from './copied-files'
import type { PlannedTensor, PlannedWeights } from './plan'

/** Plans the export of a restored model as a low-rank adapter on post. Its factors are computed when it is written. */
export function lowRankExport(
  pair: SourcedPair,
  strengths: readonly LayerStrength[],
  adapter: LowRankAdapter
): {
  weights: PlannedWeights[]
  copied: CopiedFile[]
  form: ExportForm
  fullRank: number
  adapterConfig: string
  notes: string[]
} {
  const plan = planLowRank(pair, strengths)
  return {
    weights: [plannedFile(pair, plan, adapter)],
    copied: [],
    form: { kind: 'low-rank', ...adapter },
    fullRank: plan.fullRank,
    adapterConfig: `${JSON.stringify(lowRankConfig(plan, adapter, referenceTo(pair)), null, 2)}\n`,
    notes: [normsNote(plan, adapter)].filter((note) => note !== null)
  }
}

/** Names post as PEFT does: by its name on the Hub, or by its folder. */
function referenceTo({ post }: SourcedPair): string {
  const name = folderModelName(post.checkpoint.path)
  return name.includes('/') ? name : post.checkpoint.path
}

/** Plans the adapter's file: the two factors of each weight, then the tensors that are stored whole. */
function plannedFile(pair: SourcedPair, plan: LowRankPlan, adapter: LowRankAdapter): PlannedWeights {
  const header = lowRankHeader(plan, adapter)
  const factorCount = 2 * plan.factored.length
  let offset = header.byteLength
  const tensors = lowRankTensors(plan, adapter).map((tensor, index): PlannedTensor => {
    const post = { ...tensor, file: ADAPTER_WEIGHTS, offset }
    offset += tensor.byteLength
    const whole = index < factorCount ? undefined : plan.whole[index - factorCount]
    if (whole === undefined) return { origin: 'factor', strength: 0, restoredTo: null, post, restored: null }
    const { name, dtype, strength, layer } = whole
    const source = sourceMember(pair, layer).checkpoint.tensors.get(name) ?? whole.post
    const dtypes = { source: weightDtype(source), post: dtype }
    const origin = tensorOrigin(strength, dtypes, layer.source === undefined ? 'base' : 'checkpoint')
    return { origin, strength, restoredTo: layer.source?.name ?? 'base', post, restored: null }
  })
  const name = ADAPTER_WEIGHTS
  return { name, source: name, header, bytes: offset, headerBytes: header.byteLength, tensors }
}

/** Counts the bytes of an adapter's weight file. */
export const plannedBytes = (pair: SourcedPair, plan: LowRankPlan, adapter: LowRankAdapter): number =>
  plannedFile(pair, plan, adapter).bytes

/** Describes where restored norms and biases are stored; null if the recipe restores none. */
export function normsNote({ whole }: LowRankPlan, { savesNormsAndBiases }: LowRankAdapter): string | null {
  if (whole.length === 0) return null
  const named = `Norms and biases (${plural(whole.length, 'tensor')})`
  return savesNormsAndBiases
    ? `${named} are stored whole. PEFT loads them; vLLM refuses the adapter, and llama.cpp ignores them.`
    : `${named} remain post's, because vLLM and llama.cpp load none from an adapter.`
}
