import type { LayerStrength } from '../../contract/model/recipe'
import { type WeightDtype, weightDtype } from '../checkpoint/dtype'
import type { Checkpoint } from '../checkpoint/checkpoint'
import { quoteName } from '../base/json-object'
import { unsupportedError, type WorkbenchError } from '../../contract/model/problem'
import { type PairMember, type SourcedPair, sourceMember } from '../checkpoint/pair-member'
import { restoredTensors, type TensorOrigin, tensorOrigin } from '../checkpoint/restored-tensor'
import type { StoredTensor, TensorEntry } from '../checkpoint/safetensors'

/** One tensor of a restored model. It has post's position and dtype in the file, and the values of the recipe. */
export interface PlannedTensor {
  readonly origin: TensorOrigin
  /** Share of the layer's source in the blend; 0 for a tensor of post. */
  readonly strength: number
  /** Name of the layer's source; null for a tensor of post. */
  readonly restoredTo: string | null
  /** Name, dtype, shape and position in the file. */
  readonly post: TensorEntry
  /** Tensor of the source, or of the adapter; null if the bytes at post's position are copied. */
  readonly restored: TensorEntry | null
}

/** One weight file: post's header byte for byte, then the tensors in post's order. */
export interface PlannedWeights {
  readonly name: string
  /** Path of post's file. */
  readonly source: string
  /** The header to write; null if post's header is copied. */
  readonly header: Uint8Array | null
  readonly bytes: number
  /** Bytes before the first tensor. */
  readonly headerBytes: number
  readonly tensors: readonly PlannedTensor[]
}

/** Plans every weight file with post's names, shapes, dtypes and offsets. @param strengths for every layer */
export function planWeights(members: SourcedPair, strengths: readonly LayerStrength[]): PlannedWeights[] {
  const { post } = members
  const restored = restoredTensors(post, strengths)
  const planned = [...post.checkpoint.tensors].map(([name, entry]): PlannedTensor => {
    const fileTensor = fileTensorOf(name, entry, members)
    const restoration = restored.get(name)
    if (restoration === undefined) return postTensor(entry, fileTensor)
    const { strength, layer } = restoration
    const source = sourceMember(members, layer).checkpoint.tensors.get(name)
    if (source === undefined) return postTensor(entry, fileTensor)
    const dtypes = { source: weightDtype(source), post: weightDtype(entry) }
    const origin = tensorOrigin(strength, dtypes, layer.source === undefined ? 'base' : 'checkpoint')
    const isMoved = fileTensor !== entry && entry.adapted === undefined
    if (isMoved && origin === 'blended') throw partlyRestored(entry)
    return { origin, strength, restoredTo: layer.source?.name ?? 'base', post: fileTensor, restored: source }
  })
  return weightFiles(post).map(({ name, path, bytes }) => {
    const tensors = planned
      .filter((tensor) => tensor.post.file === path)
      .sort((a, b) => a.post.offset - b.post.offset || a.post.byteLength - b.post.byteLength)
    return { name, source: path, header: null, bytes, headerBytes: tensors[0]?.post.offset ?? bytes, tensors }
  })
}

/** Plans a tensor that is not restored. @param fileTensor see {@link fileTensorOf} */
function postTensor(entry: TensorEntry, fileTensor: TensorEntry): PlannedTensor {
  const planned = { strength: 0, restoredTo: null, post: fileTensor }
  if (entry.adapted !== undefined) return { ...planned, origin: 'merged', restored: entry }
  return { ...planned, origin: 'post', restored: fileTensor === entry ? null : entry }
}

/** Returns the tensor in the files to write that a tensor of post replaces. If post is an adapter, these are base's. */
function fileTensorOf(name: string, entry: TensorEntry, { post, base }: SourcedPair): TensorEntry {
  if (weightFiles(post).some(({ path }) => path === entry.file)) return entry
  const fileTensor = base.checkpoint.tensors.get(name)
  if (fileTensor?.dtype === entry.dtype && String(fileTensor.shape) === String(entry.shape))
    return { ...fileTensor, adapted: entry.adapted }
  throw unsupportedError(
    `${entry.file}: tensor ${quoteName(entry.name)} is ${entry.dtype} of [${entry.shape.join(', ')}], ` +
      `expected ${fileTensor?.dtype ?? 'one'} of [${fileTensor?.shape.join(', ') ?? ''}] as in base, ` +
      'whose files are written.',
    "Merge the adapter with PEFT's merge_and_unload, and export from that model."
  )
}

/** Refuses to restore a tensor in part that an adapter stores whole. */
const partlyRestored = ({ file, name }: StoredTensor): WorkbenchError =>
  unsupportedError(
    `${file}: tensor ${quoteName(name)} is stored whole, and cannot be restored in part.`,
    "Merge the adapter with PEFT's merge_and_unload, and export from that model."
  )

/** Lists post's weight files without an adapter's file. If post is an adapter, these are the files of its base. */
function weightFiles({ checkpoint: { adapter, files } }: PairMember): Checkpoint['files'] {
  return adapter === null ? files : files.filter(({ path }) => path !== adapter.file)
}

/** Origins whose bytes are computed. */
const COMPUTED: readonly TensorOrigin[] = ['converted', 'blended', 'merged', 'scaled']

/** Reports whether the bytes of a tensor are copied from a source. */
export const isCopied = (origin: TensorOrigin): boolean => !COMPUTED.includes(origin)

/** Returns the dtypes of a computed tensor in its source and in the written file. */
export function plannedDtypes({ post, restored }: PlannedTensor): { source: WeightDtype; post: WeightDtype } {
  return { source: weightDtype(restored ?? post), post: weightDtype(post) }
}
