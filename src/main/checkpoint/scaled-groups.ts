import { elementAt } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'
import type { WorkbenchError } from '../../contract/model/problem'
import { yieldEvery20ms } from '../base/files/yield-every-20ms'
import type { Checkpoint } from './checkpoint'
import { type Scaled, badTensor } from './safetensors'
import { openWeightFile, readNow } from './weight-file'

/** The stored group of each column of a quantised weight. Columns of a group share their scales. */
type Groups = NonNullable<Scaled['groups']>

/**
 * Checks the groups of a weight's columns and returns them.
 *
 * @param stored the group of each column, 0 to `groupCount` - 1
 * @throws WorkbenchError `bad-file`
 */
export function checkedGroups(
  scaled: Pick<Scaled, 'block'>,
  groups: Groups,
  stored: Int32Array,
  groupCount: number
): Int32Array {
  const problem = groupProblem(scaled, groups, stored, groupCount)
  if (problem !== null) throw problem
  return stored
}

/** Finds a group that does not exist or contradicts the config; null if all are correct. */
function groupProblem(
  { block }: Pick<Scaled, 'block'>,
  { tensor, order }: Groups,
  stored: Int32Array,
  groupCount: number
): WorkbenchError | null {
  const [, size] = block
  /** Number of columns of each group. */
  const sizes = new Int32Array(groupCount)
  for (const [column, group] of stored.entries()) {
    if (group < 0 || group >= groupCount)
      return badTensor(tensor, `puts column ${column} into group ${group}, expected 0 to ${groupCount - 1}`)
    if (order === 'consecutive' && group !== Math.floor(column / size))
      return badTensor(
        tensor,
        `puts column ${column} into group ${group}, but by its config.json groups are consecutive`
      )
    sizes[group] = elementAt(sizes, group, 'group') + 1
  }
  const uneven = order === 'even' ? sizes.findIndex((count) => count !== size) : -1
  return uneven === -1
    ? null
    : badTensor(tensor, `puts ${elementAt(sizes, uneven, 'group')} columns into group ${uneven}, expected ${size}`)
}

/** Checks the stored groups of a checkpoint without reading its weights. Each file is opened once. */
export async function groupProblems({ tensors }: Pick<Checkpoint, 'tensors'>): Promise<WorkbenchError[]> {
  const grouped = [...tensors.values()].flatMap(({ scaled, shape }) =>
    scaled === undefined || scaled.groups === null
      ? []
      : [[scaled.groups.tensor.file, { scaled, groups: scaled.groups, shape }] as const]
  )
  const problems: WorkbenchError[] = []
  const yieldTurn = yieldEvery20ms()
  for (const [file, weights] of multimap(grouped)) {
    const handle = await openWeightFile(file)
    try {
      for (const { scaled, groups, shape } of weights) {
        const stored = new Int32Array(groups.tensor.byteLength / Int32Array.BYTES_PER_ELEMENT)
        readNow(handle, file, new Uint8Array(stored.buffer), groups.tensor.offset)
        const problem = groupProblem(scaled, groups, stored, Math.ceil(elementAt(shape, 1, 'size') / scaled.block[1]))
        if (problem !== null) problems.push(problem)
        await yieldTurn()
      }
    } finally {
      await handle.close()
    }
  }
  return problems
}
