import type { RunKind } from '../../contract/documents/history'
import { PairId } from '../../contract/documents/project'
import { jobKindFacts, type JobKind } from '../../contract/model/job-kinds'

/** The steps of the work, in order. Each is a view. */
export const STEPS = [
  { id: 'start', label: 'Start' },
  { id: 'pairs', label: 'Pairs' },
  { id: 'pair', label: 'Pair' },
  { id: 'prompts', label: 'Prompts' },
  { id: 'ranges', label: 'Ranges' },
  { id: 'chat', label: 'Chat' },
  { id: 'samples', label: 'Samples' },
  { id: 'evaluate', label: 'Evaluate' },
  { id: 'export', label: 'Export' }
] as const
export type Step = (typeof STEPS)[number]['id']

/** The step that shows how far such a job is, and stops it. */
export const stepOfJob = (kind: JobKind): Step => jobKindFacts(kind).step

const RUN_STEPS: Readonly<Record<RunKind, Step>> = {
  sweep: 'ranges',
  search: 'ranges',
  samples: 'samples',
  evaluation: 'evaluate'
}

/** The step that shows runs of a kind. */
export const stepOfRun = (kind: RunKind): Step => RUN_STEPS[kind]

/** Where the user is: kept in the address, so that a reload comes back to it, and Back to where the user was before. */
export interface Place {
  project: string | null
  /** Of the project; null for its first. */
  pair: PairId | null
  step: Step | null
  /** The sweep, sample run or evaluation that the step shows; null for the newest. */
  shown: string | null
  /** Key of the model that Ranges shows beside the charts; null for what is selected. */
  model: string | null
  /** What the heatmap of Ranges shows; null for what it begins with. */
  metric: string | null
  /** The sweep that Ranges compares the shown one with; null for none. */
  against: string | null
}

/** Reads the address's fragment; what it does not know is null. */
export function readPlace(hash: string): Place {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  return {
    project: fields.get('project'),
    pair: PairId.nullable().catch(null).parse(fields.get('pair')),
    step: STEPS.find((step) => step.id === fields.get('step'))?.id ?? null,
    shown: fields.get('shown'),
    model: fields.get('model'),
    metric: fields.get('metric'),
    against: fields.get('against')
  }
}

/** The fragment of a place in an open project; of a step's particulars what is not null. */
export function placeHash(
  project: string,
  step: Step,
  particulars: Partial<Omit<Place, 'project' | 'step'>> = {}
): string {
  const told = Object.entries(particulars).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))
  return `#${new URLSearchParams([['project', project], ['step', step], ...told])}`
}
