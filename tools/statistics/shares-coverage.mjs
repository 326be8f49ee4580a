// How often the intervals of layers' shares over random orders hold the exact shares:
// `node tools/statistics/shares-coverage.mjs [REPETITIONS]`, told in docs/statistics.md. The exact shares are those of the demo's
// 4,096 subsets of layers.
import { readFile } from 'node:fs/promises'
import { runnerImport } from 'vite'

const root = new URL('../..', import.meta.url)
const program = async (path) => (await runnerImport(new URL(path, root).pathname)).module
const { estimate, exactShares } = await program('src/main/crc/search/layer-shares.ts')
const { prefixes, randomOrders } = await program('src/main/crc/search/layer-subsets.ts')

const LAYERS = 12
const repetitions = Number(process.argv[2] ?? 200)
const demo = JSON.parse(await readFile(new URL('test/fixtures/demo-subsets.json', root), 'utf8'))
const place = (subset) => subset.reduce((sum, restored) => 2 * sum + Number(restored), 0)

/** What each layer adds along an order. */
function added(order, values) {
  const along = prefixes(order).map((subset) => values[place(subset)])
  const byLayer = []
  for (const [turn, layer] of order.entries()) byLayer[layer] = along[turn + 1] - along[turn]
  return byLayer
}

console.log(`${repetitions} repetitions of ${LAYERS} layers each.\n`)
console.log('| orders | diversity | validity |\n| ---: | ---: | ---: |')
for (const pairs of [5, 10, 20, 40]) {
  const shares = ['diversity', 'validity'].map((measure) => {
    const values = demo[measure]
    const exact = exactShares(values, LAYERS)
    let held = 0
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const units = randomOrders(LAYERS, pairs, 1000 + repetition).map(([order, reverse]) => {
        const [one, other] = [added(order, values), added(reverse, values)]
        return one.map((value, layer) => (value + other[layer]) / 2)
      })
      for (const [layer, value] of exact.entries()) {
        const { interval } = estimate(units.map((unit) => unit[layer]))
        if (interval[0] <= value && value <= interval[1]) held++
      }
    }
    return (held / repetitions / LAYERS).toFixed(3)
  })
  console.log(`| ${2 * pairs} | ${shares.join(' | ')} |`)
}
