// How often the intervals of layers' shares over random orders hold the true shares, told in docs/statistics.md.
// `node tools/statistics/shares-coverage.mjs [REPETITIONS]`: of the demo, whose 4,096 subsets of layers are known.
// `node tools/statistics/shares-coverage.mjs REPETITIONS deep`: of a pair of 24 layers with random weights, on four prompts. Its
// subsets are too many; the true shares are those over all orders of all repetitions, of which an interval's own are one in
// REPETITIONS. Scores some 190,000 models with the built program (`npm run build`).
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { runnerImport } from 'vite'

const root = new URL('../..', import.meta.url)
const program = async (path) => (await runnerImport(new URL(path, root).pathname)).module
const { estimate, exactShares } = await program('src/main/crc/search/layer-shares.ts')
const { prefixes, randomOrders, toStrengths } = await program('src/main/crc/search/layer-subsets.ts')

const repetitions = Number(process.argv[2] ?? 200)
const deep = process.argv[3] === 'deep'
const MEASURES = ['diversity', 'validity']
const layersOf = (count) => Array.from({ length: count }, (_, layer) => layer)
const ordersOf = (layers, pairs, repetition) => randomOrders(layers, pairs, 1000 + repetition)

/** What each layer adds along an order. @param valueOf the score of a subset */
function added(order, valueOf) {
  const along = prefixes(order).map(valueOf)
  const byLayer = []
  for (const [turn, layer] of order.entries()) byLayer[layer] = along[turn + 1] - along[turn]
  return byLayer
}

/** What each layer adds, of each pair of orders. */
const unitsOf = (orderPairs, valueOf) =>
  orderPairs.map(([order, reverse]) => {
    const [one, other] = [added(order, valueOf), added(reverse, valueOf)]
    return one.map((value, layer) => (value + other[layer]) / 2)
  })

/** The share of intervals that hold the truth. @param truth of each layer */
function coverage(layers, pairs, valueOf, truth) {
  let held = 0
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const units = unitsOf(ordersOf(layers, pairs, repetition), valueOf)
    for (const [layer, value] of truth.entries()) {
      const { interval } = estimate(units.map((unit) => unit[layer]))
      if (interval[0] <= value && value <= interval[1]) held++
    }
  }
  return held / repetitions / layers
}

function tell(layers, numbersOfPairs, valueOf, truth) {
  console.log(`${repetitions} repetitions of ${layers} layers each.\n`)
  console.log('| orders | diversity | validity |\n| ---: | ---: | ---: |')
  for (const pairs of numbersOfPairs) {
    const shares = MEASURES.map((measure) =>
      coverage(layers, pairs, valueOf(measure), truth(measure)).toFixed(3)
    )
    console.log(`| ${2 * pairs} | ${shares.join(' | ')} |`)
  }
}

if (deep) {
  const LAYERS = 24
  const PAIRS = 20
  const everyOrder = layersOf(repetitions).flatMap((repetition) => ordersOf(LAYERS, PAIRS, repetition))
  const scores = await scoredByProgram(LAYERS, everyOrder)
  const valueOf = (measure) => (subset) => scores.get(keyOf(subset))[measure]
  const truth = (measure) => {
    const units = unitsOf(everyOrder, valueOf(measure))
    return layersOf(LAYERS).map((layer) => units.reduce((sum, unit) => sum + unit[layer], 0) / units.length)
  }
  for (const measure of MEASURES) {
    const all = valueOf(measure)(new Array(LAYERS).fill(true))
    const shares = truth(measure).map((share) => share.toFixed(3))
    console.log(`${measure}: all layers ${all.toFixed(3)}; shares ${shares.join(' ')}`)
  }
  tell(LAYERS, [10, 20], valueOf, truth)
} else {
  const LAYERS = 12
  const demo = JSON.parse(await readFile(new URL('test/fixtures/demo-subsets.json', root), 'utf8'))
  const place = (subset) => subset.reduce((sum, restored) => 2 * sum + Number(restored), 0)
  tell(
    LAYERS,
    [5, 10, 20, 40],
    (measure) => (subset) => demo[measure][place(subset)],
    (measure) => exactShares(demo[measure], LAYERS)
  )
}

function keyOf(subset) {
  return subset.map(Number).join('')
}

/** Scores of all that the orders go through, by subset. */
async function scoredByProgram(layers, orderPairs) {
  const folder = await mkdtemp(join(tmpdir(), 'shares-'))
  try {
    const [base, post, prompts] = ['base', 'post', 'prompts.json'].map((name) => join(folder, name))
    await writeRandomModel(base, layers, 1)
    await writeRandomModel(post, layers, 2)
    await writeFile(
      prompts,
      JSON.stringify([
        { text: 'Pick a random letter.', category: 'letter', valid: [...'ABCDEFGH'] },
        { text: 'Name any letter.', category: 'letter', valid: [...'KLMNOPQRST'] },
        { text: 'Pick a random digit.', category: 'digit', valid: [...'0123456789'] },
        { text: 'Say a digit.', category: 'digit', valid: [...'24680'] }
      ])
    )
    // Neighbours in the list have their first layers in common, and so their work.
    const subsets = new Map(orderPairs.flatMap((pair) => pair.flatMap(prefixes)).map((s) => [keyOf(s), s]))
    const keys = [...subsets.keys()].sort()
    const nothing = '0'.repeat(layers)
    const scores = new Map()
    const lists = []
    const wanted = keys.filter((key) => key !== nothing)
    for (let from = 0; from < wanted.length; from += 4000) lists.push(wanted.slice(from, from + 4000))
    const score = async (list, number) => {
      const file = join(folder, `recipes-${number}.json`)
      await writeFile(
        file,
        JSON.stringify(list.map((key) => ({ name: key, layers: toStrengths(subsets.get(key)) })))
      )
      const cli = fileURLToPath(new URL('out/main/cli.js', root))
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [cli, 'sweep', '--base', base, '--post', post, '--prompts', prompts, '--recipes', file].concat([
          '--device',
          'cpu',
          '--json',
          '--quiet'
        ]),
        { maxBuffer: 2 ** 30 }
      )
      await rm(file)
      const sweep = JSON.parse(stdout)
      const only = ({ diversity, validity }) => ({ diversity, validity })
      scores.set(nothing, only(sweep.post))
      for (const each of sweep.recipes) scores.set(each.recipe.name, only(each))
      process.stderr.write(`\r${scores.size} of ${keys.length} models scored`)
    }
    for (const [number, list] of lists.entries()) await score(list, number)
    process.stderr.write('\n')
    return scores
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A Llama of random weights that is small enough for many, with the demo's tokenizer; its layers change what follows a lot. */
async function writeRandomModel(folder, layers, seed) {
  const { decoderSpec, layerTensors, wholeModelTensors } = await program('src/main/family/index.ts')
  const { writeBf16Safetensors } = await program('src/bench/safetensors-writer.ts')
  const demo = new URL('resources/demo-pair/post/', root)
  await mkdir(folder)
  for (const name of [
    'tokenizer.json',
    'tokenizer_config.json',
    'special_tokens_map.json',
    'generation_config.json'
  ])
    await cp(new URL(name, demo), join(folder, name))
  const config = {
    ...JSON.parse(await readFile(new URL('config.json', demo), 'utf8')),
    ...{ num_hidden_layers: layers, hidden_size: 64, intermediate_size: 128, head_dim: 16 }
  }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const spec = decoderSpec(config, 'config.json')
  const { embedding, finalNorm } = wholeModelTensors(spec)
  const random = xoroshiro128plus(seed)
  // Uniform with a variance of 1 / 64, as what comes in 64 wide is to go out as large.
  const reach = Math.sqrt(3 / 64)
  const toBf16 = new DataView(new ArrayBuffer(4))
  const fill = (value) => (piece) => {
    for (let i = 0; i < piece.length; i++) {
      toBf16.setFloat32(0, value())
      piece[i] = toBf16.getUint16(0)
    }
  }
  const one = fill(() => 1)
  const uniform = fill(() => reach * (2 * uniformFloat64(random) - 1))
  const tensors = [embedding, ...spec.layers.flatMap((_, layer) => layerTensors(spec, layer)), finalNorm]
  await writeBf16Safetensors(
    join(folder, 'model.safetensors'),
    tensors.map(({ name, shape }) => ({ name, shape, fill: /norm/.test(name) ? one : uniform })),
    new AbortController().signal
  )
}
