import { availableParallelism, cpus, loadavg, totalmem, type } from 'node:os'
import { env } from '../main/base/onnxruntime'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly onnxruntime: string
  /** Load of the minute before the bench: mean number of programs that need a core. Above 0.5, times are disturbed. */
  readonly loadAverage: number
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${process.arch}`,
    node: process.version,
    onnxruntime: env.versions.node ?? 'unknown',
    loadAverage: loadavg()[0] ?? 0
  }
}

export function describeMachineLine(machine: Machine): string {
  const { cpu, cores, memoryGiB, system, node, onnxruntime, loadAverage } = machine
  return (
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; node ${node}, onnxruntime ${onnxruntime}, CPU provider; ` +
    `load before the run ${loadAverage.toFixed(1)}`
  )
}
