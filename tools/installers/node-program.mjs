import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * A Node for a target, as a folder with `bin/node` (or `bin/node.exe`) and `LICENSE`; fetched from npm once, and kept.
 *
 * @param {{ spec: string, integrity: string }} node
 * @param {string} cache the folder that keeps what was fetched
 * @returns {Promise<string>} the folder
 */
export async function fetchNode({ spec, integrity }, cache) {
  const folder = join(cache, spec)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  const unfinished = await mkdtemp(join(cache, 'fetching-'))
  try {
    // npm is a script on Windows, which only a shell runs; nothing here comes from outside.
    const { stdout } = await run('npm', ['pack', spec, '--json', '--pack-destination', unfinished], {
      shell: process.platform === 'win32'
    })
    const [{ filename }] = JSON.parse(stdout)
    const tarball = join(unfinished, filename)
    const found = `sha512-${createHash('sha512')
      .update(await readFile(tarball))
      .digest('base64')}`
    if (found !== integrity) throw new Error(`${spec} is not what it was: ${found} instead of ${integrity}`)
    // Every system on which installers are made has tar.
    await run('tar', ['-xzf', tarball, '-C', unfinished, '--strip-components=1'])
    await rm(tarball)
    await rename(unfinished, folder)
    return folder
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}
