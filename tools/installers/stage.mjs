import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { licencesOf } from './licences.mjs'
import { packagesWithTheirs } from './packages.mjs'

/** Packages that are loaded at run time (electron.vite.config.ts). onnxruntime-node needs its dependencies only for its installation. */
const NATIVE = 'onnxruntime-node'
const LOADED = ['open', 'onnxruntime-common']

/** Packages that the page is built from, besides the dependencies. */
export const OF_THE_PAGE = ['svelte', 'chart.js']

/** One file under two names: the binding asks for the other. */
const TWICE = /^libonnxruntime\.\d+\.\d+\.\d+\.dylib$/

const LAUNCHER = `#!/bin/sh
# The command line of SLR Workbench, on the Node beside it.
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/program/out/main/cli.js" "$@"
`

const LAUNCHER_OF_WINDOWS = ['@echo off', '"%~dp0node.exe" "%~dp0program\\out\\main\\cli.js" %*'].join('\r\n') + '\r\n'

/**
 * Lays out what a packaged program consists of, besides Electron:
 *
 * - `app`, which becomes the archive: all that Electron's own processes run and show
 * - `resources`, beside the archive: `program`, all that runs on a plain Node, which cannot look into archives; that Node; and `slr`
 *
 * @param {{ platform: string, arch: string }} target
 * @param {{ root: string, stage: string, node: string }} folders the program's, the one to fill, and a Node's
 */
export async function stageProgram({ platform, arch }, { root, stage, node }) {
  if (!existsSync(join(root, 'out', 'main', 'electron.js'))) throw new Error('run `npm run build` first')
  const [app, resources] = [join(stage, 'app'), join(stage, 'resources')]
  const program = join(resources, 'program')
  await rm(stage, { recursive: true, force: true })
  await mkdir(program, { recursive: true })
  const given = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const { name, version, description, license, type, main } = given
  await writeJson(join(program, 'package.json'), { name, version, license, type })

  const built = await readdir(join(root, 'out', 'main'))
  const ofElectron = ['electron.js', 'chunks']
  const ofNode = built.filter((file) => file !== 'electron.js' && file !== 'bench.js')
  await Promise.all([
    ...ofElectron.map((file) => copy(join(root, 'out/main', file), join(app, 'out/main', file))),
    ...ofNode.map((file) => copy(join(root, 'out/main', file), join(program, 'out/main', file))),
    copy(join(root, 'out/preload'), join(app, 'out/preload')),
    copy(join(root, 'out/renderer'), join(app, 'out/renderer')),
    copy(join(root, 'out/renderer'), join(program, 'out/renderer')),
    copy(join(root, 'resources'), join(program, 'resources')),
    copy(join(root, 'LICENSE'), join(resources, 'LICENSE.txt'))
  ])
  const homepage = 'https://arxiv.org/abs/2602.06665'
  await writeJson(join(app, 'package.json'), {
    ...{ name, version, description, license, type, main, homepage },
    author: 'SLR Workbench',
    // Name of the program's desktop file on Linux, which the progress bar needs.
    desktopName: `${name}.desktop`
  })

  await copyPackages(program, root, { platform, arch })
  await copyNode(resources, node, platform)
  const licensed = [...Object.keys(given.dependencies), ...OF_THE_PAGE]
  const licences = await licencesOf(await packagesWithTheirs(root, licensed))
  await writeFile(join(resources, 'LICENCES-OF-PACKAGES.txt'), licences)
}

/** Without what serves development. */
async function copy(from, to) {
  const filter = (path) => !/\.(map|md|[cm]?ts)$/i.test(basename(path))
  await cp(from, to, { recursive: true, filter })
}

async function copyPackages(program, root, { platform, arch }) {
  const target = (folder) => join(program, folder.slice(root.length))
  for (const { folder } of await packagesWithTheirs(root, LOADED)) await copy(folder, target(folder))
  const native = join(root, 'node_modules', NATIVE)
  const binaries = join('bin', 'napi-v6', platform, arch)
  if (!existsSync(join(native, binaries))) throw new Error(`${NATIVE} has no build for ${platform}-${arch}`)
  for (const part of ['package.json', 'dist', ...(await binariesOf(native, binaries))]) {
    await copy(join(native, part), join(target(native), part))
  }
}

async function binariesOf(native, binaries) {
  const files = await readdir(join(native, binaries))
  return files.filter((file) => !TWICE.test(file)).map((file) => join(binaries, file))
}

async function copyNode(resources, node, platform) {
  const [program, launcher, text] =
    platform === 'win32' ? ['node.exe', 'slr.cmd', LAUNCHER_OF_WINDOWS] : ['node', 'slr', LAUNCHER]
  await cp(join(node, 'bin', program), join(resources, program), { dereference: true })
  await chmod(join(resources, program), 0o755)
  await writeFile(join(resources, launcher), text)
  await chmod(join(resources, launcher), 0o755)
}

const writeJson = (file, content) => writeFile(file, JSON.stringify(content, null, 2) + '\n')
