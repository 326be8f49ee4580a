import type { SampleRun } from '../documents/samples'
import type { ExternalRecord } from '../model/external-model'
import { type AnyModel, endpointWarnings } from '../model/model'
import { listNames, plural } from './format'

type NoticedRun = Pick<SampleRun, 'notices' | 'external'>

/** Most prompts that a notice names. */
const MAX_NAMED = 5

/** Returns the notices of a run, also of its uncounted answers. */
export const runNotices = ({ notices, external }: NoticedRun): string[] => [
  ...new Set([...notices, ...external.flatMap((record) => refusalNotice(record) ?? [])])
]

/** Returns the warnings about endpoints, and then the run's notices, which may lack these warnings. */
export const warningsAndNotices = (run: NoticedRun, models: readonly AnyModel[]): string[] => [
  ...new Set([...endpointWarnings(models), ...runNotices(run)])
]

/** Counts and names the prompts with refused or failed answers; null if there are none. */
export function refusalNotice({ variant, refused }: ExternalRecord): string | null {
  const [first] = refused
  if (first === undefined) return null
  const names = refused.map(({ prompt }) => prompt)
  return (
    `Answers of "${variant}" to ${plural(refused.length, 'prompt')} were refused or failed: ` +
    `${listNames(names, MAX_NAMED)}. Measures of refusals count refused answers. Reason: ${first.reason}`
  )
}
