// How often the intervals of Bradley-Terry chances hold the truth: `node tools/statistics/preferences-coverage.mjs [REPETITIONS]`, told in
// docs/statistics.md. Comparisons are drawn from known strengths; where prompts have a taste of their own, every comparison of a prompt
// shares it, and the truth is the chance over all prompts. Intervals are made by the program's own code.
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { runnerImport } from 'vite'

const root = new URL('../..', import.meta.url)
const program = async (path) => (await runnerImport(new URL(path, root).pathname)).module
const { preferredTo } = await program('src/main/measures/choice-strengths.ts')

const random = xoroshiro128plus(1)
const uniform = () => uniformFloat64(random)
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
const chanceOf = (strength) => 1 / (1 + Math.exp(-strength))
const repetitions = Number(process.argv[2] ?? 1000)

/** Each prompt compares all variants at once, or two by two, `times` times; `taste`: spread of a prompt's own strengths. */
const WAYS = [
  { name: 'pairs of three variants, once', variants: 3, times: 1, pairs: true, taste: 0 },
  {
    name: 'pairs of three variants, four times, tastes of prompts',
    variants: 3,
    times: 4,
    pairs: true,
    taste: 1
  },
  { name: 'best of three, once', variants: 3, times: 1, pairs: false, taste: 0 },
  { name: 'best of three, four times, tastes of prompts', variants: 3, times: 4, pairs: false, taste: 1 }
]
const STRENGTHS = [0, 0.5, 2]

function drawn(among, strengths) {
  const weights = among.map((one) => Math.exp(strengths[one]))
  let left = uniform() * weights.reduce((sum, weight) => sum + weight, 0)
  return among.find((_, place) => (left -= weights[place]) < 0) ?? among.at(-1)
}

/** Of one prompt: what every comparison of it is drawn with. */
const tasteOf = ({ variants, taste }) =>
  STRENGTHS.slice(0, variants).map((strength) => strength + taste * normal())

/**
 * The chance to be preferred to the first variant: with tastes, that of the strengths which many prompts' comparisons come to, which
 * the same likelihood finds.
 */
function truthOf(way) {
  if (way.taste === 0) return STRENGTHS.map((strength) => chanceOf(strength - STRENGTHS[0]))
  return preferredTo(choicesOf(way, 20_000), way.variants, 0).map((found) => found?.chance ?? 0.5)
}

function choicesOf({ pairs, times, variants, ...way }, promptCount) {
  const all = Array.from({ length: variants }, (_, variant) => variant)
  const sets = pairs ? all.flatMap((one) => all.slice(one + 1).map((other) => [one, other])) : [all]
  return Array.from({ length: promptCount }, (_, prompt) => {
    const strengths = tasteOf({ ...way, variants })
    return Array.from({ length: times }, () =>
      sets.map((among) => ({ prompt, among, preferred: drawn(among, strengths) }))
    ).flat()
  }).flat()
}

console.log(
  `${repetitions} repetitions each; standard error ${Math.sqrt((0.95 * 0.05) / repetitions).toFixed(4)} at 0.95.\n`
)
console.log('| comparisons of a prompt | prompts | 0.62 to be preferred | 0.88 to be preferred |')
console.log('| --- | ---: | ---: | ---: |')
for (const way of WAYS) {
  const truth = truthOf(way)
  for (const promptCount of [12, 20]) {
    const held = [1, 2].map(() => 0)
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const found = preferredTo(choicesOf(way, promptCount), way.variants, 0)
      for (const variant of [1, 2]) {
        const interval = found[variant]?.interval ?? null
        if (interval !== null && interval[0] <= truth[variant] && truth[variant] <= interval[1])
          held[variant - 1]++
      }
    }
    console.log(
      `| ${way.name} | ${promptCount} | ${held.map((count) => (count / repetitions).toFixed(3)).join(' | ')} |`
    )
  }
}
