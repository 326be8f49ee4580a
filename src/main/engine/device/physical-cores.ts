import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'

/** Counts physical cores, because a second thread on a core slows matrix products down. Windows counts all. */
export function physicalCores(): number {
  const threadsPerCore = cpus().length / (coresOfSystem() ?? cpus().length)
  return Math.max(1, Math.round(availableParallelism() / Math.max(1, threadsPerCore)))
}

function coresOfSystem(): number | null {
  try {
    if (process.platform === 'linux') return coresOfCpuinfo(readFileSync('/proc/cpuinfo', 'utf8'))
    if (process.platform !== 'darwin') return null
    return Number(execFileSync('/usr/sbin/sysctl', ['-n', 'hw.physicalcpu'], { encoding: 'utf8' })) || null
  } catch {
    return null
  }
}

/** Counts the distinct pairs of package and core in Linux's /proc/cpuinfo; null if the text has none. */
export function coresOfCpuinfo(text: string): number | null {
  const cores = new Set<string>()
  for (const processor of text.split(/\n\s*\n/)) {
    const [, socket = '0'] = /^physical id\s*:\s*(\d+)/m.exec(processor) ?? []
    const [, core] = /^core id\s*:\s*(\d+)/m.exec(processor) ?? []
    if (core !== undefined) cores.add(`${socket}/${core}`)
  }
  return cores.size === 0 ? null : cores.size
}
