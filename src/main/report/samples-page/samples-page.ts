import { isExternal } from '../../../contract/model/model'
import { describeExternal } from '../../../contract/model/external-model'
import { samplingBaselineWork } from '../../../contract/model/sampling-baseline'
import { phraseStrengths, sourcesOf } from '../../../contract/model/strengths'
import {
  formatMeasure,
  formatMeasureOrDash,
  formatOnScale,
  overFewer
} from '../../../contract/words/evaluation-words'
import { stoppedRunWords } from '../../../contract/words/answer-words'
import { TEXT_MEASURES } from '../../../contract/model/measures'
import type {
  SampleLine,
  SampleMeasures,
  SampleRun,
  SampleRunMeasures,
  Variant
} from '../../../contract/documents/samples'
import { countAnswers } from '../../measures/texts/distinct-answers'
import { COMPARED_ANSWERS } from '../../measures/sample-measures'
import { describeComputation } from '../../../contract/documents/samples'
import { nameStyle } from '../../../contract/documents/variant-styles'
import { MARK_GLYPHS } from '../../../contract/model/model-style'
import type { PreferenceMark, PreferenceTally } from '../../../contract/documents/preferences'
import { capitalised, plural } from '../../../contract/words/format'
import { setWords, preferenceColumns, tallyBasis, tallyFinding } from '../../../contract/words/preference-words'
import { Markup, markup } from '../../base/markup'
import { measureRun } from '../../measures/host'
import { preferenceTallies } from '../../measures/preferences'
import { sampleCells, type SampleCell } from '../../measures/run-measures'
import { shownModelName, withoutFolder } from '../shown-command'
import { printSample } from './sample-command'
import { endingFacts, renderingFacts, samplingFacts } from './settings-facts'
import { pageHead } from '../page-head'
import { PAGE_STYLE } from './samples-page-style'

/**
 * The comparison as one HTML page to share: prompts down, variants across, repeated answers collapsed with their counts,
 * what was measured and how to repeat it. No script, and its security policy lets it load nothing.
 */
export async function samplesPage(run: SampleRun, samples: readonly SampleLine[]): Promise<string> {
  const title = `Samples of ${run.variants.map(({ name }) => name).join(', ')}`
  const measures = await measureRun(run, samples)
  const cells = sampleCells(run, samples)
  const rows = run.prompts.map((prompt, index) => {
    // Cells and their measures are in the same order, prompts outermost.
    const first = index * run.variants.length
    const ofPrompt = cells.slice(first, first + run.variants.length)
    const marks = run.marks.filter((mark) => mark.prompt === index)
    return markup`<tr>
<th scope="row">${promptHeading(prompt)}</th>
${ofPrompt.map((cell, variant) => cellMarkup(cell, measures.cells[first + variant]?.measures, marks))}
</tr>
`
  })
  const page = markup`${pageHead(title, new Markup("default-src 'none'; style-src 'unsafe-inline'"), PAGE_STYLE)}<body>
<header>
<h1>${title}</h1>
<p>${shownModelName(run.basePath.path)} and ${shownModelName(run.postPath.path)} · ${run.prompts.length} ${run.prompts.length === 1 ? 'prompt' : 'prompts'} ·
${samples.length} of ${plural(run.prompts.length * run.variants.length * run.settings.sampleCount, 'answer')} · ${run.createdAt}</p>
</header>
<main>
${summarySection(run, samples.length, measures)}
${run.marks.length === 0 ? '' : preferenceSections(run)}
<section>
<h2>Answers</h2>
<p>The same answers, apart from case, outer white space and a final mark, stand once with their count; the bar is their
share of the cell.</p>
<div class="wide" tabindex="0" role="region" aria-label="Answers">
<table class="answers">
<thead><tr><th scope="col">Prompt</th>${run.variants.map((variant) => variantHeading(run.variants, variant))}</tr></thead>
<tbody>
${rows}</tbody>
</table>
</div>
</section>
${settingsSection(run)}
${reproduceSection(run)}
</main>
</body>
</html>
`
  return page.source
}

function summarySection(run: SampleRun, answers: number, { variants, compared }: SampleRunMeasures): Markup {
  const total = run.prompts.length * run.variants.length * run.settings.sampleCount
  const stopped = stoppedRunWords(answers, total, run.prompts.length, compared)
  const rows = variants.map(({ measures, promptCounts }, index) => {
    const variant = run.variants[index]
    return markup`<tr>${variant === undefined ? '' : variantHeading(run.variants, variant, 'row')}
<td>${formatOnScale('count', measures.sampleCount)}</td>${TEXT_MEASURES.map(({ id }) => markup`<td>${[formatMeasureOrDash(id, measures.values[id]), overFewer(promptCounts[id], compared.prompts)].filter(Boolean).join(' ')}</td>`)}</tr>
`
  })
  return markup`<section>
<h2>Diversity</h2>
${stopped === null ? '' : markup`<p><strong>${stopped}</strong></p>\n`}<p>Means over the prompts. Every measure depends on n, so it is the same for all variants. Self-BLEU and word distance look at a fixed subset
of ${COMPARED_ANSWERS} answers where a cell has more.</p>
<div class="wide" tabindex="0" role="region" aria-label="Diversity">
<table class="numbers">
<thead><tr><th scope="col">Variant</th><th scope="col">n<small>answers compared per prompt</small></th>${TEXT_MEASURES.map(
    ({ label, explain }) => markup`<th scope="col">${label}<small>${explain}</small></th>`
  )}</tr></thead>
<tbody>
${rows}</tbody>
</table>
</div>
</section>`
}

function preferenceSections(run: SampleRun): Markup {
  return markup`<section>
<h2>Preferences</h2>
<p>Variants side by side, their names hidden, and the best one marked.</p>
${preferenceTallies(run.marks, run.variants).map((tally) => preferenceTable(run, tally))}</section>`
}

function preferenceTable(run: SampleRun, tally: PreferenceTally): Markup {
  const shares = preferenceColumns(tally)
  const rows = tally.variants.map((entry, index) => {
    const variant = run.variants[index]
    return markup`<tr>${variant === undefined ? '' : variantHeading(run.variants, variant, 'row')}<td>${entry.compared}</td><td>${
      entry.won
    }</td>${shares.map(({ of }) => markup`<td>${of(entry)}</td>`)}</tr>\n`
  })
  return markup`<h3>${capitalised(setWords(tally.size))}: ${tallyBasis(tally)}</h3>
<p>${tallyFinding(tally)}</p>
<div class="wide" tabindex="0" role="region" aria-label="Preferences, ${setWords(tally.size)}">
<table class="numbers">
<thead><tr><th scope="col">Variant</th><th scope="col">compared</th><th scope="col">preferred</th>${shares.map(({ name }) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>
${rows}</tbody>
</table>
</div>
`
}

function variantHeading(
  variants: readonly Variant[],
  variant: Variant,
  scope: 'col' | 'row' = 'col'
): Markup {
  const { tone, shape } = nameStyle(variants, variant)
  const glyph = shape === undefined ? '' : `${MARK_GLYPHS[shape]} `
  return markup`<th scope="${scope}" class="${tone}" dir="auto">${glyph}${variant.name}</th>`
}

function promptHeading(prompt: SampleRun['prompts'][number]): Markup {
  const notes = [prompt.category, prompt.raw ? 'continued as it is' : ''].filter((note) => note !== '')
  return markup`<div class="text" dir="auto">${prompt.text}</div>
${notes.map((note) => markup`<p class="note" dir="auto">${note}</p>`)}${
    prompt.system === undefined ? '' : markup`<p class="note" dir="auto">System: ${prompt.system}</p>`
  }
<details><summary>${plural(prompt.tokens.length, 'token')}</summary><div class="text mono" dir="auto">${prompt.rendered}</div></details>`
}

function cellMarkup(
  { variant, samples }: SampleCell,
  measures: SampleMeasures | undefined,
  marks: readonly PreferenceMark[]
): Markup {
  const votes = marks.filter(({ verdict, among }) => verdict !== 'skipped' && among.includes(variant))
  const won = votes.filter((mark) => mark.verdict === 'preferred' && mark.variant === variant)
  if (samples.length === 0 || measures === undefined) return markup`<td class="note">no answers yet</td>`
  const cutOff = samples.filter(({ finish }) => finish === 'length').length
  const numbers = TEXT_MEASURES.flatMap(({ id, label }) => {
    const value = measures.values[id]
    return id === 'distinctAnswers' || value === undefined ? [] : ` · ${label} ${formatMeasure(id, value)}`
  })
  const answers = countAnswers(samples.map(({ text }) => text)).map(({ text, count }) => {
    const shown = text.trim() === '' ? markup`<em>empty answer</em>` : text
    return markup`<li><div class="text" dir="auto">${shown}</div>${
      count === 1 ? '' : markup`<span class="count">×${count}</span>`
    }<i class="bar" style="width:${((100 * count) / samples.length).toFixed(1)}%"></i></li>
`
  })
  return markup`<td>
<p class="note">${formatMeasureOrDash('distinctAnswers', measures.values.distinctAnswers)} of ${samples.length} distinct${numbers}${cutOff === 0 ? '' : ` · ${cutOff} cut off`}${
    votes.length === 0 ? '' : ` · preferred in ${won.length} of ${votes.length}`
  }</p>
<ol tabindex="0" aria-label="Answers of ${variant}">
${answers}</ol>
</td>
`
}

function settingsSection(run: SampleRun): Markup {
  const { settings, rendering } = run
  const rows: [string, string | number][] = [
    ...samplingFacts(settings.sampling),
    ...endingFacts(settings),
    ['Stop tokens', run.stopTokens.join(', ') || 'none'],
    ['Answers per prompt', settings.sampleCount],
    ['Seed', settings.seed],
    ['Computed', describeComputation(settings, run)],
    ...renderingFacts(rendering),
    ['Base', `${shownModelName(run.basePath.path)}, fingerprint ${run.basePath.fingerprint}`],
    ['Post', `${shownModelName(run.postPath.path)}, fingerprint ${run.postPath.fingerprint}`],
    ...run.variants.flatMap((variant): [string, string][] => {
      if (variant.kind === 'recipe') return [[variant.name, describeRecipe(variant.recipe)]]
      if (variant.kind === 'baseline') return [[variant.name, samplingBaselineWork(variant.baseline)]]
      if (isExternal(variant)) return [[variant.name, describeExternal(withoutFolder(variant))]]
      if (variant.kind !== 'checkpoint') return []
      return [[variant.name, `${shownModelName(variant.path)}, fingerprint ${variant.fingerprint}`]]
    })
  ]
  return markup`<section>
<h2>Settings</h2>
<dl>
${rows.map(([name, value]) => markup`<dt dir="auto">${name}</dt><dd dir="auto">${value}</dd>\n`)}</dl>
${run.notices.map((notice) => markup`<p class="note">${notice}</p>\n`)}</section>`
}

function describeRecipe(recipe: Extract<Variant, { kind: 'recipe' }>['recipe']): string {
  if ('layers' in recipe) {
    const sources = sourcesOf(recipe.layers).map(
      ({ name, fingerprint }) => `${name}: fingerprint ${fingerprint}`
    )
    const behind =
      sources.length === 0 ? '' : `, of base where no other checkpoint is named (${sources.join('; ')})`
    return `post restored in ${phraseStrengths(recipe.layers)}${behind}`
  }
  const ranges = recipe.ranges.map(([start, end]) => `${start}–${end}`).join(', ')
  return `post with layers ${ranges} of base (counted from 0, both ends included)`
}

function reproduceSection(run: SampleRun): Markup {
  const { command, files } = printSample(run)
  return markup`<section>
<h2>Repeat it</h2>
<p>With the files below, and the model folders under these names or yours. The draws depend on seed, prompt, variant and
index alone; near-ties may fall otherwise on another processor.</p>
<div class="text mono block" tabindex="0">${command}</div>
${files.map(
  ({ name, content }) =>
    markup`<details><summary>${name}</summary><div class="text mono block" tabindex="0">${content}</div></details>\n`
)}</section>`
}
