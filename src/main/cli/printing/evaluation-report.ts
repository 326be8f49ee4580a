import { type Estimate, type EvaluationView, isPlain, mainMeasures } from '../../../contract/documents/evaluation'
import {
  fewerPrompts,
  formatMeasure,
  intervalWords,
  measuresOf,
  stoppedAt,
  stoppedSentence
} from '../../../contract/words/evaluation-words'
import { judgedShare } from '../../../contract/words/judging-words'
import {
  betterVariants,
  changeOf,
  type EvaluationVerdict,
  evaluationVerdicts,
  verdictSentence
} from '../../../contract/words/evaluation-verdict'
import { refusalLines } from '../../../contract/words/safety'
import { uniformStrength } from '../../../contract/words/model-phrase'
import { signedMean } from '../../../contract/words/ranked-verdicts'
import { samplingBaselineText } from '../../../contract/model/sampling-baseline'
import { plural } from '../../../contract/words/format'
import type { Variant } from '../../../contract/documents/samples'
import { elementAt } from '../../../contract/model/look-up'
import { recipeWord } from '../../report/option-words'
import { type MeasureId, measureOf } from '../../../contract/model/measures'
import { evaluationFindings, pairBlocks } from '../../report/sections/evaluations'
import { shellCommand } from '../../report/shown-command'
import { blocksText } from './blocks'
import { decimal, printable, style, table } from './output'

/** Words of a command that name the pair and the task of an evaluation. */
interface EvaluationWords {
  readonly pair: readonly string[]
  readonly task: string
}

/** Describes an evaluation: three lines of verdict, then the main measures. @param details adds all other measures */
export function describeEvaluation(view: EvaluationView, words: EvaluationWords, details: boolean): string {
  const { run, results, judging, notices, answered } = view
  const { task } = run
  const main = mainMeasures(task.kind, results.variants)
  const mainIds = Object.values(main)
  const answerTotal = task.prompts.length * run.variants.length * task.settings.sampleCount
  const stopped = stoppedAt(results, answerTotal, answered)
  const each = `${plural(task.settings.sampleCount, 'answer')} each`
  const findings = { kind: task.kind, variants: run.variants, results, judging }
  const heading = `${task.name}: ${plural(task.prompts.length, 'prompt')}, ${each}`
  return [
    ...(task.kind === 'refusals'
      ? refusalLines(results).map((line) => style('bold', printable(line)))
      : verdictLines(view, main, words)),
    '',
    ...(details ? [...variantLines(results, main), ''] : []),
    style('bold', heading),
    ...(stopped === null ? [] : [stoppedSentence(stopped)]),
    ...notices,
    ...(details
      ? ['', blocksText(evaluationFindings(findings))]
      : [
          describeMeasures({ run, results, judging }, shortMeasures(results, mainIds)),
          ...(results.pairs === null ? [] : [blocksText(pairBlocks(findings))]),
          style('dim', 'All measures, differences and categories: --details.')
        ])
  ].join('\n')
}

type Results = EvaluationView['results']
type MainMeasures = ReturnType<typeof mainMeasures>

const variantLines = (results: Results, main: MainMeasures): string[] =>
  evaluationVerdicts(results, main).flatMap((verdict) =>
    verdict.variant === results.comparedWith && verdict.but === null
      ? []
      : [
          style(
            verdict.good === false ? 'yellow' : 'bold',
            printable(`${verdict.variant}: ${verdictSentence(verdict)}`)
          )
        ]
  )

/** Returns the best variant with its figures, the next open question with its command, and a better variant. */
function verdictLines(view: EvaluationView, main: MainMeasures, words: EvaluationWords): string[] {
  const { results } = view
  const best = bestVerdict(results, main)
  const unknown = nextLine(view, main, best, words)
  return [
    style('bold', style(best?.good === true ? 'green' : 'yellow', printable(headline(view, main, best)))),
    ...(unknown === null ? [] : [printable(unknown)]),
    ...betterLine(results, main)
  ]
}

function headline(view: EvaluationView, main: MainMeasures, best: EvaluationVerdict | null): string {
  const { results } = view
  const { comparedWith } = results
  if (results.variants.length === 1) return `Only ${comparedWith} was evaluated.`
  if (best === null) return `No variant is surely more diverse than ${comparedWith}.${worseWords(view, main)}`
  const figures = [main.diversity, main.quality].map((id) => changeWords(results, best.variant, id)).join('; ')
  if (best.good === true) return `${best.variant}, ${best.verdict}: ${figures}.`
  return `No variant is more diverse and surely as good as ${comparedWith}. Closest is ${best.variant}: ${figures}.`
}

/** Returns the means of the reference and of a variant. */
function changeWords({ comparedWith, variants }: Results, name: string, id: MeasureId): string {
  const [before, after] = [comparedWith, name].map((each) => {
    const mean = variants.find(({ variant }) => variant === each)?.measures[id]?.mean
    return mean === undefined ? '-' : formatMeasure(id, mean)
  })
  return `${measureOf(id).label.toLowerCase()} ${before} → ${after}`
}

/** Names the recipes that are surely worse than the reference; empty if there are none. */
function worseWords({ run, results }: EvaluationView, { quality }: MainMeasures): string {
  const worse = run.variants.flatMap(({ variant: { kind, name } }) => {
    const difference = results.variants.find(({ variant }) => variant === name)?.differences[quality]
    const isWorse = kind === 'recipe' && changeOf(quality, difference) === 'worse'
    return isWorse ? [`${name}, ${changeWords(results, name, quality)}`] : []
  })
  return worse.length === 0 ? '' : ` Surely worse: ${worse.join('; ')}.`
}

/**
 * Returns the verdict to print first: on the most diverse variant that is significantly better, else on the best
 * variant that is significantly more diverse.
 */
function bestVerdict(results: Results, main: MainMeasures): EvaluationVerdict | null {
  const verdicts = evaluationVerdicts(results, main).map((verdict, index) => {
    const result = elementAt(results.variants, index, 'variant')
    return { verdict, result, diversity: changeOf(main.diversity, result.differences[main.diversity]) }
  })
  const good = verdicts.filter(({ verdict }) => verdict.good === true)
  const [candidates, by] =
    good.length > 0
      ? [good, main.diversity]
      : [verdicts.filter(({ diversity }) => diversity === 'better'), main.quality]
  const value = ({ result }: (typeof verdicts)[number]): number => signedMean(result, by) ?? -Infinity
  return candidates.toSorted((a, b) => value(b) - value(a))[0]?.verdict ?? null
}

/** Models that the next command adds when no simple one was evaluated. */
const SIMPLE_BASELINES = ['blend:0.5', 'filter:0.001']

/** Returns the next open question with its command; null if none is left. */
function nextLine(
  { run, results, answered, complete }: EvaluationView,
  main: MainMeasures,
  best: EvaluationVerdict | null,
  { pair, task }: EvaluationWords
): string | null {
  if (!answered) return 'Unknown: the missing answers. Next: resume the evaluation.'
  if (!complete) return 'Unknown: the missing replies of the judge. Next: the same command asks for them.'
  const entry = run.variants.find(({ variant }) => variant.name === best?.variant)
  const word = entry === undefined || !isPlain(entry) ? null : modelWord(entry.variant)
  const command = (...words: string[]): string =>
    shellCommand([['slr', 'evaluate', ...pair, 'post', ...(word === null ? [] : [word]), ...words, '--task', task]])
  const isSimple = ({ variant }: EvaluationView['run']['variants'][number]): boolean =>
    variant.kind === 'baseline' || (variant.kind === 'recipe' && uniformStrength(variant.recipe) !== null)
  if (!run.variants.some(isSimple))
    return `Unknown: whether a simpler model does better. Next: ${command(...SIMPLE_BASELINES)}`
  const quality = results.variants.find(({ variant }) => variant === best?.variant)?.differences[main.quality]
  const change = changeOf(main.quality, quality)
  if (best?.good === false && change === 'unsure')
    return `Unknown: whether quality is lost. Next: ${command('--n', String(4 * run.task.settings.sampleCount))}`
  if (best !== null && change === 'unknown') return `Unknown: its quality. Next: ${command('--judge', 'MODEL@URL')}`
  if (best?.good !== true || word === null || entry?.variant.kind !== 'recipe') return null
  return `Next: ${shellCommand([['slr', 'export', ...pair, word, '--out', 'restored']])}`
}

/** Returns a model as a word for commands; null for post and models without one. */
function modelWord(variant: Variant): string | null {
  if (variant.kind === 'baseline') return samplingBaselineText(variant.baseline)
  if (variant.kind !== 'recipe') return null
  const strength = uniformStrength(variant.recipe)
  if (strength !== null) return `blend:${strength}`
  const { word, files } = recipeWord(variant.recipe, '')
  return files.length === 0 ? word : null
}

function betterLine(results: Results, main: MainMeasures): string[] {
  for (const { variant } of results.variants) {
    const [better] = betterVariants(results, variant, main)
    if (better !== undefined)
      return [style('yellow', printable(`Better than ${variant}: ${better.variant}, which is ${better.verdict}.`))]
  }
  return []
}

const shortMeasures = (results: Results, main: readonly MeasureId[]): MeasureId[] =>
  measuresOf(results).filter((id) => main.includes(id) || id === 'judge' || measureOf(id).about === 'refusal')

function describeMeasures(
  { run, results, judging }: Pick<EvaluationView, 'run' | 'results' | 'judging'>,
  ids: readonly MeasureId[]
): string {
  const prompts = run.task.prompts.length
  const names = results.variants.map(({ variant }) => variant)
  const rows = ids.map((id) => [
    [measureOf(id).label, judgedShare(id, judging)].filter(Boolean).join(', '),
    measureOf(id).better ?? '',
    ...results.variants.map(({ measures }) => describeEstimate(measures[id], prompts))
  ])
  return table([['mean over prompts [95 %]', 'better', ...names], ...rows], `ll${'r'.repeat(names.length)}`)
}

function describeEstimate(estimate: Estimate | undefined, prompts: number): string {
  if (estimate === undefined) return '-'
  const interval = estimate.interval === null ? '' : intervalWords(estimate, decimal)
  return [decimal(estimate.mean), interval, fewerPrompts(estimate.promptCount, prompts)].filter(Boolean).join(' ')
}
