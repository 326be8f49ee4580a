// Loaded before the program (`node --import`): at SIGUSR2 tells the longest silence of its main thread since the last time, on stderr, by the
// clock and by the thread's time on a processor. On a busy machine the clock also counts what other programs took.
import { readFileSync } from 'node:fs'

const EVERY_MS = 5

/** Milliseconds that the main thread has run; Linux only. */
const threadMs = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6

let [clock, processor] = [0, 0]
let last = [performance.now(), threadMs()]
setInterval(() => {
  const now = [performance.now(), threadMs()]
  clock = Math.max(clock, now[0] - last[0] - EVERY_MS)
  processor = Math.max(processor, now[1] - last[1])
  last = now
}, EVERY_MS).unref()
process.on('SIGUSR2', () => {
  process.stderr.write(`silence ${Math.round(Math.max(0, clock))} ${Math.round(processor)}\n`)
  ;[clock, processor] = [0, 0]
})
