import { spawnSync } from 'node:child_process'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

interface ProjectOptions {
  setupFiles?: string[]
  testTimeout?: number
  expect?: { poll: { timeout: number } }
}

/**
 * V8 compiles what runs often once more, and here hardly anything runs for long enough to earn that: left to itself it takes a fifth of
 * the processor. Engines that a worker starts inherit it; what the built program starts does not. Not every Node knows it.
 */
const COMPILE_LATER = '--interrupt-budget=2000000'
const knowsIt = spawnSync(process.execPath, [COMPILE_LATER, '--eval', '0'], { stdio: 'ignore' }).status === 0

/** Files share a worker and what it has loaded. */
const project = (name: string, folders: readonly string[], more: ProjectOptions = {}) => ({
  extends: true as const,
  test: {
    name,
    include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
    isolate: false,
    globalSetup: ['test/fixtures/run-folder.ts'],
    ...more
  }
})

export default defineConfig({
  // The window's state is tested as the browser runs it, without a page.
  plugins: [svelte()],
  resolve: { conditions: ['browser'] },
  test: {
    environment: 'node',
    // Pages that are saved hold style sheets of the window; left to itself Vitest makes them empty.
    css: { include: [/\.css\?raw$/] },
    setupFiles: ['test/setup.ts'],
    execArgv: knowsIt ? [COMPILE_LATER] : [],
    // Tests start real processes, each with its own threads, and wait for them: two at a time leave two cores idle for four tenths
    // of the time.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/summary-reporter.ts'],
    // By what they need. Each reads the sources anew, so the groups that need no page are one.
    projects: [
      project('node', ['unit', 'process']),
      project('browser', ['browser'], {
        setupFiles: ['test/fixtures/browser-setup.ts'],
        testTimeout: 300_000,
        expect: { poll: { timeout: 120_000 } }
      })
    ]
  }
})
