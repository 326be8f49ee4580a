import type { StudyStepWork } from '../../contract/work/work-list'
import { freeName } from '../../contract/model/free-name'
import { elementAt } from '../../contract/model/look-up'
import { inputError, notFoundError } from '../../contract/model/problem'
import { pairName } from '../project/documents/pair-list'
import type { PairLocation } from '../../contract/documents/project'
import { type Study, type StudyPair, type StudyTask, taskName } from './study-file'
import type { StudyModel, StudyVariant } from './study-models'

/** One step of a study: a sweep, check, filter, evaluation or report. A filter finds the prompts that post fails. */
export interface StudyStep {
  /** Unique name of the step, such as `Demo/evaluate/demo-names`. */
  key: string
  /** Name of the pair; null for the report of all pairs. */
  pair: string | null
  kind: StudyStepWork['kind'] | 'filter'
  /** Task of an evaluation, a filter, or a sweep that is scored by it; null for other steps. */
  task: StudyTask | null
  /** Keys of earlier steps whose results this step needs. */
  needs: string[]
}

export const studyPairName = (pair: StudyPair, location: PairLocation): string => pair.name ?? pairName(location)

/** Returns the number of the best ranges that a study checks. @throws RangeError for a study without a check */
export function rangesChecked({ check }: Study): number {
  if (check === undefined) throw new RangeError('the study checks no ranges')
  return check
}

/** Returns the variants of a pair: first the study's variants, then variants of the pair's own entry. */
export const variantsOf = ({ variants }: Study, pair: StudyPair): StudyVariant[] => [...variants, ...pair.variants]

export const isFromSweep = ({ model }: StudyVariant): boolean => model.kind === 'from sweep'

/** Lists the steps of a study in their order: reports come last. @param names names of the pairs */
export function expandStudy(study: Study, names: readonly string[]): StudyStep[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw inputError(`Two pairs of the study are called "${twice}".`, 'Name them apart.')
  }
  const steps = study.pairs.flatMap((pair, index) => stepsOf(study, pair, elementAt(names, index, 'name')))
  const isReport = ({ kind }: StudyStep): boolean => kind === 'report'
  const ofAll: StudyStep = { key: 'report', pair: null, kind: 'report', task: null, needs: [] }
  return [
    ...steps.filter((step) => !isReport(step)),
    ...steps.filter(isReport),
    ...(names.length === 1 || study.report === false ? [] : [ofAll])
  ]
}

function stepsOf(study: Study, pair: StudyPair, pairName: string): StudyStep[] {
  const key = (...parts: string[]): string => [pairName, ...parts].join('/')
  const step = (kind: StudyStep['kind'], needs: string[], task: StudyTask | null = null, name = ''): StudyStep => ({
    key: key(kind, ...(task === null ? [] : [name])),
    pair: pairName,
    kind,
    task,
    needs
  })
  const variants = variantsOf(study, pair)
  const [fromSweep] = variants.flatMap(({ model }) => (model.kind === 'from sweep' ? [model] : []))
  if (fromSweep !== undefined && study.sweep === undefined && study.tasks.length > 0) {
    throw inputError(
      `${pairName}: the variant ${fromSweep.models} is what a sweep finds, and the study has none.`,
      'Add "sweep: {}", or leave the variant out.'
    )
  }
  const sweep = study.sweep === undefined ? [] : [step('sweep', [])]
  const check = study.check === undefined ? [] : [step('check', [key('sweep')])]
  const sweepKeys = [...sweep, ...check].map((before) => before.key)
  // A study may contain a task twice, with different settings.
  const taskNames: string[] = []
  const ofTasks = study.tasks.flatMap((task) => {
    const name = freeName(taskName(task), taskNames)
    taskNames.push(name)
    const filter = task['failed-by-post'] === undefined ? [] : [step('filter', [], task, name)]
    const needs = [...(fromSweep === undefined ? [] : sweepKeys), ...filter.map((before) => before.key)]
    return [
      ...(task.sweep === true ? [step('sweep', [], task, name)] : []),
      ...filter,
      step('evaluate', needs, task, name)
    ]
  })
  return [...sweep, ...check, ...ofTasks, ...(study.report === false ? [] : [step('report', [])])]
}

export const endpointsOf = (study: Study, pair: StudyPair): Extract<StudyModel, { kind: 'endpoint' }>[] =>
  variantsOf(study, pair).flatMap(({ model }) => (model.kind === 'endpoint' ? [model] : []))

/** Part of a study: `pair=NAME`, `step=sweep`, `step=evaluate/TASK`, or a step with its full key. */
export interface OnlySteps {
  pair?: string
  step?: string
}

/** Parses a part of a study, such as `pair=Demo,step=sweep`. @returns null for any other text */
export function onlyFromText(text: string): OnlySteps | null {
  const only: OnlySteps = {}
  for (const part of text.split(',')) {
    const [, name, value] = /^\s*(pair|step)=(.+?)\s*$/.exec(part) ?? []
    if (value === undefined || (name !== 'pair' && name !== 'step') || only[name] !== undefined) return null
    only[name] = value
  }
  return only
}

/** Returns the steps of a part. @throws WorkbenchError `not-found` with the names of all steps */
export function chosenSteps(steps: readonly StudyStep[], only: OnlySteps): StudyStep[] {
  const chosen = steps.filter(({ pair, key }) => {
    const within = pair === null ? key : key.slice(pair.length + 1)
    const isStep = only.step === undefined || within === only.step || within.startsWith(`${only.step}/`)
    return isStep && (only.pair === undefined || pair === only.pair)
  })
  if (chosen.length > 0) return chosen
  throw notFoundError(
    `The study has no step ${Object.entries(only)
      .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${String(value)}`]))
      .join(',')}.`,
    `Its steps are ${steps.map(({ key }) => key).join(', ')}.`
  )
}
