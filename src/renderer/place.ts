/** The steps of the work, in order. Each is a view. */
export const STEPS = [
  { id: 'start', label: 'Start' },
  { id: 'pair', label: 'Pair' },
  { id: 'prompts', label: 'Prompts' },
  { id: 'ranges', label: 'Ranges' },
  { id: 'samples', label: 'Samples' },
  { id: 'evaluate', label: 'Evaluate' },
  { id: 'export', label: 'Export' }
] as const
export type Step = (typeof STEPS)[number]['id']

/** Where the user is: kept in the address, so that a reload comes back to it. */
export interface Place {
  project: string | null
  step: Step | null
}

/** Reads the address's fragment; what it does not know is null. */
export function readPlace(hash: string): Place {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  return {
    project: fields.get('project'),
    step: STEPS.find((step) => step.id === fields.get('step'))?.id ?? null
  }
}

/** The fragment of a place; empty without a project. */
export const placeHash = (project: string | null, step: Step): string =>
  `#${new URLSearchParams(project === null ? {} : { project, step })}`
