import type { LayerStrength } from '../../contract/model/recipe'
import { unsupportedError, type WorkbenchError } from '../../contract/model/problem'
import { quoteName } from '../base/json-object'
import { ADAPTER_WEIGHTS, type AdapterConfig } from '../checkpoint/adapter-config'
import { moduleOfTensor, replacedName } from '../checkpoint/adapter-tensors'
import { type PairMember, wholeModelAdvice } from '../checkpoint/pair-member'
import { restoredTensors } from '../checkpoint/restored-tensor'
import { safetensorsHeader, type StoredTensor } from '../checkpoint/safetensors'
import type { PlannedTensor, PlannedWeights } from './plan'

/** A tensor of the adapter that remains, and the share of base by which it is scaled down. */
interface RemainingTensor {
  readonly tensor: StoredTensor
  readonly strength: number
}

/** The rest of an adapter: its weight file, and the modules that still have factors. */
interface PlannedAdapter {
  readonly weights: PlannedWeights
  /** Paths of the modules with factors, as PEFT names them. */
  readonly modules: readonly string[]
  /** Paths of the modules whose tensors are stored whole. */
  readonly wholeModules: readonly string[]
}

/**
 * Plans the adapter that remains of post's adapter under a recipe. Restored weights have no factors, and in partly
 * restored weights the factor B is scaled down.
 */
export function planAdapter(post: PairMember, strengths: readonly LayerStrength[]): PlannedAdapter {
  const { adapter, path } = post.checkpoint
  const unsupported = (message: string): WorkbenchError => unsupportedError(message, wholeModelAdvice([post]))
  if (adapter === null)
    throw unsupportedError(`${path} is a whole model.`, 'Give a rank (--rank) for a low-rank adapter on post.')
  if (strengths.some(({ source }) => source !== undefined))
    throw unsupported('The model takes layers from another checkpoint, which an adapter cannot hold.')
  const restored = restoredTensors(post, strengths)
  const remaining = adapter.tiedHead.map((tensor): RemainingTensor => ({ tensor, strength: 0 }))
  const modules: string[] = []
  const wholeModules = new Set<string>()
  for (const [name, entry] of post.checkpoint.tensors) {
    const strength = restored.get(name)?.strength ?? 0
    const { adapted } = entry
    if (strength === 1) continue
    if (adapted !== undefined) {
      modules.push(moduleOfTensor(adapted.a.name))
      remaining.push({ tensor: adapted.a, strength: 0 }, { tensor: adapted.b, strength })
    }
    // The adapter's file contains a whole weight only if training has replaced it.
    const whole = adapted?.weight ?? entry
    if (whole.file !== adapter.file) continue
    if (strength !== 0)
      throw unsupported(
        `${whole.file}: tensor ${quoteName(whole.name)} is stored whole, and cannot be restored in part.`
      )
    remaining.push({ tensor: whole, strength: 0 })
    if (adapted === undefined) wholeModules.add(moduleOfTensor(whole.name))
  }
  // No recipe restores embeddings, so the head that equals them remains as well.
  for (const { name } of adapter.tiedHead) if (replacedName(name) !== null) wholeModules.add(moduleOfTensor(name))
  if (modules.length === 0) throw unsupported(`The model leaves nothing of the adapter ${path}: it is base.`)
  return {
    weights: adapterFile(remaining, adapter.file),
    modules: modules.sort(),
    wholeModules: [...wholeModules].sort()
  }
}

/** Plans the file: a new header, and the tensors in the order of the adapter's file. */
function adapterFile(remaining: readonly RemainingTensor[], source: string): PlannedWeights {
  const sorted = remaining.toSorted((a, b) => a.tensor.offset - b.tensor.offset)
  const header = safetensorsHeader(sorted.map(({ tensor }) => tensor))
  let offset = header.byteLength
  const tensors = sorted.map(({ tensor, strength }): PlannedTensor => {
    const post = { ...tensor, file: source, offset }
    offset += tensor.byteLength
    const restoredTo = strength === 0 ? null : 'base'
    return { origin: strength === 0 ? 'post' : 'scaled', strength, restoredTo, post, restored: tensor }
  })
  return { name: ADAPTER_WEIGHTS, source, header, bytes: offset, headerBytes: header.byteLength, tensors }
}

/**
 * Writes the settings of an adapter, with the paths of the modules that still have tensors. PEFT requires a tensor for
 * every module that `modules_to_save` matches. Biases that it saves by `bias` belong to no such module.
 */
export function adapterConfigText(config: AdapterConfig, { modules, wholeModules }: PlannedAdapter): string {
  // PEFT compares the end of a path, and a saved module may contain others.
  const isSaved = (module: string): boolean =>
    module.split('.').some((_, i, parts) => {
      const path = parts.slice(0, i + 1).join('.')
      return config.modules_to_save?.some((end) => path.endsWith(end))
    })
  const saved = wholeModules.filter(isSaved)
  const settings = {
    target_modules: modules,
    modules_to_save: saved.length === 0 ? null : saved,
    exclude_modules: null,
    layers_to_transform: null,
    layers_pattern: null
  }
  return `${JSON.stringify({ ...config, ...settings, inference_mode: true }, null, 2)}\n`
}
