import { DistanceSums } from '../main/checkpoint/distance-sums'
import type { WeightDtype } from '../main/checkpoint/dtype'
import { section } from './table'

/** How fast stored weights are compared on one core, against copying the same bytes. Bytes are those of both sides. */
export interface DistanceSpeed {
  readonly dtype: WeightDtype
  /** A third of the weights differ. */
  readonly differingBytesPerSecond: number
  readonly identicalBytesPerSecond: number
  readonly copyBytesPerSecond: number
}

/** What the comparison reads at a time of each checkpoint. */
const PIECE_BYTES = 2 ** 20
const SECONDS = 0.5

export function measureDistances(): DistanceSpeed[] {
  return (['BF16', 'F16', 'F32'] as const).map((dtype) => {
    const base = weights(dtype, 0)
    const post = weights(dtype, 1)
    const same = Uint8Array.from(base)
    const target = new Uint8Array(PIECE_BYTES)
    return {
      dtype,
      differingBytesPerSecond: bytesPerSecond(() => new DistanceSums().add(base, dtype, post, dtype)),
      identicalBytesPerSecond: bytesPerSecond(() => new DistanceSums().add(base, dtype, same, dtype)),
      copyBytesPerSecond: bytesPerSecond(() => {
        target.set(base)
        target.set(post)
      })
    }
  })
}

/** Small values of either sign; with `change` 1, every third has its last bit turned. */
function weights(dtype: WeightDtype, change: 0 | 1): Uint8Array {
  const bytes = Buffer.alloc(PIECE_BYTES)
  const size = dtype === 'F32' ? 4 : 2
  for (let i = 0; i < PIECE_BYTES / size; i++) {
    // A multiplicative hash: any order, the same for both sides.
    const random = Math.imul(i + 1, 2_654_435_761) >>> 0
    const bits = dtype === 'F32' ? 0x3c000000 | (random & 0x807fffff) : 0x2c00 | ((random >>> 8) & 0x83ff)
    bytes.writeUIntLE((bits ^ (random % 3 === 0 ? change : 0)) >>> 0, i * size, size)
  }
  return bytes
}

/** Of the time that this process had a core for: other programs then hardly count. */
function bytesPerSecond(work: () => void): number {
  for (let i = 0; i < 20; i++) work()
  const started = process.cpuUsage()
  const startedMs = performance.now()
  let runs = 0
  while (performance.now() - startedMs < 1000 * SECONDS) {
    work()
    runs++
  }
  const { user, system } = process.cpuUsage(started)
  return (runs * 2 * PIECE_BYTES) / ((user + system) / 1e6)
}

/** As a table. */
export function describeDistances(distances: readonly DistanceSpeed[]): string {
  const gigabytes = (bytesPerSecond: number): string => `${(bytesPerSecond / 1e9).toFixed(1)} GB/s`
  return section(
    'Layer distances: stored bytes of both checkpoints compared per second of one core',
    ['stored as', 'differing', 'identical', 'copying them'],
    distances.map((row) => [
      row.dtype,
      gigabytes(row.differingBytesPerSecond),
      gigabytes(row.identicalBytesPerSecond),
      gigabytes(row.copyBytesPerSecond)
    ]),
    'From memory, 1 MiB of each at a time; reading from a disk goes on beside it.'
  )
}
