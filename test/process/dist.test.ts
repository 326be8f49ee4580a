import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resourcePath } from '../../src/main/base/resources'
import { engineOf } from '../fixtures/cli'
import { Desktop } from '../fixtures/desktop'
import { demoPrompts } from '../fixtures/swept-project'

/** The packaged program, with a stand-in for Electron, which is for each system its own and large. */

const run = promisify(execFile)
const root = resourcePath('..')
const builder = join(root, 'node_modules', 'electron-builder')

const missing =
  process.platform !== 'linux'
    ? 'they pack and start the program for Linux'
    : existsSync(builder)
      ? null
      : 'electron-builder is not installed (npm ci)'
if (missing !== null) console.log(`Tests of the packaged program are skipped: ${missing}.`)

/** Marks the fuses in Electron's binary. A version and the number of fuses follow (@electron/fuses). */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const UNSET = '101100001'

/** Electron's folder for Linux, as far as packing it asks for it. */
async function standInElectron(folder: string): Promise<string> {
  await mkdir(join(folder, 'locales'), { recursive: true })
  const wire = Buffer.concat([Buffer.from(SENTINEL), Buffer.from([1, UNSET.length]), Buffer.from(UNSET)])
  await writeFile(join(folder, 'electron'), wire, { mode: 0o755 })
  for (const file of ['chrome-sandbox', 'locales/en-US.pak', 'LICENSE', 'version']) {
    await writeFile(join(folder, file), '')
  }
  return folder
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

async function bytesOf(folder: string, files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

describe.skipIf(missing !== null)('the packaged program', { timeout: 180_000 }, () => {
  let folder = ''
  let program = ''
  let resources = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slr-dist-'))
    const node = join(folder, 'node')
    await mkdir(join(node, 'bin'), { recursive: true })
    await symlink(process.execPath, join(node, 'bin', 'node'))
    const target = `linux-${process.arch}`
    const electron = await standInElectron(join(folder, 'electron'))
    await run(process.execPath, [
      join(root, 'tools', 'installers', 'dist.mjs'),
      ...['--target', target, '--folder', '--electron', electron, '--node', node, '--out', folder]
    ])
    const made = await readdir(join(folder, target))
    program = join(folder, target, made.find((name) => name.endsWith('unpacked')) ?? '')
    resources = join(program, 'resources')
    // Only Electron reads an archive as a folder; the fake finds one.
    await rename(join(resources, 'app.asar'), join(folder, 'app.asar'))
    const asar = join(root, 'node_modules', '@electron', 'asar', 'bin', 'asar.js')
    await run(process.execPath, [asar, 'extract', join(folder, 'app.asar'), join(resources, 'app.asar')])
  }, 180_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('holds what runs, once and for one system, and no sources', async () => {
    const files = await filesBelow(resources)
    expect(files.filter((file) => /\.(map|[cm]?ts|svelte|md)$|(^|\/)(test|src|tools)\//.test(file))).toEqual([])
    expect(new Set(files.filter((file) => file.startsWith('app.asar')).map(dirname))).toEqual(
      new Set([
        ...['app.asar', 'app.asar/out/main', 'app.asar/out/main/chunks', 'app.asar/out/preload'],
        ...['app.asar/out/renderer', 'app.asar/out/renderer/assets']
      ])
    )
    const native = files.filter((file) => /\.(node|so(\.\d+)*|dylib|dll)$/.test(file))
    const binaries = `program/node_modules/onnxruntime-node/bin/napi-v6/linux/${process.arch}`
    expect(native.sort()).toEqual([`${binaries}/libonnxruntime.so.1`, `${binaries}/onnxruntime_binding.node`])
    const own = files.filter((file) => file !== 'node' && !native.includes(file))
    // In bytes: demo pairs and tasks 30 million, scripts and the page twice 5 million.
    expect(await bytesOf(resources, own)).toBeLessThan(44_000_000)
    expect(await readFile(join(resources, 'LICENCES-OF-PACKAGES.txt'), 'utf8')).toMatch(/^svelte \S+: MIT$/m)
  })

  it('lets no user run other programs by its Electron', async () => {
    const binary = await readFile(join(program, 'slr-workbench'))
    const wire = binary.subarray(binary.indexOf(SENTINEL) + SENTINEL.length + 2)
    // In order: runAsNode, cookie encryption, NODE_OPTIONS, --inspect, archive checked, only the archive, V8 snapshot, file://.
    expect(wire.toString('latin1', 0, 8)).toBe('00001100')
  })

  it('sweeps the demo in its window, on the Node that it brings', async () => {
    const desktop = await Desktop.start(['--blend-demo'], { packaged: resources, env: { SLR_NODE: '' } })
    const client = await desktop.connect()
    const { path, revision } = await client.projects.openDemo({ pair: 'blend' })
    const own = { path, pair: 'pair-1' }
    await client.pairs.update({ ...own, seen: revision, changes: { settings: { uniformBlendCount: 0 } } })
    await client.prompts.save({ ...own, seen: revision, prompts: await demoPrompts(4) })
    const { sweepId } = await client.sweeps.start({ ...own, fresh: true })
    let node = ''
    for await (const event of await client.sweeps.watch({ path, pair: 'pair-1' })) {
      if (event.type !== 'progress' || event.progress.phase !== 'sweeping' || node !== '') continue
      node = await readlink(`/proc/${await engineOf(desktop.pid)}/exe`)
    }
    expect(node).toBe(join(resources, 'node'))
    expect((await client.sweeps.get({ path, pair: 'pair-1', sweepId })).selected).toMatchObject({
      start: 4,
      end: 11
    })
    expect(desktop.stderr).toBe('')
  })

  it('has a command line, on the same Node', async () => {
    const probe = ['sample', '--next', '--blend-demo', '--tokens', '1', '4-11', '--top', '1', '--json']
    const { stdout } = await run(join(resources, 'slr'), probe)
    expect(JSON.parse(stdout)).toBeTypeOf('object')
  })
})
