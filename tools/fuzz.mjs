import { spawnSync } from 'node:child_process'

/*
 * The campaigns of test/unit/fuzz.test.ts, test/process/serve/fuzz-server.test.ts and test/browser/hostile.test.ts (after `npm run build`), each as often as it
 * is told: 500 times what the suite does, 100,000 headers, unless a number is given; what is hostile, as often as it has places. The seeds are the suite's, so what fails fails again.
 */
const [times = '500'] = process.argv.slice(2)
if (!/^[1-9]\d{0,4}$/.test(times)) {
  console.error('Usage: npm run fuzz [-- TIMES], a whole number from 1 to 99999')
  process.exit(2)
}
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    'test/unit/fuzz.test.ts',
    'test/process/serve/fuzz-server.test.ts',
    'test/browser/hostile.test.ts'
  ],
  { stdio: 'inherit', env: { ...process.env, SLR_FUZZ: times } }
)
process.exit(status ?? 1)
