import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

/** @param isolate whether each file gets a worker of its own */
const group = (name: string, isolate: boolean, globalSetup: string[] = []) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    isolate,
    globalSetup: ['test/fixtures/run-folder.ts', ...globalSetup]
  }
})

export default defineConfig({
  // The window's state is tested as the browser runs it, without a page.
  plugins: [svelte()],
  resolve: { conditions: ['browser'] },
  test: {
    environment: 'node',
    setupFiles: ['test/setup.ts'],
    // Engine, command line and browser tests start real processes, each with its own threads.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/summary-reporter.ts'],
    // By what the tests start. Files share a worker and what it has loaded, but for those with a browser, whose pages end with each test.
    projects: [
      group('unit', false),
      group('process', false),
      group('browser', true, ['test/fixtures/chromium.ts'])
    ]
  }
})
