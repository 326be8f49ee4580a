import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'
import { acquireLock } from '../../../../../src/main/base/files/lock'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'

it.runIf(process.platform === 'linux')('takes over the lock of a zombie, which its parent never collects', async () => {
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void parent.kill())
  const line = String((await once(createInterface(parent.stdout), 'line'))[0])
  const stat = (): string[] => readFileSync(`/proc/${line}/stat`, 'latin1').split(' ')
  // A shell would collect its child.
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n')
  process.kill(Number(line), 'SIGKILL')
  await expect.poll(() => stat()[2]).toBe('Z')
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const file = join(await temporaryFolder(), '.lock')
  const owner = {
    pid: Number(line),
    host: hostname(),
    startedAt: new Date().toISOString(),
    program: 'slr-workbench',
    processStart: `${boot} ${stat()[21] ?? ''}`,
    token: 'of the zombie'
  }
  await writeFile(file, JSON.stringify(owner))
  const lock = await acquireLock(file, { path: 'p.slr', advice: 'Close the project there first.' })
  lock.release()
})
