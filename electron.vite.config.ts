import { spawnSync } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'
import { dependencies } from './package.json'
import type { Plugin } from 'vite'

/** npx marks a package's command executable only when it links it, and a new build is a new file. */
const executableCommand: Plugin = {
  name: 'executable-command',
  async writeBundle({ dir }, bundle) {
    if (dir !== undefined && 'cli.js' in bundle) await chmod(join(dir, 'cli.js'), 0o755)
  }
}

/** onnxruntime-node's native binary cannot be bundled; open declares `__dirname`, as the build does. */
const EXTERNAL = ['onnxruntime-node', 'open']
/** Finding and reading thousands of small files took a third of a command's time to start. */
const BUNDLED = Object.keys(dependencies).filter((name) => !EXTERNAL.includes(name))

/** The commit of the clone that is built; empty where there is no Git. */
function commit(): string {
  const { stdout } = spawnSync('git', ['rev-parse', '--short=9', 'HEAD'], { encoding: 'utf8' })
  return stdout?.trim() ?? ''
}

export default defineConfig({
  main: {
    define: { SLR_COMMIT: JSON.stringify(commit()) },
    build: {
      externalizeDeps: { exclude: BUNDLED },
      rollupOptions: {
        input: {
          electron: 'src/main/electron/electron.ts',
          cli: 'src/main/cli/cli.ts',
          engine: 'src/main/engine/process.ts',
          sandbox: 'src/main/sandbox/process/process.ts',
          watchdog: 'src/main/sandbox/process/watchdog-thread.ts',
          weights: 'src/main/readings/process.ts',
          measures: 'src/main/measures/process.ts',
          'read-ahead-worker': 'src/main/engine/weights/read-ahead-worker.ts',
          'generation-worker': 'src/main/engine/generate/generation-worker.ts',
          bench: 'src/bench/main.ts'
        },
        // The bench alone drives a browser.
        external: ['playwright-core'],
        output: { format: 'es', entryFileNames: '[name].js', plugins: [executableCommand] }
      }
    }
  },
  preload: {
    build: {
      // A sandboxed preload must be one CommonJS file.
      rollupOptions: {
        input: { index: 'src/preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' }
      }
    }
  },
  renderer: {
    root: 'src/renderer',
    // Named, for it lies above the root, where it would not be found.
    plugins: [svelte({ configFile: resolve('svelte.config.js') })],
    build: {
      minify: true,
      sourcemap: true,
      // In kB: one script, read from the disk.
      chunkSizeWarningLimit: 1200,
      rollupOptions: {
        input: { index: 'src/renderer/index.html' },
        // A slow machine is no news to who starts the program.
        checks: { pluginTimings: false }
      }
    }
  }
})
