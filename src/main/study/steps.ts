import type { StudyStepKind } from '../../contract/documents/study'
import { freeName } from '../../contract/model/free-name'
import { elementAt } from '../../contract/model/look-up'
import { WorkbenchError } from '../../contract/model/problem'
import { pairName } from '../project/documents/pair-list'
import type { PairLocation } from '../../contract/documents/project'
import { FoundModels, type Study, type StudyPair, type StudyTask, type StudyVariant } from './study-file'

/** One thing that a study does for one pair. */
export interface StudyStep {
  /** `Demo/evaluate/demo-open`: tells it from the other steps of the study. */
  key: string
  /** The pair's name; null for what is done of all pairs. */
  pair: string | null
  kind: StudyStepKind
  /** What is evaluated; null for other kinds. */
  task: StudyTask | null
  /** Keys of the steps without which it cannot be done. */
  needs: string[]
}

/** How the project calls a pair of a study. @param location its folders */
export const studyPairName = (pair: StudyPair, location: PairLocation): string =>
  pair.name ?? pairName(location)

/** How many of the best ranges a study that checks any checks. @throws RangeError for one that checks none */
export function rangesChecked({ check }: Study): number {
  if (check === undefined) throw new RangeError('the study checks no ranges')
  return check
}

/** The variants of a pair: those of the study, and its own. */
export const variantsOf = ({ variants }: Study, pair: StudyPair): StudyVariant[] => [
  ...variants,
  ...pair.variants
]

/** Whether a variant is one that only a sweep finds. */
export const isFound = ({ model }: StudyVariant): boolean => FoundModels.safeParse(model).success

/**
 * The steps of a study, pair by pair, each behind those that it needs; reports, which set all pairs side by side, come last, that of all pairs behind those of each.
 *
 * @param names of the study's pairs, in their order
 * @throws WorkbenchError `bad-input` for pairs of one name, and for variants that need a sweep which the study has not
 */
export function expandStudy(study: Study, names: readonly string[]): StudyStep[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new WorkbenchError('bad-input', `Two pairs of the study are called "${twice}".`, 'Name them apart.')
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

function stepsOf(study: Study, pair: StudyPair, name: string): StudyStep[] {
  const key = (...parts: string[]): string => [name, ...parts].join('/')
  const step = (kind: StudyStepKind, needs: string[], task: StudyTask | null = null): StudyStep => ({
    key: key(kind, ...(task === null ? [] : [task.task])),
    pair: name,
    kind,
    task,
    needs
  })
  const variants = variantsOf(study, pair)
  const finding = variants.find(isFound)
  if (finding !== undefined && study.sweep === undefined && study.tasks.length > 0) {
    throw new WorkbenchError(
      'bad-input',
      `${name}: the variant ${finding.model} is what a sweep finds, and the study has none.`,
      'Add "sweep: {}", or leave the variant out.'
    )
  }
  const sweep = study.sweep === undefined ? [] : [step('sweep', [])]
  const check = study.check === undefined ? [] : [step('check', [key('sweep')])]
  const found = [...sweep, ...check].map((before) => before.key)
  const evaluations = study.tasks.reduce<StudyStep[]>((before, task) => {
    const evaluation = step('evaluate', finding === undefined ? [] : found, task)
    // A task may be asked twice, otherwise.
    const free = freeName(
      evaluation.key,
      before.map((other) => other.key)
    )
    return [...before, { ...evaluation, key: free }]
  }, [])
  return [...sweep, ...check, ...evaluations, ...(study.report === false ? [] : [step('report', [])])]
}

/** What stands in the entry of a model behind an endpoint. */
export const isEndpoint = (entry: StudyVariant): boolean =>
  entry.endpoint !== undefined || entry['endpoint-chat'] !== undefined

/** A part of a study: `pair=NAME`, `step=sweep`, `step=evaluate/TASK`, or a step by its whole key. */
export interface OnlySteps {
  pair?: string
  step?: string
}

/** `pair=Demo,step=sweep`; null when the text is none. */
export function onlyFromText(text: string): OnlySteps | null {
  const only: OnlySteps = {}
  for (const part of text.split(',')) {
    const [, name, value] = /^\s*(pair|step)=(.+?)\s*$/.exec(part) ?? []
    if (value === undefined || (name !== 'pair' && name !== 'step') || only[name] !== undefined) return null
    only[name] = value
  }
  return only
}

/** @throws WorkbenchError `not-found` naming the steps that there are */
export function chosenSteps(steps: readonly StudyStep[], only: OnlySteps): StudyStep[] {
  const chosen = steps.filter(({ pair, key }) => {
    const within = pair === null ? key : key.slice(pair.length + 1)
    const isStep = only.step === undefined || within === only.step || within.startsWith(`${only.step}/`)
    return isStep && (only.pair === undefined || pair === only.pair)
  })
  if (chosen.length > 0) return chosen
  throw new WorkbenchError(
    'not-found',
    `The study has no step ${Object.entries(only)
      .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${String(value)}`]))
      .join(',')}.`,
    `Its steps are ${steps.map(({ key }) => key).join(', ')}.`
  )
}
