/** The state of a job from the click that cancels it until its end. */
export const STOPPING = 'Stopping…'

/** The state of a job that cannot begin before a job of another project has ended. */
export const waitingForWords = (project: string): string => `Waiting for “${project}”`
