/*
 * Sweeps pairs made by perturbing the demo's, whole and as previews, and compares them: node tools/preview/trial.mjs [COUNT] [FOLDER]
 * (built before). Writes FOLDER/trial.json, which holds a line for each pair, and prints what docs/preview.md says of them. What is in
 * FOLDER already is taken from there.
 */
import { execFile } from 'node:child_process'
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { perturbation, perturbedPair } from './perturbed-pair.mjs'

const ROOT = resolve(import.meta.dirname, '../..')
const [count = 50, folder = join(tmpdir(), 'slr-preview-trial')] = process.argv.slice(2)
const run = promisify(execFile)

async function sweep(pair, out, options) {
  const models = pair === null ? ['--demo'] : ['--base', pair.base, '--post', pair.post]
  const prompts = pair === null ? [] : ['--prompts', pair.prompts]
  const given = [...models, ...prompts, ...options, '--fresh', '--quiet', '--out', out]
  await run(process.execPath, [join(ROOT, 'out/main/cli.js'), 'sweep', ...given], { maxBuffer: 2 ** 26 })
  return JSON.parse(await readFile(out, 'utf8'))
}

const MEASURES = ['validity', 'diversity']
const key = ({ start, end }) => `${start}-${end}`
const rowsOf = ({ blockEvaluations, packedTokens }) => blockEvaluations * packedTokens

function ranks(values) {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b])
  const ranked = []
  for (const [rank, index] of order.entries()) ranked[index] = rank
  return ranked
}

function correlation(one, other) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [a, b] = [mean(one), mean(other)]
  const product = (x, y, p, q) => x.reduce((sum, value, index) => sum + (value - p) * (y[index] - q), 0)
  return product(one, other, a, b) / Math.sqrt(product(one, one, a, a) * product(other, other, b, b))
}

/** Of how many estimates the exact score lies within the margins, as a share. */
const heldShare = (estimated, exact, measure) =>
  estimated.filter(
    (range) => Math.abs(range[measure] - exact.get(key(range))[measure]) <= range.margins[measure]
  ).length / estimated.length

/** What a preview made of a pair, beside what the whole sweep did. */
function compared(whole, preview) {
  const exact = new Map(whole.ranges.map((range) => [key(range), range]))
  const estimated = preview.preview.ranges
  const pairs = [...preview.ranges, ...estimated].map((range) => [
    range.diversity,
    exact.get(key(range)).diversity
  ])
  const picked = preview.selected === null ? null : exact.get(key(preview.selected))
  const best = whole.selected === null ? null : exact.get(key(whole.selected))
  const same = picked?.start === best?.start && picked?.end === best?.end
  return {
    selected: best === null ? null : key(best),
    previewed: picked === null ? null : key(picked),
    same,
    behind: same
      ? 0
      : picked === null || picked === undefined || best === null
        ? null
        : best.diversity - picked.diversity,
    elsewhere: preview.preview.elsewhere,
    prompts: whole.prompts.length,
    sample: preview.preview.prompts.length,
    finalists: preview.ranges.length,
    share:
      preview.preview.rows / (rowsOf(whole.work) + (whole.followUp === null ? 0 : rowsOf(whole.followUp))),
    rankCorrelation: correlation(...[0, 1].map((side) => ranks(pairs.map((pair) => pair[side])))),
    withinMargins: Object.fromEntries(
      MEASURES.map((measure) => [measure, heldShare(estimated, exact, measure)])
    ),
    furthest: Math.max(
      ...preview.ranges.flatMap((range) =>
        MEASURES.map((measure) => Math.abs(range[measure] - exact.get(key(range))[measure]))
      )
    )
  }
}

await mkdir(folder, { recursive: true })
/** Of a trial that was stopped. */
const lines = await readFile(join(folder, 'trial.json'), 'utf8').then(JSON.parse, () => [])
for (let index = lines.length - 1; index < Number(count); index++) {
  const own = join(folder, 'pair')
  const pair = index === -1 ? null : await perturbedPair(join(ROOT, 'resources'), own, index)
  const made = index === -1 ? { base: 0, post: 0, promptCount: 40, seed: 1 } : perturbation(index)
  const options = ['--seed', String(made.seed)]
  const file = join(folder, `whole-${index}.json`)
  const isThere = await access(file).then(
    () => true,
    () => false
  )
  const whole = isThere ? JSON.parse(await readFile(file, 'utf8')) : await sweep(pair, file, options)
  const preview = await sweep(pair, join(folder, `preview-${index}.json`), [...options, '--preview'])
  await rm(own, { recursive: true, force: true })
  lines.push({ index, ...made, ...(preview.preview === null ? { whole: true } : compared(whole, preview)) })
  await writeFile(join(folder, 'trial.json'), JSON.stringify(lines, null, 1))
  process.stderr.write(`${JSON.stringify(lines.at(-1))}\n`)
}

const previewed = lines.filter(({ whole }) => whole !== true)
const perturbed = previewed.filter(({ index }) => index !== -1)
const near = perturbed.filter(({ behind }) => behind !== null && behind <= 0.005)
const shares = previewed.map(({ share }) => share)
console.log(
  `${near.length} of ${perturbed.length} select the same range or one within 0.005 (${perturbed.filter(({ same }) => same).length} the same)`
)
console.log(`share of the work: ${Math.min(...shares).toFixed(3)} to ${Math.max(...shares).toFixed(3)}`)
console.log(
  `rank correlation: ${Math.min(...previewed.map(({ rankCorrelation }) => rankCorrelation)).toFixed(4)} at least`
)
for (const measure of MEASURES) {
  const held = perturbed.map(({ withinMargins }) => withinMargins[measure])
  const mean = held.reduce((sum, share) => sum + share, 0) / held.length
  console.log(
    `margins hold the exact ${measure}: ${mean.toFixed(3)}, in the worst pair ${Math.min(...held).toFixed(3)}`
  )
}
console.log(
  `finalists differ by at most ${Math.max(...previewed.map(({ furthest }) => furthest)).toExponential(1)}`
)
console.log(
  `selected by the whole sweeps: ${[...new Set(perturbed.map(({ selected }) => selected))].join(', ')}`
)
console.log('| said chance of another | pairs | mean of it | another selected |\n| --- | --- | --- | --- |')
for (const [low, high] of [
  [0, 0.05],
  [0.05, 0.2],
  [0.2, 0.5],
  [0.5, 1.01]
]) {
  const some = perturbed.filter(({ elsewhere }) => elsewhere >= low && elsewhere < high)
  const mean = some.reduce((sum, { elsewhere }) => sum + elsewhere, 0) / some.length
  console.log(
    `| ${low} to ${Math.min(1, high)} | ${some.length} | ${some.length === 0 ? '-' : mean.toFixed(3)} | ${some.filter(({ same }) => !same).length} |`
  )
}
