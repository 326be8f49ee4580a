import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Arch, build, Platform } from 'electron-builder'
import { billOfMaterials } from './bill-of-materials.mjs'
import { builderConfig } from './config.mjs'
import { checkFuses } from './fuses.mjs'
import { fetchNode } from './node-program.mjs'
import { stageProgram } from './stage.mjs'
import { TARGETS, targetHere } from './targets.mjs'

/** Makes installers of what `npm run build` has built: CONTRIBUTING.md, "Installers". */

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '')
const { values } = parseArgs({
  options: {
    target: { type: 'string', default: targetHere() },
    /** The program's folder alone, without installers. */
    folder: { type: 'boolean', default: false },
    /** Folders with Electron and Node for the target, where they are not to be fetched. */
    electron: { type: 'string' },
    node: { type: 'string' },
    out: { type: 'string', default: join(root, 'dist') }
  }
})
const { target: name, folder, electron, node } = values
const target = TARGETS[name]
if (target === undefined) {
  throw new Error(`--target ${name}: it is one of ${Object.keys(TARGETS).join(', ')}`)
}
const out = resolve(values.out)
const stage = join(out, `stage-${name}`)
await stageProgram(target, { root, stage, node: node ?? (await fetchNode(target.node, join(out, 'node'))) })

const { system, formats } = target.builder
const platform = { linux: Platform.LINUX, mac: Platform.MAC, win: Platform.WINDOWS }[system]
const packed = []
const made = await build({
  projectDir: root,
  publish: 'never',
  targets: platform.createTarget(folder ? ['dir'] : formats, Arch[target.arch]),
  config: builderConfig({
    ...{ root, stage, electron },
    output: join(out, name),
    onPacked: (context) => packed.push(context),
    signed: Boolean(process.env['CSC_LINK'] || process.env['CSC_NAME'])
  })
})
await Promise.all(packed.map(checkFuses))
await writeFile(join(out, name, `slr-workbench-${name}.cdx.json`), await billOfMaterials(root))
console.log(folder ? join(out, name) : made.join('\n'))
