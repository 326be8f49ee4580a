// How often the intervals of evaluations hold the truth: `node tools/statistics/coverage.mjs [REPETITIONS]`, the tables of
// docs/statistics.md. Values of prompts are drawn from known distributions; every interval is made by the program's own code.
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { mean, quantileSorted, sampleStandardDeviation } from 'simple-statistics'
import { runnerImport } from 'vite'

const root = new URL('../..', import.meta.url)
const program = async (path) => (await runnerImport(new URL(path, root).pathname)).module
const { meanEstimate, pairedDifferences } = await program('src/main/measures/statistics.ts')
const { tQuantile } = await program('src/contract/model/t-quantile.ts')
const { limitsOf } = await program('src/contract/model/measures.ts')

const random = xoroshiro128plus(1)
const uniform = () => uniformFloat64(random)
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
/** Beta(2, 1). */
const high = () => Math.max(uniform(), uniform())
const OWN = { scale: 'own' }
const COUNT = { scale: 'count' }
const SHARE = { scale: 'share' }
const NORMAL = { name: 'normal', draw: normal, truth: 0, scale: OWN }
const LOG_NORMAL = { name: 'log-normal', draw: () => Math.exp(normal()), truth: Math.exp(0.5), scale: COUNT }
const EVENTS = { name: '10 % events', draw: () => Number(uniform() < 0.1), truth: 0.1, scale: SHARE }
const MEANS = [
  NORMAL,
  { name: 'beta(2, 1)', draw: high, truth: 2 / 3, scale: SHARE },
  { name: 'exponential', draw: () => -Math.log(1 - uniform()), truth: 1, scale: COUNT },
  LOG_NORMAL,
  { name: 'half 1, half beta(2, 1)', draw: () => (uniform() < 0.5 ? 1 : high()), truth: 5 / 6, scale: SHARE },
  {
    name: '0.8 are 1, else uniform',
    draw: () => (uniform() < 0.8 ? 1 : uniform()),
    truth: 0.9,
    scale: SHARE
  },
  { name: '0.8 are 1, else 0.5', draw: () => (uniform() < 0.8 ? 1 : 0.5), truth: 0.9, scale: SHARE },
  EVENTS
]
const repetitions = Number(process.argv[2] ?? 1000)
/** Means are quick. */
const OF_MEANS = 10 * repetitions

const standardError = (count) => Math.sqrt((0.95 * 0.05) / count).toFixed(4)
const samples = (draw, promptCount, count) =>
  Array.from({ length: count }, () => Array.from({ length: promptCount }, draw))
const holds = (interval, truth) => interval !== null && interval[0] <= truth && truth <= interval[1]
const heldShare = (intervals, truth) => mean(intervals.map((one) => Number(holds(one, truth)))).toFixed(3)

function student(values, scale) {
  const centre = mean(values)
  const half = (tQuantile(values.length - 1) * sampleStandardDeviation(values)) / Math.sqrt(values.length)
  const [least, greatest] = limitsOf(scale)
  return [Math.max(least, centre - half), Math.min(greatest, centre + half)]
}

/** The middle length, and the one that is longer than 95 of 100. */
function lengths(intervals) {
  const sorted = intervals.map(([from, to]) => to - from).sort((a, b) => a - b)
  return [0.5, 0.95].map((share) => quantileSorted(sorted, share).toFixed(2))
}

console.log(`${OF_MEANS} repetitions each; standard error ${standardError(OF_MEANS)} at 0.95.\n`)
console.log('| values of prompts | prompts | held | by t | median length | by t | 95th percentile | by t |')
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
for (const { name, draw, truth, scale } of MEANS) {
  for (const promptCount of [5, 6, 8, 12, 24, 40]) {
    const drawn = samples(draw, promptCount, OF_MEANS).flatMap((values) => {
      const { interval } = meanEstimate(values, scale)
      return interval === null ? [] : [{ own: interval, byT: student(values, scale) }]
    })
    const [own, byT] = ['own', 'byT'].map((kind) => drawn.map((one) => one[kind]))
    const [median, long] = lengths(own)
    const [medianByT, longByT] = lengths(byT)
    const held = [heldShare(own, truth), heldShare(byT, truth)]
    console.log(`| ${[name, promptCount, ...held, median, medianByT, long, longByT].join(' | ')} |`)
  }
}

console.log(`\n${repetitions} repetitions each; standard error ${standardError(repetitions)} at 0.95.\n`)
console.log('| values of prompts | prompts | difference of two variants |')
console.log('| --- | ---: | ---: |')
for (const { name, draw } of [NORMAL, LOG_NORMAL, EVENTS]) {
  for (const promptCount of [12, 20]) {
    // Two variants, each with such values on the same prompts: the truth is that they do not differ.
    const drawn = samples(() => draw() - draw(), promptCount, repetitions)
    const intervals = drawn.map((values) => pairedDifferences([values])[0].interval)
    console.log(`| ${name} | ${promptCount} | ${heldShare(intervals, 0)} |`)
  }
}
