// Kills the served program while it writes, and looks at what is there: `node tools/attacks/kills.mjs [KILLS [SEED]]`, 500 unless it is
// said, after `npm run build`. Whatever was acknowledged must be there after the next start, and nothing half may be shown as whole.
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, ended, json, processTree, resource, serve, workFolder } from './served.mjs'

const kills = Number(process.argv[2] ?? 500)
const seed = Number(process.argv[3] ?? 1)
const home = workFolder('kills')

/** The same numbers for the same seed (mulberry32). */
let state = seed
function chance() {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

const settings = {
  ...{ sampling: { temperature: 1, topK: null, topP: 1, minP: 0.1, repetitionPenalty: 1 } },
  ...{ maxTokens: 8, stopTexts: [], seed: 1, sampleCount: 2, device: 'cpu', memoryBytes: 2 ** 30 }
}
const recipe = { name: '4–11', ranges: [[4, 11]] }
const variants = [
  { kind: 'post', name: 'post' },
  { kind: 'recipe', name: '4–11', recipe }
]
const task = json(resource('tasks/demo-open.json'))
const asked = {
  ...task,
  settings: { ...task.settings, sampleCount: 2, maxTokens: 8 },
  prompts: task.prompts.slice(0, 2)
}
const prompts = json(resource('prompts/demo-crc.json')).slice(0, 4)
const pair = { base: resource('blend-pair/base'), post: resource('blend-pair/post') }

/**
 * Acknowledged changes. The history has the deleted or restored sweep, the queue the number of sweeps before the job, and a
 * migration its first version.
 */
const nothing = () => ({
  ...{ name: 'name 0', notes: 0, sweeps: new Set(), samples: new Set(), evaluations: new Set() },
  ...{ pairs: new Set(), queued: null, migrated: null, deleting: null }
})
const known = nothing()
let exported = 0
let copies = 0

/** The project as version 2 had it: one pair, whose settings are the project's and whose results lie in its folder. */
function ofVersionTwo() {
  copies += 1
  const folder = join(home, `old-${copies}.slr`)
  cpSync(own.path, folder, { recursive: true, filter: (path) => !path.endsWith('.lock') })
  const { revision, name, createdAt, notes, pairs } = json(join(folder, 'project.json'))
  const { id, location, checkpoints, rendering, settings, recipes, otherCheckpoints, nextMark } = pairs.find(
    (one) => one.id === own.pair
  )
  for (const entry of readdirSync(join(folder, 'pairs', id)))
    renameSync(join(folder, 'pairs', id, entry), join(folder, entry))
  rmSync(join(folder, 'pairs'), { recursive: true })
  rmSync(join(folder, 'work.json'), { force: true })
  writeFileSync(
    join(folder, 'project.json'),
    JSON.stringify({
      ...{ schemaVersion: 2, revision, name, createdAt, notes, pair: location },
      ...{ checkpoints, rendering, settings, recipes, otherCheckpoints, nextMark }
    })
  )
  return folder
}

/** Each does one thing until it is acknowledged, and notes it. @returns the moment to kill at, of a usual duration in ms */
const writers = {
  sweep: [
    1_500,
    async ({ client }) => {
      const { sweepId } = await client.sweeps.start({ ...own, fresh: true })
      await ended(client.sweeps.watch({ ...own }))
      known.sweeps.add(sweepId)
    }
  ],
  samples: [
    1_500,
    async ({ client }) => {
      const { runId } = await client.samples.start({ ...own, settings, variants })
      await ended(client.samples.watch({ ...own }))
      known.samples.add(runId)
    }
  ],
  evaluation: [
    2_000,
    async ({ client }) => {
      const { evaluationId } = await client.evaluations.start({
        ...own,
        task: asked,
        variants: variants.map((variant) => ({ variant }))
      })
      await ended(client.evaluations.watch({ ...own }))
      known.evaluations.add(evaluationId)
    }
  ],
  check: [
    1_500,
    async ({ client, newest }) => {
      if (newest === undefined) return
      await client.checks.start({ ...own, sweepId: newest, rho: 0.9, recipes: [recipe] })
      await ended(client.checks.watch({ ...own }))
    }
  ],
  search: [
    2_000,
    async ({ client, newest }) => {
      if (newest === undefined) return
      const greedy = { method: 'greedy', generations: 1, blockEvaluations: 2_000, strengths: [], seed: 1 }
      await client.searches.start({ ...own, sweepId: newest, rho: 0.9, settings: greedy, fresh: true })
      await ended(client.searches.watch({ ...own }))
    }
  ],
  export: [
    800,
    async ({ client }) => {
      exported += 1
      const target = join(home, `export-${exported}`)
      await client.exports.start({ ...own, recipe, target, overwrite: false })
      await ended(client.exports.watch({ ...own }))
    }
  ],
  changes: [
    200,
    async ({ client }) => {
      let { revision } = await client.projects.open({ ...own })
      for (let turn = 0; turn < 40; turn++) {
        const wanted = `name ${known.notes + 1}`
        const changed = await client.projects.update({ ...own, seen: revision, changes: { name: wanted } })
        revision = changed.revision
        known.name = wanted
        known.notes += 1
      }
    }
  ],
  pairs: [
    200,
    async ({ client }) => {
      const { path } = own
      for (let turn = 0; turn < 5; turn++) {
        const { added } = await client.pairs.duplicate({ ...own })
        known.pairs.add(added)
        await client.pairs.move({ path, pair: added, place: 0 })
        const { pairs } = await client.projects.open({ path })
        const [other] = pairs.filter(({ id }) => id !== own.pair && id !== added)
        if (other === undefined) continue
        known.pairs.delete(other.id)
        await client.pairs.remove({ path, pair: other.id })
      }
    }
  ],
  history: [
    200,
    async ({ client, newest }) => {
      if (newest === undefined) return
      const run = { kind: 'sweep', id: newest }
      for (let turn = 0; turn < 5; turn++) {
        const { revision } = await client.projects.open({ ...own })
        const name = `named ${turn}`
        await client.history.annotate({ ...own, seen: revision, run, changes: { name, pinned: turn % 2 === 0 } })
        known.sweeps.delete(newest)
        known.deleting = newest
        const { deletion } = await client.history.delete({ ...own, run })
        await client.history.restore({ ...own, deletion })
        known.sweeps.add(newest)
      }
    }
  ],
  queue: [
    1_000,
    async ({ client }) => {
      const { path, pair: id } = own
      await client.work.add({ path, pairs: [id], work: { kind: 'sweep', settings: {} } })
      known.queued = (await client.projects.open({ path, pair: id })).sweeps.length
      await new Promise((resolve) => setTimeout(resolve, 3_000))
    }
  ],
  migration: [
    60,
    async ({ client }) => {
      const before = await client.projects.open({ ...own })
      const ids = (list) => list.map((entry) => entry.id)
      const path = ofVersionTwo()
      known.migrated = {
        path,
        sweeps: ids(before.sweeps),
        samples: ids(before.sampleRuns),
        evaluations: ids(before.evaluations)
      }
      await client.projects.open({ path })
    }
  ],
  prompts: [
    200,
    async ({ client }) => {
      for (let turn = 0; turn < 20; turn++) {
        const { revision } = await client.projects.open({ ...own })
        await client.prompts.save({ ...own, seen: revision, prompts })
      }
    }
  ]
}

const failures = []
const done = Object.fromEntries(Object.keys(writers).map((name) => [name, 0]))
let acknowledged = 0
let running = null
/** Null: the next kill begins with a project of its own. */
let own = null

/** Ends the program and all it has started, at once. */
async function kill() {
  const { served } = running
  const tree = processTree(served.child.pid)
  const gone = new Promise((resolve) => served.child.once('exit', resolve))
  served.child.kill('SIGKILL')
  await gone
  // The rest ends by itself, since its parent is gone.
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (const pid of tree.slice(1))
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      /* gone */
    }
  running = null
}

async function start() {
  const served = await serve(home)
  const { client, websocket } = await connect(served.firstUrl)
  websocket.on('error', () => undefined)
  running = { served, client }
  return client
}

/** Reads the project after a start. @returns the newest sweep */
async function verify(client, after) {
  const complain = (what) => failures.push(`after ${after}: ${what}`)
  const state = await client.projects.open({ ...own })
  for (const warning of state.warnings) complain(`warning: ${warning}`)
  if (known.name !== null && Number(state.name.split(' ')[1]) < Number(known.name.split(' ')[1]))
    complain(`name ${state.name}, expected ${known.name}`)
  const has = (list, ids, what) => {
    for (const id of ids) if (!list.some((entry) => entry.id === id)) complain(`${what} ${id} is gone`)
  }
  // Whether it was being deleted or restored: it is in one of the two places.
  const { runs, deleted } = state.history
  const isKept = [...runs, ...deleted.map(({ run }) => run)].some(({ id }) => id === known.deleting)
  if (known.deleting !== null && !isKept) complain(`the deleted sweep ${known.deleting} is gone`)
  for (const { deletion } of deleted) await client.history.restore({ ...own, deletion })
  if (known.deleting !== null) await client.sweeps.get({ ...own, sweepId: known.deleting })
  has(state.sweeps, known.sweeps, 'sweep')
  has(state.sampleRuns, known.samples, 'samples')
  has(state.evaluations, known.evaluations, 'evaluation')
  // All listed documents can be read.
  const [newest] = state.sweeps
  if (newest !== undefined) await client.sweeps.get({ ...own, sweepId: newest.id })
  if (newest !== undefined) await client.checks.get({ ...own, sweepId: newest.id })
  const [run] = state.sampleRuns
  if (run !== undefined) await client.samples.get({ ...own, runId: run.id })
  const [evaluation] = state.evaluations
  if (evaluation !== undefined) await client.evaluations.get({ ...own, evaluationId: evaluation.id })
  has(state.pairs, known.pairs, 'pair')
  if (known.queued !== null) await verifyQueue(client, complain)
  if (known.migrated !== null) await verifyMigrated(client, complain)
  const left = readdirSync(own.path, { recursive: true }).filter((name) => /\.tmp$/.test(name))
  if (left.length > 0) complain(`left: ${left.join(', ')}`)
  for (const name of readdirSync(home).filter((entry) => /^export-\d+$/.test(entry))) {
    const folder = join(home, name)
    const { compatible } = await client.pair.inspect({ base: pair.base, post: folder })
    if (!compatible || !existsSync(join(folder, 'config.json'))) complain(`${name} is no model`)
    rmSync(folder, { recursive: true })
  }
  return newest?.id
}

/** A job that was put in line is there, or done. */
async function verifyQueue(client, complain) {
  const { path, pair: id } = own
  const { sweeps } = await client.projects.open({ path, pair: id })
  const stop = new AbortController()
  for await (const { jobs, paused } of await client.work.watch({ path }, { signal: stop.signal })) {
    if (jobs.length === 0 && sweeps.length <= known.queued) complain('a job in line is gone')
    if (jobs.length > 0 && !paused) complain('a line goes on by itself')
    for (const job of jobs) await client.work.remove({ path, id: job.id })
    break
  }
  stop.abort()
  known.queued = null
}

/** A project of an older version has all that it had, whichever version it is of now. */
async function verifyMigrated(client, complain) {
  const { path, ...had } = known.migrated
  const state = await client.projects.open({ path })
  const now = { sweeps: state.sweeps, samples: state.sampleRuns, evaluations: state.evaluations }
  for (const [what, ids] of Object.entries(had))
    for (const id of ids) if (!now[what].some((entry) => entry.id === id)) complain(`migrated ${what} ${id} is gone`)
  for (const warning of state.warnings) if (!warning.includes('older version')) complain(`migrated: ${warning}`)
  const [newest] = state.sweeps
  if (newest !== undefined) await client.sweeps.get({ path, pair: state.document.id, sweepId: newest.id })
  await client.projects.close({ path })
  rmSync(path, { recursive: true })
  known.migrated = null
}

async function fresh() {
  const client = running?.client ?? (await start())
  const folder = mkdirSync(join(home, `p-${Math.round(chance() * 1e9)}`), { recursive: true })
  const state = await client.projects.create({ folder, name: 'name 0', ...pair })
  own = { path: state.path, pair: state.document.id }
  Object.assign(known, nothing())
  await client.prompts.save({ ...own, seen: state.revision, prompts })
}

const startedMs = performance.now()
for (let count = 1; count <= kills; count++) {
  try {
    if (own === null || count % 50 === 0) await fresh()
    const client = running?.client ?? (await start())
    const newest = await verify(client, `kill ${count - 1}`)
    const names = Object.keys(writers)
    const name = names[Math.floor(chance() * names.length)]
    const [usualMs, write] = writers[name]
    const work = write({ client, newest }).then(
      () => (acknowledged += 1),
      () => undefined
    )
    // Sometimes after the end: then all must be there.
    await Promise.race([work, new Promise((resolve) => setTimeout(resolve, chance() * 1.5 * usualMs))])
    await kill()
    done[name] += 1
  } catch (error) {
    failures.push(`kill ${count}: ${error.stack ?? error}`)
    if (running !== null) await kill()
    own = null
  }
  if (count % 25 === 0)
    console.log(`${count} kills, ${failures.length} failures, ${Math.round((performance.now() - startedMs) / 1000)} s`)
}
if (running === null && own !== null)
  await verify(await start(), 'the last').catch((error) => failures.push(String(error)))
console.log(
  `${kills} kills: ${Object.entries(done)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ')}; ${acknowledged} were done before; failures: ${failures.length}`
)
for (const failure of failures) console.error(failure)
if (running !== null) await kill()
process.exit(failures.length === 0 ? 0 : 1)
