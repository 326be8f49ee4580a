import { defaultSweepFirst } from '../../contract/documents/default-sweep'
import { type EvaluationView, isPlain, mainMeasures } from '../../contract/documents/evaluation'
import type { SweepDocument } from '../../contract/documents/crc'
import type { SweepSummary } from '../../contract/documents/project'
import { briefScoring, scoringKey } from '../../contract/documents/scored-by'
import { scoreIn } from '../../contract/documents/swept-model'
import { layersModel, type Model, sweptRangeModel, weightsKey } from '../../contract/model/model'
import { multimap } from '../../contract/model/multimap'
import { entryOf } from '../../contract/words/evaluation-finding'
import { evaluationVerdicts, verdictSentence } from '../../contract/words/evaluation-verdict'
import { plural } from '../../contract/words/format'
import { findingBySweep, type ModelFinding } from '../../contract/words/model-finding'
import { runCooperatively } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import type { ProjectPair } from '../project/pair/project-pair'
import { storedVerdict } from '../project/results/finding-of-selected'
import { safetyNote } from '../../contract/words/safety'
import { evaluationView, storedRefusals } from '../project/results/stored-evaluation'
import type { PreparedExport } from './prepare'

/** Sweeps that are read for each scoring (a task and its settings). Sweeps are large, and newer ones replace older. */
const NEWEST_SWEEPS = 3
const NEWEST_SCORINGS = 5
const NEWEST_TASKS = 5

/** Returns a project's findings about a recipe: of the newest sweeps, then of the newest evaluation of each task. */
export async function modelFindings(pair: ProjectPair, prepared: PreparedExport): Promise<ModelFinding[]> {
  const model = layersModel(prepared.strengths)
  const bySweeps = await findingsBySweeps(pair, prepared, model)
  const byEvaluations = await findingsByEvaluations(pair, prepared, model)
  const findings = [...bySweeps.map(({ finding }) => finding), ...byEvaluations]
  if (prepared.form.kind !== 'low-rank') return findings
  // An approximation of a measured recipe was not measured itself.
  return findings.map((finding) => ({ ...finding, by: `${finding.by}, of the layers that this adapter approximates` }))
}

/** Warns of lost safety training, with the refusals that the project measured of the recipe. */
export async function safetyOf(pair: ProjectPair, prepared: PreparedExport): Promise<string> {
  // An approximation of a measured recipe was not measured itself.
  if (prepared.form.kind === 'low-rank') return safetyNote(null)
  const { base, post } = prepared.pair
  const checkpoints = { base: base.checkpoint.fingerprint, post: post.checkpoint.fingerprint }
  return safetyNote(await storedRefusals(pair, checkpoints, layersModel(prepared.strengths)))
}

interface SweepFinding {
  finding: ModelFinding
  /** True if the sweep selects the exported model. */
  isSelected: boolean
}

async function findingsBySweeps(pair: ProjectPair, prepared: PreparedExport, model: Model): Promise<SweepFinding[]> {
  const byScoring = multimap(pair.sweeps.map((sweep) => [scoringKey(sweep.scoredBy), sweep]))
  const findings: SweepFinding[] = []
  for (const sweeps of [...byScoring.values()].slice(0, NEWEST_SCORINGS)) {
    const finding = await newestFinding(pair, sweeps, prepared, model)
    if (finding !== null) findings.push(finding)
  }
  return findings.sort((one, other) => Number(other.isSelected) - Number(one.isSelected))
}

/** Returns the finding of the newest of these sweeps that scored the model; null if none did. */
async function newestFinding(
  pair: ProjectPair,
  sweeps: readonly SweepSummary[],
  prepared: PreparedExport,
  model: Model
): Promise<SweepFinding | null> {
  for (const { id } of defaultSweepFirst(sweeps).slice(0, NEWEST_SWEEPS)) {
    const sweep = await pair.readSweep(id)
    const score = isOfSamePair(sweep, prepared) ? scoreIn(sweep, model) : null
    if (score === null) continue
    const check = await pair.readAnswerCheck(id)
    const selection = await runCooperatively(checkedSelection(sweep, check, pair.document.settings.rho))
    if (selection === null) continue
    const { selected } = selection
    const isSelected = selected !== null && weightsKey(sweptRangeModel(selected, sweep)) === weightsKey(model)
    // Evaluations are findings of their own.
    const verdict = isSelected ? await storedVerdict(null, sweep, check, selection) : null
    const { post, prompts } = sweep
    const finding = findingBySweep({
      scoredBy: briefScoring(sweep.scoredBy),
      promptCount: prompts.length,
      recipe: prepared.recipe,
      score,
      post,
      selection,
      check,
      verdict
    })
    return { finding, isSelected }
  }
  return null
}

/** Returns the findings of the newest evaluation of each task. */
async function findingsByEvaluations(
  pair: ProjectPair,
  prepared: PreparedExport,
  model: Model
): Promise<ModelFinding[]> {
  const byTask = new Map<string, ModelFinding>()
  for (const { id, taskId } of pair.evaluations.runs) {
    if (byTask.size === NEWEST_TASKS) break
    if (byTask.has(taskId)) continue
    const { run } = await pair.evaluations.read(id)
    const isAsked = entryOf(run, model) !== undefined
    if (!isAsked || !isOfSamePair(run, prepared)) continue
    const finding = findingByEvaluation(await evaluationView(pair, id), model)
    if (finding !== null) byTask.set(taskId, finding)
  }
  return [...byTask.values()]
}

function findingByEvaluation({ run, results, complete }: EvaluationView, model: Model): ModelFinding | null {
  const index = run.variants.findIndex((entry) => isPlain(entry) && weightsKey(entry.variant) === weightsKey(model))
  const verdict = evaluationVerdicts(results, mainMeasures(run.task.kind, results.variants))[index]
  if (verdict === undefined || verdict.variant === results.comparedWith) return null
  const { figures, good } = verdict
  const { name, prompts, settings } = run.task
  const direction = good === true ? 'for' : 'against'
  return {
    by:
      `an evaluation, ${plural(prompts.length, 'prompt')} with ${plural(settings.sampleCount, 'answer')} each` +
      (complete ? '' : ', stopped early'),
    headline: `On “${name}”, ${verdictSentence(verdict)}.`,
    figures: figures === '' ? [] : [{ label: `difference from ${results.comparedWith} [95 %]`, value: figures }],
    caveats: [],
    weight: good === null ? 'open' : direction
  }
}

/** Reports whether a result was computed from the checkpoints of the exported pair. */
const isOfSamePair = (
  { basePath, postPath }: Pick<SweepDocument, 'basePath' | 'postPath'>,
  { pair: { base, post } }: PreparedExport
): boolean =>
  basePath.fingerprint === base.checkpoint.fingerprint && postPath.fingerprint === post.checkpoint.fingerprint
