// Sweeps, samples and evaluations of three clients through one served program: `node tools/attacks/soak.mjs [MINUTES]`, 30 unless it is
// said. Each minute it tells what the program takes; needs `npm run build`.
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  connect,
  descriptors,
  ended,
  json,
  memory,
  processTree,
  resource,
  serve,
  workFolder
} from './served.mjs'

const minutes = Number(process.argv[2] ?? 30)
const home = workFolder('soak')
const temporary = join(home, 'tmp')
mkdirSync(temporary)
const { child, errors, firstUrl, url, stop } = await serve(home, { environment: { TMPDIR: temporary } })
const prompts = json(resource('prompts/demo-crc.json')).slice(0, 8)
const task = json(resource('tasks/demo-open.json'))
const settings = {
  ...{ sampling: { temperature: 1, topK: null, topP: 1, minP: 0.1, repetitionPenalty: 1 } },
  ...{ maxTokens: 16, stopTexts: [], seed: 1, sampleCount: 2, device: 'cpu', memoryBytes: 2 ** 30 }
}
const variants = [
  { kind: 'base', name: 'base' },
  { kind: 'post', name: 'post' },
  { kind: 'recipe', name: '4–11', recipe: { name: '4–11', ranges: [[4, 11]] } }
]
const done = { sweeps: 0, samples: 0, evaluations: 0 }
const failures = []
const untilMs = performance.now() + minutes * 60_000

/** One kind of work after the other, in a project that is made anew each time ten are done, since projects grow. */
async function work(address, name) {
  const { client } = await connect(address)
  for (let round = 0; performance.now() < untilMs; round++) {
    const folder = join(home, `${name}-${round}`)
    mkdirSync(folder)
    const pair = { base: resource('demo-pair/base'), post: resource('demo-pair/post') }
    const { path, revision } = await client.projects.create({ folder, name, ...pair })
    const own = { path, pair: 'pair-1' }
    await client.prompts.save({ ...own, seen: revision, prompts })
    for (let turn = 0; turn < 10 && performance.now() < untilMs; turn++) {
      await client.sweeps.start({ ...own, fresh: true })
      await ended(client.sweeps.watch({ ...own }))
      done.sweeps += 1
      await client.samples.start({ ...own, settings: { ...settings, seed: turn }, variants })
      await ended(client.samples.watch({ ...own }))
      done.samples += 1
      const asked = {
        ...task,
        settings: { ...task.settings, sampleCount: 2 },
        prompts: task.prompts.slice(0, 3)
      }
      await client.evaluations.start({
        ...own,
        task: asked,
        variants: variants.map((variant) => ({ variant }))
      })
      await ended(client.evaluations.watch({ ...own }))
      done.evaluations += 1
    }
    await client.projects.close({ path })
    rmSync(folder, { recursive: true })
  }
}

function told(minute) {
  const tree = processTree(child.pid)
  const others = tree.slice(1).map((pid) => memory(pid))
  const files = readdirSync(temporary, { recursive: true }).length
  console.log(
    [
      minute,
      ...Object.values(done),
      memory(child.pid),
      descriptors(child.pid),
      tree.length,
      others.join('+'),
      files
    ].join(' | ')
  )
}

console.log(
  'minute | sweeps | samples | evaluations | MiB of main | descriptors | processes | MiB of the others | temporary files'
)
const startedMs = performance.now()
const timer = setInterval(() => told(Math.round((performance.now() - startedMs) / 60_000)), 60_000)
const addresses = [firstUrl, await url(), await url()]
await Promise.all(
  addresses.map((address, i) => work(address, `client-${i}`).catch((error) => failures.push(error)))
)
clearInterval(timer)
told('end')
console.log(
  `at most ${memory(child.pid, true)} MiB of main; failures: ${failures.length}; said on stderr: ${errors() || 'nothing'}`
)
for (const failure of failures) console.error(failure)
await stop()
process.exit(failures.length === 0 ? 0 : 1)
