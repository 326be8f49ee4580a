// How long main is silent while the largest things that are let through are opened: `node tools/attacks/silence.mjs`, after
// `npm run build`. It measures the longest time in which main's event loop did nothing else, by the clock and by the time of a processor; beside
// it, how long all took, and what the window was sent.
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runnerImport } from 'vite'
import { connect, json, memory, resource, serve, workFolder } from './served.mjs'

const root = new URL('../..', import.meta.url)
const imported = async (path) => (await runnerImport(new URL(path, root).pathname)).module
const { sweepFixture } = await imported('test/fixtures/project-documents.ts')
const { jsonPieces } = await imported('src/main/base/files/json-format.ts')

const home = workFolder('silence')
const served = await serve(home, {
  nodeArguments: ['--import', new URL('loop-delay.mjs', import.meta.url).href]
})
const { client, websocket } = await connect(served.firstUrl)
let receivedBytes = 0
websocket.on('message', ({ length }) => (receivedBytes += length))

async function silence() {
  const before = served.errors().length
  served.child.kill('SIGUSR2')
  for (;;) {
    const found = /silence (\d+) (\d+)/.exec(served.errors().slice(before))
    if (found !== null) return { ms: Number(found[1]), processorMs: Number(found[2]) }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

let longest = { ms: 0, processorMs: 0 }
async function measured(what, work) {
  await silence()
  receivedBytes = 0
  const startMs = performance.now()
  const said = await work().then(
    () => 'done',
    (error) => error.message.slice(0, 90)
  )
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  const { ms, processorMs } = await silence()
  longest = { ms: Math.max(longest.ms, ms), processorMs: Math.max(longest.processorMs, processorMs) }
  const received = (receivedBytes / 1e6).toFixed(2)
  console.log(
    `${String(ms).padStart(5)} ms | ${String(processorMs).padStart(5)} ms | ${seconds.padStart(5)} s | ${received.padStart(6)} MB | ${what} | ${said}`
  )
}

const logSample = (text) => `${JSON.stringify({ input: 'x', output: { choices: [{ message: { content: text } }] } })},`

/** A model folder with other files in the place of some of the demo's. */
function model(name, files) {
  const folder = join(home, `model-${name}`)
  mkdirSync(folder)
  for (const file of readdirSync(resource('blend-pair/post')))
    copyFileSync(resource(`blend-pair/post/${file}`), join(folder, file))
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content)
  return folder
}

function safetensors(header) {
  const text = JSON.stringify(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)))
  return Buffer.concat([length, Buffer.from(text)])
}

const base = resource('blend-pair/base')
const inspect = (post) => () => client.pair.inspect({ base, post })
const numbered = (count, entry) => Object.fromEntries(Array.from({ length: count }, (_, i) => entry(i)))
const config = json(resource('blend-pair/post/config.json'))
const empty = { dtype: 'F32', shape: [0], data_offsets: [0, 0] }

await measured('nothing', () => Promise.resolve())
await measured(
  'header of 4,990 tensors',
  inspect(model('tensors', { 'model.safetensors': safetensors(numbered(4_990, (i) => [`t${i}`, empty])) }))
)
await measured(
  'header of 19,900 names',
  inspect(
    model('names', {
      'model.safetensors': safetensors({ __metadata__: numbered(19_900, (i) => [`n${i}`, 'x'.repeat(30)]) })
    })
  )
)
await measured(
  'config of 19,900 names and 1 MB',
  inspect(
    model('config', {
      'config.json': JSON.stringify({ ...config, more: numbered(19_800, (i) => [`n${i}`, 'x'.repeat(36)]) })
    })
  )
)
const shards = model('index', {})
writeFileSync(
  join(shards, 'model.safetensors.index.json'),
  JSON.stringify({ weight_map: numbered(19_900, (i) => [`t${i}`, `m${i % 400}.safetensors`]) })
)
for (let shard = 0; shard < 400; shard++)
  writeFileSync(join(shards, `m${shard}.safetensors`), safetensors(numbered(49, (i) => [`t${i * 400 + shard}`, empty])))
rmSync(join(shards, 'model.safetensors'))
await measured('index of 19,900 names, 400 files', inspect(shards))

/** A folder with the headers of Qwen3 30B-A3B, whose weights are a hole: in BF16, or as GPTQ stores it. */
function experts(packed, shards) {
  const tensors = []
  const whole = (name, ...shape) => tensors.push([`${name}.weight`, 'BF16', shape])
  const linear = (name, out, width) => {
    if (!packed) return whole(name, out, width)
    tensors.push([`${name}.qweight`, 'I32', [width / 8, out]])
    tensors.push([`${name}.qzeros`, 'I32', [width / 128, out / 8]])
    tensors.push([`${name}.scales`, 'F16', [width / 128, out]], [`${name}.g_idx`, 'I32', [width]])
  }
  whole('model.embed_tokens', 151936, 2048)
  whole('lm_head', 151936, 2048)
  whole('model.norm', 2048)
  for (let layer = 0; layer < 48; layer++) {
    const own = `model.layers.${layer}`
    for (const norm of ['input_layernorm', 'post_attention_layernorm']) whole(`${own}.${norm}`, 2048)
    for (const norm of ['q_norm', 'k_norm']) whole(`${own}.self_attn.${norm}`, 128)
    linear(`${own}.self_attn.q_proj`, 4096, 2048)
    for (const part of ['k', 'v']) linear(`${own}.self_attn.${part}_proj`, 512, 2048)
    linear(`${own}.self_attn.o_proj`, 2048, 4096)
    whole(`${own}.mlp.gate`, 128, 2048)
    for (let expert = 0; expert < 128; expert++)
      for (const part of ['gate', 'up', 'down']) {
        const sizes = part === 'down' ? [2048, 768] : [768, 2048]
        linear(`${own}.mlp.experts.${expert}.${part}_proj`, ...sizes)
      }
  }
  const folder = model(`experts-${packed}`, { 'config.json': JSON.stringify(expertsConfig(packed)) })
  const weightMap = {}
  const each = Math.ceil(tensors.length / shards)
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-${shard}.safetensors`
    const header = {}
    let end = 0
    for (const [name, dtype, shape] of tensors.slice(shard * each, (shard + 1) * each)) {
      const start = end
      end += shape.reduce((product, size) => product * size, dtype === 'I32' ? 4 : 2)
      header[name] = { dtype, shape, data_offsets: [start, end] }
      weightMap[name] = file
    }
    const head = safetensors(header)
    writeFileSync(join(folder, file), head)
    truncateSync(join(folder, file), head.length + end)
  }
  rmSync(join(folder, 'model.safetensors'))
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }))
  return folder
}

const expertsConfig = (packed) => ({
  ...{ model_type: 'qwen3_moe', vocab_size: 151936, hidden_size: 2048, intermediate_size: 6144 },
  ...{ moe_intermediate_size: 768, num_hidden_layers: 48, num_attention_heads: 32, num_key_value_heads: 4 },
  ...{ head_dim: 128, num_experts: 128, num_experts_per_tok: 8, norm_topk_prob: true, rms_norm_eps: 1e-6 },
  ...{ rope_theta: 1e6, hidden_act: 'silu', max_position_embeddings: 40960, tie_word_embeddings: false },
  ...(packed ? { quantization_config: { quant_method: 'gptq', bits: 4, group_size: 128, desc_act: false } } : {})
})

for (const [packed, shards] of [
  [false, 16],
  [true, 5]
]) {
  const folder = experts(packed, shards)
  const what = `experts, ${packed ? 'as GPTQ stores them' : 'in BF16'}`
  await measured(what, () => client.pair.inspect({ base: folder, post: folder }))
}
const cards = `---\nlicense: mit\n---\n${'<b>x</b>'.repeat(1_200_000)}`
const carded = model('card', { 'README.md': cards })

/** A project with documents in it that were written by hand. */
async function project(name, write = () => undefined, post = resource('blend-pair/post')) {
  const folder = join(home, `of-${name}`)
  mkdirSync(folder)
  const { path } = await client.projects.create({ folder, name, base, post })
  await client.projects.close({ path })
  write(path)
  return path
}
async function text(document) {
  let made = ''
  for (const piece of jsonPieces(document)) made += piece
  return made
}

/** A sweep that also keeps what its prompts have under other samplers, as the window asks of one. */
function withWhatIf(sweep) {
  const whatIf = Array.from({ length: 32 }, (_, i) => ({ temperature: 1 + i / 10, minP: 0.1 }))
  const kept = Buffer.alloc(whatIf.length * 8, 7).toString('base64')
  for (const { prompts } of [sweep.post, ...sweep.ranges]) for (const prompt of prompts) prompt.whatIf = kept
  return { ...sweep, whatIf }
}

for (const layerCount of [64, 126]) {
  const sweep = sweepFixture({ layerCount, promptCount: 40, validCount: 18 })
  const { whatIf } = layerCount === 64 ? withWhatIf(sweep) : sweep
  const content = await text({ ...sweep, whatIf })
  const path = await project(`sweep-${layerCount}`, (at) => {
    mkdirSync(join(at, 'pairs/pair-1/sweeps'), { recursive: true })
    writeFileSync(join(at, 'pairs/pair-1/sweeps/sweep-1.json'), content)
  })
  const what = `sweep of ${layerCount} layers, ${Math.round(content.length / 1e6)} MB`
  const named = { path, pair: 'pair-1', sweepId: 'sweep-1' }
  await measured(`${what}: open`, () => client.projects.open({ path }))
  await measured(`${what}: show`, () => client.sweeps.get(named))
  await measured(`${what}: select`, () => client.sweeps.select({ ...named, rho: 0.5 }))
  const asked = { rho: 0.5, sampler: whatIf[2] ?? null, draws: null, mix: null }
  await measured(`${what}: what if`, () => client.sweeps.whatIf({ ...named, asked }))
  await measured(`${what}: one model`, () => client.sweeps.scores({ ...named, model: 'post' }))
  await measured(`${what}: report`, () => client.projects.report({ path, pair: 'pair-1', format: 'html' }))
  await client.projects.close({ path })
}

const prompts = Array.from({ length: 90_000 }, (_, i) => ({
  text: `Prompt ${i}: ${'word '.repeat(100)}`,
  category: 'c',
  valid: ['a', 'b']
}))
const many = await project('prompts', (path) => writeFileSync(join(path, 'prompts/crc.json'), JSON.stringify(prompts)))
await measured('prompts of 50 MB: open', () => client.projects.open({ path: many }))
// The most that there may be.
const long = Array.from({ length: 10_000 }, (_, i) => ({ text: `Prompt ${i}: ${'word '.repeat(1_000)}` }))
const open = await project('samples', (path) => writeFileSync(join(path, 'prompts/samples.json'), JSON.stringify(long)))
await measured('sample prompts of 50 MB: open', () => client.projects.open({ path: open }))
const brackets = await project('brackets', (path) => {
  mkdirSync(join(path, 'pairs/pair-1/sweeps'), { recursive: true })
  writeFileSync(join(path, 'pairs/pair-1/sweeps/sweep-1.json'), `[${'[],'.repeat(60_000_000)}[]]`)
})
await measured('sweep of 180 MB of brackets: open', () => client.projects.open({ path: brackets }))
const noted = await project('project', (path) => {
  const document = json(join(path, 'project.json'))
  const recipe = {
    id: 'r',
    mark: 'm',
    savedAt: '2026-01-02T03:04:05.000Z',
    recipe: { name: 'x'.repeat(20), ranges: [[1, 2]] },
    note: ''
  }
  writeFileSync(
    join(path, 'project.json'),
    JSON.stringify({
      ...document,
      recipes: Array.from({ length: 250_000 }, (_, i) => ({ ...recipe, id: `r${i}` }))
    })
  )
})
await measured('project.json of 40 MB: open', () => client.projects.open({ path: noted }))
const carding = await project('card', undefined, carded)
await measured('model card of 10 MB: export', () =>
  client.exports.plan({
    path: carding,
    pair: 'pair-1',
    recipe: { name: 'x', ranges: [[4, 11]] },
    target: join(home, 'exported')
  })
)

const imports = long.map(({ text }) => ({ text: text.slice(0, 1_980) }))
const lines = imports.map(({ text }) => text).join('\n')
for (const [fileName, content] of [
  ['p.txt', lines],
  ['short.txt', 'a\n'.repeat(900_000)],
  ['p.jsonl', imports.map((prompt) => JSON.stringify(prompt)).join('\n')],
  ['p.json', JSON.stringify(imports)],
  ['p.csv', `text\n${lines}`],
  // Refused: a text has 20,000,000 characters at most, and a message 24 MiB.
  ['long.txt', lines.padEnd(30_000_000)]
]) {
  const what = `${fileName} of ${Math.round(content.length / 1e6)} MB`
  await measured(`${what}: as prompts`, () => client.samples.readPrompts({ fileName, content }))
  await measured(`${what}: as a task`, () => client.evaluations.readTask({ fileName, content }))
}
/** A file of a repeated text, with more before and behind it. */
function repeated(name, head, unit, bytes, tail) {
  const file = join(home, name)
  const piece = unit.repeat(Math.ceil(4e6 / unit.length))
  writeFileSync(file, head)
  for (let written = 0; written + piece.length < bytes; written += piece.length) appendFileSync(file, piece)
  appendFileSync(file, tail)
  return file
}
const answer = '{"prompt":"x","answer":"b"'
for (const [what, path] of [
  ['1 line of 62 M lists', repeated('lists.jsonl', `${answer},"x":[`, '[],', 187e6, '1]}\n')],
  ['1 line of 120 M numbers', repeated('numbers.jsonl', `${answer},"x":[`, '1,', 240e6, '1]}\n')],
  ['a log of 83 M lists', repeated('lists.json', '{"eval":{},"samples":[],"x":[', '[],', 250e6, '1]}')],
  [
    'a log of 90 MB',
    repeated(
      'log.json',
      '{"eval":{},"samples":[',
      logSample('x'.repeat(2_000)),
      90e6,
      logSample('x').slice(0, -1) + ']}'
    )
  ],
  ['200 MB of brackets', repeated('brackets.jsonl', '', '[', 200e6, '\n')],
  [
    'lines of 3.9 MB',
    repeated('long.jsonl', '', `${answer},"x":[${'1,'.repeat(490_000)}1],"y":"${'y'.repeat(2_900_000)}"}\n`, 200e6, '')
  ],
  ['1,000,000 lines', repeated('lines.jsonl', '', `${answer}}\n`, 27e6, '')],
  ['5,000,000 lines', repeated('many.jsonl', '', `${answer}}\n`, 140e6, '')]
])
  await measured(`answers, ${what}`, () => client.samples.answerFile({ path }))

await measured('mergekit of 1 MB', () =>
  client.recipes.readMergekit({
    path: carding,
    pair: 'pair-1',
    fileName: 'm.yaml',
    content: 'slices:\n'.padEnd(1_000_000, '- a\n')
  })
)

console.log(
  `longest ${longest.ms} ms, ${longest.processorMs} ms of the processor; at most ${memory(served.child.pid, true)} MiB of main`
)
await served.stop()
process.exit(0)
