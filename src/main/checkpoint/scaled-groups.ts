import { at } from '../../contract/model/look-up'
import { WorkbenchError } from '../../contract/model/problem'
import { quoteName } from '../base/json-object'
import type { Checkpoint } from './checkpoint'
import type { Scaled, StoredTensor } from './safetensors'
import { openWeightFile, readExactly } from './weight-file'

/** In which group of scales each column of a weight is, where that is stored. */
type Groups = NonNullable<Scaled['groups']>

/**
 * The groups of a weight's columns.
 *
 * @param groups as they are stored
 * @param across so many groups there are
 * @throws WorkbenchError `bad-file` for groups that are not there, or not as they are said to be
 */
export function checkedGroups(
  { block: [, size] }: Pick<Scaled, 'block'>,
  { tensor, order }: Groups,
  groups: Int32Array,
  across: number
): Int32Array {
  const sizes = new Int32Array(across)
  for (const [column, group] of groups.entries()) {
    if (group < 0 || group >= across)
      throw badGroup(tensor, `puts column ${column} into group ${group}, expected 0 to ${across - 1}`)
    if (order === 'inTurn' && group !== Math.floor(column / size))
      throw badGroup(
        tensor,
        `puts column ${column} into group ${group}, but by its config.json they are in turn`
      )
    sizes[group] = at(sizes, group, 'group') + 1
  }
  const uneven = order === 'even' ? sizes.findIndex((count) => count !== size) : -1
  if (uneven !== -1)
    throw badGroup(
      tensor,
      `puts ${at(sizes, uneven, 'group')} columns into group ${uneven}, expected ${size}`
    )
  return groups
}

/**
 * What is wrong with the groups that a checkpoint stores, read without its weights.
 *
 * @throws WorkbenchError `bad-file` when a file cannot be read
 */
export async function groupProblems({ tensors }: Pick<Checkpoint, 'tensors'>): Promise<WorkbenchError[]> {
  const problems: WorkbenchError[] = []
  for (const { scaled, shape } of tensors.values()) {
    if (scaled === undefined || scaled.groups === null) continue
    const { groups, block } = scaled
    try {
      const stored = await readGroups(groups.tensor)
      checkedGroups(scaled, groups, stored, Math.ceil(at(shape, 1, 'size') / block[1]))
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      problems.push(error)
    }
  }
  return problems
}

async function readGroups({ file, offset, byteLength }: StoredTensor): Promise<Int32Array> {
  const groups = new Int32Array(byteLength / Int32Array.BYTES_PER_ELEMENT)
  const handle = await openWeightFile(file)
  try {
    await readExactly(handle, file, new Uint8Array(groups.buffer), offset)
  } finally {
    await handle.close()
  }
  return groups
}

function badGroup({ file, name }: StoredTensor, what: string): WorkbenchError {
  return new WorkbenchError('bad-file', `${file}: tensor ${quoteName(name)} ${what}.`)
}
