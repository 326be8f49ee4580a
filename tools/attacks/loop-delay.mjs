// Loaded before the program (`node --import`): at SIGUSR2 tells the longest silence of its main thread since the last time, on stderr.
import { monitorEventLoopDelay } from 'node:perf_hooks'

const delays = monitorEventLoopDelay({ resolution: 5 })
delays.enable()
process.on('SIGUSR2', () => {
  // What is measured is the time between two looks, which are 5 ms apart at best.
  process.stderr.write(`silence ${Math.max(0, Math.round(delays.max / 1e6) - 5)}\n`)
  delays.reset()
})
