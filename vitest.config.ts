import { spawnSync } from 'node:child_process'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * V8 compiles what runs often once more, and here hardly anything runs for long enough to earn that: left to itself it takes a fifth of
 * the processor. Commands and engines that tests start are given it as well. Not every Node knows it.
 */
const COMPILE_LATER = '--interrupt-budget=2000000'
const knowsIt = spawnSync(process.execPath, [COMPILE_LATER, '--eval', '0'], { stdio: 'ignore' }).status === 0

/**
 * Starts the tests in Chromium first. They import little, so they compute while the sources are transformed. The longest one would
 * otherwise end after all others.
 */
class ChromiumFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isInChromium = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/test/browser/')
    return sorted.toSorted((a, b) => Number(isInChromium(b)) - Number(isInChromium(a)))
  }
}

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
    // Tests wait for the processes that they start. Two workers leave two cores idle for four tenths of the time, and four are no
    // faster than three.
    maxWorkers: 3,
    sequence: { sequencer: ChromiumFirst },
    // Files share a worker and what it has loaded, and all of them one reading of the sources: tests in Chromium are told apart
    // in their set-up.
    include: ['test/{unit,process,browser}/**/*.test.ts'],
    isolate: false,
    globalSetup: ['test/fixtures/run-folder.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Polled is in pages alone.
    expect: { poll: { timeout: 120_000 } },
    reporters: ['default', './test/summary-reporter.ts']
  }
})
