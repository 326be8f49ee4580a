import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The window's state is tested as the browser runs it, without a page.
  plugins: [svelte()],
  resolve: { conditions: ['browser'] },
  test: {
    environment: 'node',
    include: ['test/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    // Engine, command line and browser tests start real processes, each with its own threads.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/summary-reporter.ts']
  }
})
