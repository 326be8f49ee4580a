import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { utilityProcess } from 'electron'
import { builtScript } from '../base/built'
import { nodeProgram } from '../base/node-program'
import { type EngineProcess, type EngineSpawner, forkEngine } from '../engine/host'
import { howUtilityEnded } from '../engine/how-it-ended'
import { BESIDE_A_WINDOW } from '../engine/port'

/** How long what a dead process wrote last is waited for. */
const LAST_WORDS_MS = 300

/** Engines run on Node wherever there is one: src/main/base/node-program.ts says why. */
export function desktopEngines(): EngineSpawner {
  return nodeProgram() === null ? startUtilityEngine : forkEngine(builtScript('engine.js'), [BESIDE_A_WINDOW])
}

function startUtilityEngine(): EngineProcess {
  const child = utilityProcess.fork(builtScript('engine.js'), [BESIDE_A_WINDOW], {
    serviceName: 'SLR Workbench engine',
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const { stderr } = child
  // Of its own: Electron takes all listeners from the child's when it tells of the end, whatever has not been read yet.
  const words = new PassThrough()
  const keep = (chunk: Buffer): void => {
    if (words.writable) words.write(chunk)
  }
  stderr?.on('data', keep)
  let fatal: string | null = null
  // Unheard, it would be an uncaught error of main's.
  child.on('error', (_type, location) => (fatal = location))
  return {
    get pid() {
      return child.pid
    },
    stderr: words,
    postMessage: (data) => child.postMessage(data),
    onMessage: (listener) => child.on('message', listener),
    onExit(listener) {
      child.once('exit', (code) => {
        const how = howUtilityEnded(code)
        words.once('end', () => listener(fatal === null ? how : `${how} in ${fatal}`))
        // After Electron's own listener, which takes those of stderr away.
        queueMicrotask(() => {
          const allRead = new Promise((resolve) => stderr?.on('data', keep).once('end', resolve))
          void Promise.race([allRead, delay(LAST_WORDS_MS)]).then(() => words.end())
        })
      })
    },
    kill: () => child.kill()
  }
}
