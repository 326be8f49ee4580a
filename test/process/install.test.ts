import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { scripts } from '../../package.json'
import { resourcePath } from '../../src/main/base/resources'

const program = (...parts: string[]): string => resourcePath('..', ...parts)

describe('npm ci', () => {
  // Only newer npms read allowScripts; under the others onnxruntime-node's script would download an unchecked library.
  it('runs no script of a dependency, whatever the version of npm', () => {
    expect(readFileSync(program('.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true')
  })

  it('needs none: the packages with scripts are known, and the program works without these scripts', () => {
    const { packages } = z
      .object({ packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })) })
      .parse(JSON.parse(readFileSync(program('package-lock.json'), 'utf8')))
    const scripted = Object.keys(packages).filter((name) => packages[name]?.hasInstallScript === true)
    expect(scripted).toEqual([
      // Makes installers of another kind.
      'node_modules/electron-winstaller',
      // Native code that msgpackr uses elsewhere; the build takes msgpackr's JavaScript alone.
      'node_modules/msgpackr-extract',
      // Fetches what install:cuda is for.
      'node_modules/onnxruntime-node'
    ])
  })
})

describe('npm run install:cuda', () => {
  it("asks for the download in a word that onnxruntime-node's script understands", () => {
    const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
    const value = /^ONNXRUNTIME_NODE_INSTALL=(\S+) /.exec(scripts['install:cuda'])?.[1]
    const parse = 'process.stdout.write(String(require(process.argv[1]).parseInstallFlag()))'
    const understood = execFileSync(
      process.execPath,
      ['-e', parse, join(folder, 'script/install-utils.js')],
      { encoding: 'utf8', env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: value } }
    )
    // "undefined" ends the script without a word.
    expect(understood).toBe('true')
  })
})
