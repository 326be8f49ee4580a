import { defaultSweepFirst } from '../../contract/documents/answering-sweep'
import type { AnswerCheck } from '../../contract/documents/answer-check'
import type { Selection, SweepDocument } from '../../contract/documents/crc'
import { type EvaluationView, isPlain, mainMeasures } from '../../contract/documents/evaluation'
import type { SweepSummary } from '../../contract/documents/project'
import { briefScoring, scoringKey } from '../../contract/documents/scored-by'
import { scoreIn } from '../../contract/documents/swept-model'
import { layersModel, type Model, sweptRangeModel, weightsKey } from '../../contract/model/model'
import { multimap } from '../../contract/model/multimap'
import { assurances } from '../../contract/words/assurances'
import { evaluationVerdicts } from '../../contract/words/evaluation-verdict'
import { storedVerdict } from '../project/results/finding-of-selected'
import { inTurns } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import type { ProjectPair } from '../project/pair/project-pair'
import { evaluationView } from '../project/results/stored-evaluation'
import type { CardEvaluation, CardScores, Measured } from './card-measurements'
import type { PreparedExport } from './prepare'

/** Sweeps are large; what was measured long before was replaced since. */
const NEWEST_SWEEPS = 3

/** By so many scorings a card says how the model does. */
const NEWEST_SCORINGS = 5

/** Of so many tasks a card says how the model does. */
const NEWEST_TASKS = 5

/** What a project has measured of a recipe with these very checkpoints, for its model card. */
export async function measuredOf(own: ProjectPair, prepared: PreparedExport): Promise<Measured> {
  const { recipe } = prepared
  const model = layersModel(prepared.strengths)
  return {
    recipe,
    scores: await knownScores(own, prepared, model),
    evaluations: await knownEvaluations(own, prepared, model)
  }
}

/** The scores of a recipe by each scoring of a project, those of sweeps that select it first. */
async function knownScores(own: ProjectPair, prepared: PreparedExport, model: Model): Promise<CardScores[]> {
  const byScoring = multimap(own.sweeps.map((sweep) => [scoringKey(sweep.scoredBy), sweep]))
  const known: CardScores[] = []
  for (const sweeps of [...byScoring.values()].slice(0, NEWEST_SCORINGS)) {
    const scores = await scoresBy(own, sweeps, prepared, model)
    if (scores !== null) known.push(scores)
  }
  return known.sort((one, other) => Number(other.found !== null) - Number(one.found !== null))
}

/** In the newest of these sweeps that has it; null when none has. */
async function scoresBy(
  own: ProjectPair,
  sweeps: readonly SweepSummary[],
  prepared: PreparedExport,
  model: Model
): Promise<CardScores | null> {
  for (const { id } of defaultSweepFirst(sweeps).slice(0, NEWEST_SWEEPS)) {
    const sweep = await own.readSweep(id)
    const recipe = isOfSame(sweep, prepared) ? scoreIn(sweep, model) : null
    if (recipe === null) continue
    const check = await own.readAnswerCheck(id)
    const selection = await inTurns(checkedSelection(sweep, check, own.document.settings.rho))
    if (selection === null) continue
    const { selected } = selection
    const isSelected = selected !== null && weightsKey(sweptRangeModel(selected, sweep)) === weightsKey(model)
    const { post, base, prompts } = sweep
    return {
      ...{ scoredBy: briefScoring(sweep.scoredBy), recipe, post, base, promptCount: prompts.length },
      ...{ selection, check, found: isSelected ? await foundIn(own, sweep, selection, check) : null }
    }
  }
  return null
}

/** As the window shows it beside the sweep. Prompts that post itself fails say nothing about how sure that is. */
async function foundIn(
  own: ProjectPair,
  sweep: SweepDocument,
  selection: Selection,
  check: AnswerCheck | null
): Promise<CardScores['found']> {
  const verdict = await storedVerdict(own, sweep, check, selection)
  if (verdict === null) return null
  const sure =
    verdict.state === 'unfit-prompts'
      ? []
      : assurances({ ...sweep, selection, check, promptCount: sweep.prompts.length })
  // What whole answers came to, a card says in full.
  return { verdict, sure: sure.filter(({ term }) => term !== 'whole answer') }
}

/** Of each task the newest evaluation that has the model as it is, with nothing that it is combined with. */
async function knownEvaluations(
  own: ProjectPair,
  prepared: PreparedExport,
  model: Model
): Promise<CardEvaluation[]> {
  const found = new Map<string, CardEvaluation>()
  for (const { id, taskId } of own.evaluations.runs) {
    if (found.size === NEWEST_TASKS) break
    if (found.has(taskId)) continue
    const { run } = await own.evaluations.read(id)
    const isAsked = run.variants.some(
      (entry) => isPlain(entry) && weightsKey(entry.variant) === weightsKey(model)
    )
    if (!isAsked || !isOfSame(run, prepared)) continue
    const said = verdictOn(await evaluationView(own, id), model)
    if (said !== null) found.set(taskId, said)
  }
  return [...found.values()]
}

/** Null where nothing is compared with the model. */
function verdictOn({ run, results, complete }: EvaluationView, model: Model): CardEvaluation | null {
  const index = run.variants.findIndex(
    (entry) => isPlain(entry) && weightsKey(entry.variant) === weightsKey(model)
  )
  const found = evaluationVerdicts(results, mainMeasures(run.task.kind, results.variants))[index]
  if (found === undefined || found.variant === results.comparedWith) return null
  const { verdict, but, figures, good } = found
  const { name, prompts, settings } = run.task
  return {
    ...{ task: name, promptCount: prompts.length, sampleCount: settings.sampleCount },
    comparedWith: results.comparedWith,
    ...{ verdict, but, figures, good, complete }
  }
}

const isOfSame = (
  { basePath, postPath }: Pick<SweepDocument, 'basePath' | 'postPath'>,
  { pair: { base, post } }: PreparedExport
): boolean =>
  basePath.fingerprint === base.checkpoint.fingerprint && postPath.fingerprint === post.checkpoint.fingerprint
