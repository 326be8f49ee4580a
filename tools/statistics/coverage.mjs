// How often the intervals of evaluations hold the truth: `node tools/statistics/coverage.mjs [REPETITIONS]`, the table of
// docs/statistics.md. Values of prompts are drawn from known distributions; every interval is made by the program's own code.
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { runnerImport } from 'vite'

const root = new URL('../..', import.meta.url)
const program = async (path) => (await runnerImport(new URL(path, root).pathname)).module
const { meanEstimate, pairedDifferences } = await program('src/main/measures/statistics.ts')

const random = xoroshiro128plus(1)
const uniform = () => uniformFloat64(random)
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
const OWN = { scale: 'own' }
const DISTRIBUTIONS = [
  { name: 'normal', draw: normal, truth: 0, scale: OWN },
  { name: 'log-normal', draw: () => Math.exp(normal()), truth: Math.exp(0.5), scale: OWN },
  { name: '10 % events', draw: () => Number(uniform() < 0.1), truth: 0.1, scale: { scale: 'share' } }
]
const repetitions = Number(process.argv[2] ?? 4000)

/** Share of repetitions whose interval holds the truth; those without an interval count as holding nothing. */
function coverage({ draw, truth }, promptCount, intervalOf) {
  let held = 0
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const values = Array.from({ length: promptCount }, draw)
    const interval = intervalOf(values)
    if (interval !== null && interval[0] <= truth && truth <= interval[1]) held++
  }
  return (held / repetitions).toFixed(3)
}

console.log(
  `${repetitions} repetitions each; standard error ${Math.sqrt((0.95 * 0.05) / repetitions).toFixed(4)} at 0.95.\n`
)
console.log('| values of prompts | prompts | mean | difference of two variants |')
console.log('| --- | ---: | ---: | ---: |')
for (const distribution of DISTRIBUTIONS) {
  for (const promptCount of [12, 20]) {
    const mean = coverage(
      distribution,
      promptCount,
      (values) => meanEstimate(values, distribution.scale).interval
    )
    // Two variants, each with such values on the same prompts: the truth is that they do not differ.
    const pair = { truth: 0, draw: () => distribution.draw() - distribution.draw() }
    const difference = coverage(pair, promptCount, (values) => pairedDifferences([values])[0].interval)
    console.log(`| ${distribution.name} | ${promptCount} | ${mean} | ${difference} |`)
  }
}
