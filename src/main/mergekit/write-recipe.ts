import { Document, stringify } from 'yaml'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { unsupportedError } from '../../contract/model/problem'
import type { LayerStrength } from '../../contract/model/recipe'
import { type Stretch, stretches, withComponents } from '../../contract/model/strengths'
import { publicModelName } from '../checkpoint/model-folder'
import { isWeightDtype, type WeightDtype } from '../checkpoint/dtype'
import { membersOf, type PairMember, type PairMembers, type SourcedPair, sourceMember } from '../checkpoint/pair-member'
import { layerTensors, requireComponents, sharedTensors, tensorStrength } from '../family'
import { uncopiedTensors } from './known-tensors'
import { mergekitReference, withRole, type WrittenReference } from './model-reference'

const TORCH_DTYPES = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } satisfies Record<WeightDtype, string>

/**
 * Writes the mergekit configuration of a restored model: slices of `passthrough`, `linear` weights for blends, and
 * filters on names for parts of layers. Empty slices of post are added if embeddings, final norm or head would not be
 * post's.
 *
 * @param strengths the strengths of every layer of the pair
 * @throws WorkbenchError `unsupported` for a model that mergekit would merge differently
 */
export function mergekitText(pair: SourcedPair, name: string, strengths: readonly LayerStrength[]): string {
  const references = writtenReferences(pair)
  const referenceOf = (member: PairMember): string => mapGet(references, member, 'model').reference
  refuseOtherNames(pair)
  requireComponents(pair.post.spec, strengths)
  const uncopied = uncopiedTensors(pair.post)
  if (uncopied !== null) throw unsupportedError(uncopied)
  const runs = withPostAround(stretches(strengths))
  const linear = runs.some(({ strength }) => !isWhole(strength))
  const dtype = outputDtype(pair, strengths, linear)
  const nodes = new Document()
  const sourceOf = (run: Stretch, member: PairMember, weight: LayerStrength) => ({
    model: referenceOf(member),
    layer_range: nodes.createNode([run.start, run.end + 1], { flow: true }),
    // YAML leaves undefined fields out.
    parameters: linear ? { weight: weightOf(weight, pair) } : undefined
  })
  const slices = runs.map((run) => {
    const { strength } = run
    const complement = withComponents(strength, (_half, _component, share) => 1 - share)
    return {
      sources: [
        ...(isPure(strength, 1) ? [] : [sourceOf(run, pair.post, complement)]),
        ...(isPure(strength, 0) ? [] : [sourceOf(run, sourceMember(pair, strength), strength)])
      ]
    }
  })
  const text = stringify(
    {
      name,
      merge_method: linear ? 'linear' : 'passthrough',
      base_model: referenceOf(pair.post),
      // Blends are computed in float32 and rounded once, as this program does.
      dtype: linear ? 'float32' : undefined,
      out_dtype: dtype === null ? undefined : TORCH_DTYPES[dtype],
      parameters: linear ? { normalize: false } : undefined,
      slices
    },
    {
      defaultStringType: 'QUOTE_DOUBLE',
      defaultKeyType: 'PLAIN',
      // Long texts stay on one line.
      lineWidth: 0,
      doubleQuotedMinMultiLineLength: 1_000_000,
      flowCollectionPadding: false,
      aliasDuplicateObjects: false
    }
  )
  const comment = ['# Makes the weights of this folder again: mergekit-yaml mergekit.yaml NEW_FOLDER']
  return [...comment, ...folderComment([...references.values()]), forPython(text)].join('\n')
}

/** Adapts YAML to Python's reader: exponents after a point, and only newlines as line breaks. */
const forPython = (yaml: string): string =>
  yaml
    .replace(/^(.*: -?\d+)(e-?\d+)$/gm, '$1.0$2')
    .replace(
      /[\u007f-\u009f\u2028\u2029\ufeff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    )

/** Returns the reference to each model of the pair. If models of different folders share a name, their role follows. */
function writtenReferences(pair: SourcedPair): Map<PairMember, WrittenReference> {
  const members = membersOf(pair)
  const written = members.map(({ checkpoint: { path, adapter } }) => {
    if (adapter !== null) throw unsupportedError(`${publicModelName(path)} is an adapter.`)
    const reference = mergekitReference(path)
    if (reference !== null) return reference
    throw unsupportedError(`mergekit reads the "@" or "+" in ${publicModelName(path)} as something else.`)
  })
  const isShared = (index: number): boolean =>
    members.some(
      ({ checkpoint: { path } }, other) =>
        path !== elementAt(members, index, 'model').checkpoint.path &&
        elementAt(written, other, 'model').reference === elementAt(written, index, 'model').reference
    )
  const roleOf = (member: PairMember, index: number): string => {
    if (member === pair.post) return 'post'
    return member === pair.base ? 'base' : String(index)
  }
  return new Map(
    members.map((member, index) => {
      const { reference, isLocal } = elementAt(written, index, 'model')
      return [member, { reference: isShared(index) ? withRole(reference, roleOf(member, index)) : reference, isLocal }]
    })
  )
}

/** Writes a comment that lists names to be replaced by folders; none if all models are on the Hub. */
function folderComment(written: readonly WrittenReference[]): string[] {
  const names = new Set(
    written.flatMap(({ reference, isLocal }) => (isLocal ? [forPython(JSON.stringify(reference))] : []))
  )
  if (names.size === 0) return []
  return [`# Put the folder of the model in place of its name first: ${[...names].join(', ')}`]
}

/** Refuses tensor names that are not in mergekit's own table. */
function refuseOtherNames(pair: SourcedPair): void {
  for (const { checkpoint } of membersOf(pair)) {
    const other = [...checkpoint.tensors].find(([name, entry]) => name !== entry.name)?.[1]
    if (other !== undefined)
      throw unsupportedError(
        `${publicModelName(checkpoint.path)} names a tensor ${other.name}, which mergekit may not know.`
      )
  }
}

/** Adds empty slices of post at both ends, because mergekit takes embeddings, norm and head from the slices there. */
function withPostAround(runs: readonly Stretch[]): Stretch[] {
  // A stretch includes its end, so that an empty one ends before it starts.
  const empty = (layer: number): Stretch => ({
    start: layer,
    end: layer - 1,
    strength: { attention: 0, mlp: 0 }
  })
  const isPost = (run: Stretch | undefined): boolean => run !== undefined && isPure(run.strength, 0)
  return [
    ...(isPost(runs[0]) ? [] : [empty(0)]),
    ...runs,
    ...(isPost(runs.at(-1)) ? [] : [empty((runs.at(-1)?.end ?? -1) + 1)])
  ]
}

function isPure({ attention, mlp }: LayerStrength, value: 0 | 1): boolean {
  return attention === value && mlp === value
}

function isWhole(strength: LayerStrength): boolean {
  return isPure(strength, 0) || isPure(strength, 1)
}

/** Returns the dtype that mergekit writes for all tensors; null if each tensor is copied with its own dtype. */
function outputDtype(pair: SourcedPair, strengths: readonly LayerStrength[], linear: boolean): WeightDtype | null {
  const { post } = pair
  const dtypes = new Set([...post.checkpoint.tensors.values()].map(({ dtype }) => dtype))
  const [onlyDtype] = dtypes
  if (dtypes.size === 1 && onlyDtype !== undefined && isWeightDtype(onlyDtype)) return onlyDtype
  const changes = strengths.some((strength, layer) =>
    layerTensors(post.spec, layer).some((tensor) => {
      if (tensorStrength(tensor, strength) === 0) return false
      const stored = [sourceMember(pair, strength), post].map(
        ({ checkpoint }) => checkpoint.tensors.get(tensor.name)?.dtype
      )
      return stored[0] !== stored[1]
    })
  )
  if (!linear && !changes) return null
  throw unsupportedError('Post stores tensors of different types, and mergekit would write all of them as one.')
}

/** Lists parts of names that only tensors of the MLP half of a layer have, such as `mlp`. */
function mlpFilters({ post }: PairMembers): string[] {
  const names = sharedTensors(post.spec, 0)
    .filter(({ half }) => half === 'mlp')
    .map(({ name }) => name.split('.')[3] ?? name)
  return [...new Set(names)]
}

/** Returns the weight of a source: a number, or numbers for the tensors whose names contain a filter. */
function weightOf(layer: LayerStrength, pair: PairMembers): number | { filter?: string; value: number }[] {
  const { attention, mlp } = layer
  const whole = typeof attention === 'number' && typeof mlp === 'number'
  if (whole && attention === mlp) return attention
  return [
    ...(whole ? mlpFilters(pair).map((filter) => ({ filter, value: mlp })) : moduleFilters(pair, layer)),
    // The weight of all other tensors. If components differ, every module has a filter, and no tensor is left.
    { value: typeof attention === 'number' ? attention : 0 }
  ]
}

/**
 * Lists one filter for each module of a layer, such as `self_attn.q_proj`. Longer filters come first, because a filter
 * matches any part of a name.
 */
function moduleFilters({ post }: PairMembers, layer: LayerStrength): { filter: string; value: number }[] {
  const filters = new Map(
    sharedTensors(post.spec, 0).map((tensor) => [
      tensor.name.split('.').slice(3, -1).join('.'),
      tensorStrength(tensor, layer)
    ])
  )
  return [...filters].map(([filter, value]) => ({ filter, value })).sort((a, b) => b.filter.length - a.filter.length)
}
