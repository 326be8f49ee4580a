import { execFileSync } from 'node:child_process'

/** Reads the free bytes of the GPU that CUDA computes on, of the smallest if there are several. Null if unknown. */
export function freeCudaMemory(): number | null {
  const visible = process.env.CUDA_VISIBLE_DEVICES?.split(',')[0]
  const selected = visible === undefined || visible === '' ? [] : [`--id=${visible}`]
  try {
    const query = ['--query-gpu=memory.free', '--format=csv,noheader,nounits', ...selected]
    const text = execFileSync('nvidia-smi', query, { encoding: 'utf8', timeout: 10_000, stdio: 'pipe' })
    const mebibytes = Array.from(text.matchAll(/^\s*(\d+)\s*$/gm), ([, number]) => Number(number))
    return mebibytes.length === 0 ? null : Math.min(...mebibytes) * 2 ** 20
  } catch {
    // A container may lack the program, and integrated GPUs report no memory of their own.
    return null
  }
}
