import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import { WebSocket } from 'ws'

/*
 * Shared by the campaigns: the built program served in separate folders, its clients, and the state of its processes.
 * Linux only: processes are read from /proc.
 */

const root = new URL('../..', import.meta.url)

/** Resources of the program. */
export const resource = (path) => new URL(`resources/${path}`, root).pathname
export const json = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** A folder that is removed at the end of this process, with a folder for temporary files in it. */
export function workFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `slr-${name}-`))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** Starts `slr open --serve`. @returns its process, and `url`, which makes an address for one more client */
export async function serve(home, { nodeArguments = [], environment = {}, args = [] } = {}) {
  const cli = new URL('out/main/cli.js', root).pathname
  const env = {
    ...process.env,
    SLR_CONFIG_DIR: join(home, 'config'),
    SLR_PROJECTS_DIR: join(home, 'projects'),
    HOME: home,
    ...environment
  }
  const start = () => spawn(process.execPath, [...nodeArguments, cli, 'open', '--serve', '--json', ...args], { env })
  const child = start()
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += chunk))
  const url = await announced(child, () => errors)
  return {
    child,
    errors: () => errors,
    firstUrl: url,
    /** The same command again prints an address for one more browser. */
    url: () => announced(start(), () => errors),
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
    }
  }
}

function announced(child, errors) {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
      if (said.includes('}\n')) resolve(JSON.parse(said).url)
    })
    child.once('exit', () => reject(new Error(`slr open --serve ended: ${errors()}`)))
  })
}

/** Returns the response to a browser that opens an address. */
export async function enter(address) {
  const entry = new URL(address)
  const letIn = await fetch(entry, { redirect: 'manual' })
  const home = String(letIn.headers.get('location')).replace(/\/$/, '')
  const cookie = String(letIn.headers.get('set-cookie')).split(';')[0]
  return { entry, home, cookie }
}

/** A client of the served program. */
export async function connect(address) {
  const { entry, home, cookie } = await enter(address)
  const websocket = new WebSocket(`ws://${entry.host}${home}/rpc`, {
    headers: { Cookie: cookie, Origin: entry.origin }
  })
  await new Promise((resolve, reject) => websocket.once('open', resolve).once('error', reject))
  return { client: createORPCClient(new RPCLink({ websocket })), websocket }
}

/** Follows a job. @throws what it failed of */
export async function ended(events) {
  for await (const event of await events) if (event.type === 'failed') throw new Error(JSON.stringify(event))
}

/** A process and all that it has started. */
export function processTree(pid) {
  const parents = new Map()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = quietly(() => readFileSync(`/proc/${name}/stat`, 'utf8'))
    if (stat !== null) parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const tree = [pid]
  for (const parent of tree) for (const [child, itsParent] of parents) if (itsParent === parent) tree.push(child)
  return tree
}

/** MiB that a process has in memory; `peak`: the most it ever had. */
export function memory(pid, peak = false) {
  const status = quietly(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? ''
  return Math.round(Number(new RegExp(`${peak ? 'VmHWM' : 'VmRSS'}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1024)
}

function quietly(read) {
  try {
    return read()
  } catch {
    return null
  }
}
