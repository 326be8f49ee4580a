// Downloads onnxruntime's CUDA library with the script of its package. A failure ends in a sentence with a remedy.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const INSTALL = '../../node_modules/onnxruntime-node/script/install.js'
const [script = fileURLToPath(new URL(INSTALL, import.meta.url))] = process.argv.slice(2)

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error('CUDA for Node exists on Linux x64 only. Use WebGPU or the CPU.')
  process.exit(1)
}
const { status, stderr } = spawnSync(process.execPath, [script], {
  env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'true' },
  stdio: ['ignore', 'inherit', 'pipe'],
  encoding: 'utf8'
})
if (status !== 0) {
  const reason = /^(?:\w*Error: )(.+)$/m.exec(stderr)?.[1] ?? stderr.trim().split('\n').at(-1)
  console.error(`onnxruntime’s CUDA library was not downloaded: ${reason}`)
  console.error('It comes from api.nuget.org. Check the network, or name a proxy in GLOBAL_AGENT_HTTPS_PROXY.')
  console.error('Until then, the CPU or WebGPU computes.')
  process.exit(1)
}
