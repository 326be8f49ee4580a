import { randomUUID } from 'node:crypto'
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { type Problem, WorkbenchError } from '../../../contract/model/problem'
import { errorCode } from './atomic-file'
import { readRegularFileNow } from './regular-file'
import { parseJson } from './bounded-json'

/*
 * One writer at a time: `.lock` names the process that writes. proper-lockfile cannot name the owner, and loses its
 * lock when the computer sleeps. Calls are synchronous where no other work may come between two steps.
 */

const LockOwner = z.object({
  pid: z.number().int().positive(),
  host: z.string().max(300),
  /** Time when the owning process started. */
  startedAt: z.iso.datetime(),
  program: z.string().max(300),
  /** Boot and start tick of the process, which identify it beyond its number; null if unknown. */
  processStart: z.string().max(300).nullable(),
  /** Distinguishes this lock from all others, including earlier ones of the same process. */
  token: z.string().max(100)
})
type LockOwner = z.infer<typeof LockOwner>

const PROGRAM = 'slr-workbench'
const MAX_LOCK_BYTES = 10_000
/** A lock that stays unreadable this long was left by a crash between its creation and its writing. */
const UNREADABLE_LIMIT_MS = 1_000
const POLL_MS = 50
/** Tolerance for clocks that are set while a computer starts. */
const BOOT_TIME_TOLERANCE_MS = 60_000

/** Locks of this process by token, released when it ends. */
const ownLocks = new Map<string, Lock>()
process.on('exit', () => {
  for (const lock of ownLocks.values()) lock.release()
})

export class Lock {
  readonly #file: string
  readonly #owner: LockOwner

  constructor(file: string, owner: LockOwner) {
    this.#file = file
    this.#owner = owner
    ownLocks.set(owner.token, this)
  }

  get token(): string {
    return this.#owner.token
  }

  /** Reports whether a file is this lock, by any path. A copy of an open project has a copy of its lock. */
  isAt(file: string): boolean {
    if (file === this.#file) return true
    const [own, other] = [this.#file, file].map((path) => lstatSync(path, { bigint: true, throwIfNoEntry: false }))
    return own !== undefined && own.ino === other?.ino && own.dev === other.dev
  }

  release(): void {
    ownLocks.delete(this.#owner.token)
    const owner = readOwner(this.#file)
    if (typeof owner === 'string' || owner.token !== this.#owner.token) return
    try {
      rmSync(this.#file)
    } catch {
      // The folder became read-only meanwhile. The lock is stale as soon as this process ends.
    }
  }
}

/** Locks a project folder for writing, also after a dead owner. @throws WorkbenchError `locked` naming the owner */
export async function lockProject(folder: string): Promise<Lock> {
  return acquireLock(lockFile(folder), lockedProject(folder))
}

const lockFile = (folder: string): string => join(folder, '.lock')
const lockedProject = (path: string): LockedResource => ({ path, advice: 'Close the project there first.' })

/** The process that writes a project. */
export interface Writer {
  /** Token of its lock; see `Lock.token`. */
  token: string
  /** Error that locking the project would give. */
  problem: Problem
}

/** Returns the process that writes a project now; null if no process does. Does not change the lock. */
export function writerOf(folder: string): Writer | null {
  const file = lockFile(folder)
  const owner = readOwner(file)
  if (typeof owner === 'string' || !isLive(owner, file)) return null
  return { token: owner.token, problem: lockedBy(file, owner, lockedProject(folder)).problem }
}

interface LockedResource {
  path: string
  advice: string
}

/** Takes a lock by creating a file, so that only one process uses a resource. @throws as {@link lockProject} */
export async function acquireLock(file: string, locked: LockedResource): Promise<Lock> {
  for (;;) {
    const lock = create(file)
    if (lock !== null) return lock
    const owner = await settledOwner(file)
    if (owner === 'gone') continue
    if (owner !== 'unreadable' && isLive(owner, file)) throw lockedBy(file, owner, locked)
    const replacement = await takeOver(file, locked)
    if (replacement !== null) return replacement
  }
}

/**
 * Replaces a stale lock under a second lock, and only if it is still stale, so that a live owner never loses its
 * lock. The file always exists, so nobody can create it meanwhile. @returns null if the lock is no longer stale
 */
async function takeOver(file: string, locked: LockedResource): Promise<Lock | null> {
  const guard = await acquireLock(`${file}.takeover`, locked)
  try {
    const current = await settledOwner(file)
    if (current === 'gone' || (current !== 'unreadable' && isLive(current, file))) return null
    const owner = thisProcess()
    const replacement = `${file}.${owner.token}`
    try {
      writeFileSync(replacement, lockText(owner), { flag: 'wx' })
      renameSync(replacement, file)
    } catch (error) {
      rmSync(replacement, { force: true })
      throw error
    }
    return new Lock(file, owner)
  } finally {
    guard.release()
  }
}

/** Creates the file of a lock; null if it exists. */
function create(file: string): Lock | null {
  const owner = thisProcess()
  try {
    writeFileSync(file, lockText(owner), { flag: 'wx' })
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return null
    // On a full disk the file may have been created without content.
    if (readOwner(file) === 'unreadable') rmSync(file, { force: true })
    throw error
  }
  return new Lock(file, owner)
}

/** Reads the owner, with some time for it to write its name. */
async function settledOwner(file: string): Promise<LockOwner | 'gone' | 'unreadable'> {
  const deadline = Date.now() + UNREADABLE_LIMIT_MS
  for (;;) {
    const owner = readOwner(file)
    if (owner !== 'unreadable' || Date.now() > deadline || ageMs(file) > UNREADABLE_LIMIT_MS) return owner
    await delay(POLL_MS)
  }
}

function readOwner(file: string): LockOwner | 'gone' | 'unreadable' {
  try {
    // A planted link, pipe or folder is no lock.
    return LockOwner.parse(parseJson(readRegularFileNow(file, MAX_LOCK_BYTES), file))
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'gone' : 'unreadable'
  }
}

/** Returns the time since a file changed; 0 for a missing file. */
function ageMs(file: string): number {
  return Date.now() - (lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
}

/** Reports whether a lock must be respected: if its process runs, or if it is of another computer. */
function isLive(owner: LockOwner, file: string): boolean {
  if (owner.host !== hostname()) return true
  if (owner.pid === process.pid) return ownLocks.get(owner.token)?.isAt(file) === true
  if (!isProcessRunning(owner.pid)) return false
  // The number may belong to another process by now.
  const processStart = startOf(owner.pid)
  if (owner.processStart !== null && processStart !== null) return owner.processStart === processStart
  const bootedAt = Date.now() - uptime() * 1000
  return Date.parse(owner.startedAt) > bootedAt - BOOT_TIME_TOLERANCE_MS
}

export function isProcessRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie keeps its number until its parent collects it. In containers, that may never happen.
    return statOf(pid)?.[0] !== 'Z'
  } catch (error) {
    // The process runs under another user.
    return errorCode(error) === 'EPERM'
  }
}

/** Identifies the start of a process by boot and clock tick; null on other systems than Linux. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const ticks = statOf(pid)?.[22 - 3]
    return ticks === undefined ? null : `${boot} ${ticks}`
  } catch {
    return null
  }
}

/** Reads the fields of a process from the third on, which is its state; null on other systems than Linux. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the command in parentheses and may contain anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

function thisProcess(): LockOwner {
  return {
    pid: process.pid,
    host: hostname(),
    startedAt: new Date(Date.now() - process.uptime() * 1000).toISOString(),
    program: PROGRAM,
    processStart: startOf(process.pid),
    token: randomUUID()
  }
}

function lockText(owner: LockOwner): string {
  return `${JSON.stringify(owner, null, 2)}\n`
}

function lockedBy(file: string, owner: LockOwner, { path, advice }: LockedResource): WorkbenchError {
  return new WorkbenchError(
    'locked',
    `${path} is in use by ${owner.program}, process ${owner.pid} on ${owner.host}, started ${owner.startedAt}.`,
    owner.host === hostname() ? advice : `${advice} If that computer no longer uses it, delete ${file}.`
  )
}
