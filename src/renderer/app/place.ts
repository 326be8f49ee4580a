import { PairId } from '../../contract/documents/project'
import { jobKindFacts, type JobKind } from '../../contract/model/job-kinds'
import { type RunKind, runKindFacts } from '../../contract/model/run-kinds'

/** The steps in order, with their views. A step opens with its first view. */
export const STEPS = [
  { id: 'models', label: 'Models', views: ['models', 'lineage'] },
  { id: 'ranges', label: 'Ranges', views: ['ranges', 'prompts'] },
  { id: 'answers', label: 'Answers', views: ['chat', 'samples', 'next-token'] },
  { id: 'evaluate', label: 'Evaluate', views: ['evaluate'] },
  { id: 'export', label: 'Export', views: ['export'] }
] as const
export type StepId = (typeof STEPS)[number]['id']
export type View = (typeof STEPS)[number]['views'][number]

export const ANSWER_TABS = [
  { value: 'chat', label: 'Chat' },
  { value: 'samples', label: 'Samples' },
  { value: 'next-token', label: 'Next token' }
] as const satisfies readonly { value: View; label: string }[]

const VIEWS = STEPS.flatMap(({ id, views }) => views.map((view) => ({ view, step: id })))

/** Views that addresses of earlier versions name. */
const FORMER_VIEWS: Readonly<Record<string, View>> = { start: 'models', pairs: 'models', pair: 'models' }

/** Returns the step that a view belongs to. */
export function stepOf(view: View): StepId {
  const entry = VIEWS.find((candidate) => candidate.view === view)
  if (entry === undefined) throw new RangeError(`there is no view ${view}`)
  return entry.step
}

const viewNamed = (name: string | null): View | null =>
  VIEWS.find(({ view }) => view === name)?.view ?? FORMER_VIEWS[name ?? ''] ?? null

/** Returns the view that shows the progress of a kind of job, and stops it. */
export const viewOfJob = (kind: JobKind): View => jobKindFacts(kind).view

export const viewOfRun = (kind: RunKind): View => runKindFacts(kind).view

/** A place in the window. It is kept in the address, for reloads and for Back. */
export interface Place {
  project: string | null
  /** A pair of the project; null for its first one. */
  pair: PairId | null
  view: View | null
  /** The sweep, sample run or evaluation that the view shows; null for the newest. */
  shown: string | null
  /** Key of the model that the inspector of Ranges shows; null for the selected one. */
  model: string | null
  /** Metric of the heatmap of Ranges; null for the default. */
  metric: string | null
  /** The sweep that Ranges compares the shown one with; null for none. */
  against: string | null
  /** The tab of Ranges that is shown; null for the first one. */
  tab: string | null
  /** Measures of the axes of Evaluate, the vertical one first; null for the default ones. */
  axes: string | null
}

export const DEFAULT_LOOK = { model: null, metric: null, against: null, tab: null, axes: null } as const

/** Parses the address's fragment. Unknown values become null. */
export function readPlace(hash: string): Place {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  return {
    project: fields.get('project'),
    pair: PairId.nullable().catch(null).parse(fields.get('pair')),
    view: viewNamed(fields.get('step')),
    shown: fields.get('shown'),
    model: fields.get('model'),
    metric: fields.get('metric'),
    against: fields.get('against'),
    tab: fields.get('tab'),
    axes: fields.get('axes')
  }
}

/** Returns the fragment of a place in an open project. Values of null are left out. */
export function placeHash(project: string, view: View, particulars: Partial<Omit<Place, 'project' | 'view'>>): string {
  const pairs = Object.entries(particulars).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))
  return `#${new URLSearchParams([['project', project], ['step', view], ...pairs])}`
}
