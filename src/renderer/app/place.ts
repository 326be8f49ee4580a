/** The steps of the work, in order. Each is a view. */
export const STEPS = [
  { id: 'start', label: 'Start' },
  { id: 'pair', label: 'Pair' },
  { id: 'prompts', label: 'Prompts' },
  { id: 'ranges', label: 'Ranges' },
  { id: 'chat', label: 'Chat' },
  { id: 'samples', label: 'Samples' },
  { id: 'evaluate', label: 'Evaluate' },
  { id: 'export', label: 'Export' }
] as const
export type Step = (typeof STEPS)[number]['id']

/** Where the user is: kept in the address, so that a reload comes back to it, and Back to where the user was before. */
export interface Place {
  project: string | null
  step: Step | null
  /** The sweep, sample run or evaluation that the step shows; null for the newest. */
  shown: string | null
}

/** Reads the address's fragment; what it does not know is null. */
export function readPlace(hash: string): Place {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  return {
    project: fields.get('project'),
    step: STEPS.find((step) => step.id === fields.get('step'))?.id ?? null,
    shown: fields.get('shown')
  }
}

/** The fragment of a place in an open project. */
export const placeHash = (project: string, step: Step, shown: string | null): string =>
  `#${new URLSearchParams(shown === null ? { project, step } : { project, step, shown })}`
