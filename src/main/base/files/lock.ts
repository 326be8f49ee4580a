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
 * One writer at a time: a file `.lock` in the project folder says who writes.
 *
 * This is our own code because the usual library, proper-lockfile (last released in 2021), locks with an empty folder
 * that must be touched every few seconds: it cannot say who holds the project, and a computer that slept, or a process
 * that was busy too long, loses its lock. Naming the owner's process makes both questions answerable.
 *
 * Calls are synchronous where a step must not be torn apart by other work of this process; the files are tiny.
 */

/** Who holds a lock. Everything but the token is there to be told to people and to see whether the owner still runs. */
const LockOwner = z.object({
  pid: z.number().int().positive(),
  host: z.string().max(300),
  /** When the owning process started. */
  startedAt: z.iso.datetime(),
  program: z.string().max(300),
  /** Boot and start tick of the process, which no later process of the same number shares; null where unknown. */
  processStart: z.string().max(300).nullable(),
  /** Tells this lock from any other, also from earlier ones of the same process. */
  token: z.string().max(100)
})
type LockOwner = z.infer<typeof LockOwner>

const PROGRAM = 'slr-workbench'
const MAX_LOCK_BYTES = 10_000
/** A lock that stays unreadable this long was left by a crash between its creation and its writing. */
const UNREADABLE_LIMIT_MS = 1_000
const POLL_MS = 50
/** Clocks are set while a computer starts, so a start shortly before the boot time proves nothing. */
const BOOT_TIME_TOLERANCE_MS = 60_000

/** Locks of this process by token, to be released when it ends. */
const held = new Map<string, Lock>()
process.on('exit', () => {
  for (const lock of held.values()) lock.release()
})

export class Lock {
  readonly #file: string
  readonly #owner: LockOwner

  constructor(file: string, owner: LockOwner) {
    this.#file = file
    this.#owner = owner
    held.set(owner.token, this)
  }

  /** Tells it from any other lock. */
  get token(): string {
    return this.#owner.token
  }

  /** Gives the lock back; harmless when it was released before or somebody deleted it. */
  release(): void {
    held.delete(this.#owner.token)
    const found = readOwner(this.#file)
    if (typeof found === 'string' || found.token !== this.#owner.token) return
    try {
      rmSync(this.#file)
    } catch {
      // The folder became read-only meanwhile. The lock is stale as soon as this process ends.
    }
  }
}

/**
 * Locks a project folder for writing, taking over a lock whose owner no longer runs.
 *
 * @throws WorkbenchError `locked` naming the owner; the system's error when no lock file can be written there
 */
export async function lockProject(folder: string): Promise<Lock> {
  return acquire(lockFile(folder), lockedProject(folder))
}

const lockFile = (folder: string): string => join(folder, '.lock')
const lockedProject = (path: string): Locked => ({ path, advice: 'Close the project there first.' })

/** Who has a project to write. */
export interface Writer {
  /** See `Lock.token`. */
  token: string
  /** What locking the project would fail with. */
  problem: Problem
}

/** Who writes a project now; null where nobody does. Nothing is changed. */
export function writerOf(folder: string): Writer | null {
  const owner = readOwner(lockFile(folder))
  if (typeof owner === 'string' || !isLive(owner)) return null
  return { token: owner.token, problem: lockedBy(lockFile(folder), owner, lockedProject(folder)).problem }
}

/** What a lock keeps others from, for the message to those who come second. */
export interface Locked {
  path: string
  /** What to do about it. */
  advice: string
}

/**
 * Makes sure that one process at a time works on something, through a file of any name.
 *
 * @throws WorkbenchError as {@link lockProject}
 */
export async function acquire(file: string, locked: Locked): Promise<Lock> {
  for (;;) {
    const lock = create(file)
    if (lock !== null) return lock
    const found = await settledOwner(file)
    if (found === 'gone') continue
    if (found !== 'unreadable' && isLive(found)) throw lockedBy(file, found, locked)
    const taken = await takeOver(file, locked)
    if (taken !== null) return taken
  }
}

/**
 * Replaces a stale lock. Two processes may both have seen it stale, so it is replaced under a second lock and only if it
 * is stale still: a live owner never has its lock taken, and a dead one does not change it in between. The file is never
 * missing meanwhile, so nobody can create it either. The second lock may be stale itself and is then taken over likewise.
 *
 * @returns null when the lock turned out to be not stale any more
 */
async function takeOver(file: string, locked: Locked): Promise<Lock | null> {
  const guard = await acquire(`${file}.takeover`, locked)
  try {
    const found = await settledOwner(file)
    if (found === 'gone' || (found !== 'unreadable' && isLive(found))) return null
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

/** A new lock, or null when there is one. */
function create(file: string): Lock | null {
  const owner = thisProcess()
  try {
    writeFileSync(file, lockText(owner), { flag: 'wx' })
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return null
    // On a full disk the file may have been created and nothing written to it.
    if (readOwner(file) === 'unreadable') rmSync(file, { force: true })
    throw error
  }
  return new Lock(file, owner)
}

/** The owner, given time to write its name down. */
async function settledOwner(file: string): Promise<LockOwner | 'gone' | 'unreadable'> {
  const deadline = Date.now() + UNREADABLE_LIMIT_MS
  for (;;) {
    const found = readOwner(file)
    if (found !== 'unreadable' || Date.now() > deadline || ageMs(file) > UNREADABLE_LIMIT_MS) return found
    await delay(POLL_MS)
  }
}

function readOwner(file: string): LockOwner | 'gone' | 'unreadable' {
  try {
    // A planted link, pipe or folder is no lock of anyone's.
    return LockOwner.parse(parseJson(readRegularFileNow(file, MAX_LOCK_BYTES), file))
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'gone' : 'unreadable'
  }
}

function ageMs(file: string): number {
  return Date.now() - (lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
}

/** Whether the lock must be respected. An owner on another computer cannot be asked, so its lock holds. */
function isLive(owner: LockOwner): boolean {
  if (owner.host !== hostname()) return true
  if (owner.pid === process.pid) return held.has(owner.token)
  if (!isRunning(owner.pid)) return false
  // The number may have been given to another process since.
  const processStart = startOf(owner.pid)
  if (owner.processStart !== null && processStart !== null) return owner.processStart === processStart
  const bootedAt = Date.now() - uptime() * 1000
  return Date.parse(owner.startedAt) > bootedAt - BOOT_TIME_TOLERANCE_MS
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Not allowed to signal it: it runs, under another user.
    return errorCode(error) === 'EPERM'
  }
}

/** Linux only, see proc(5): the boot's id and the process's start in clock ticks after it. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Field 2 is the command in parentheses and may hold anything, so count from its end: the start is field 22.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[22 - 3]
    return ticks === undefined ? null : `${boot} ${ticks}`
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

function lockedBy(file: string, owner: LockOwner, { path, advice }: Locked): WorkbenchError {
  return new WorkbenchError(
    'locked',
    `${path} is in use by ${owner.program}, process ${owner.pid} on ${owner.host}, started ${owner.startedAt}.`,
    owner.host === hostname() ? advice : `${advice} If that computer no longer uses it, delete ${file}.`
  )
}
