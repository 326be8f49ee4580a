import type { SampleRun } from '../../contract/documents/samples'
import type { ExternalRecord } from '../../contract/model/external-model'
import { plural } from '../../contract/words/format'

type RecordedRun = Pick<SampleRun, 'external' | 'notices'>

/** Most refused prompts that a notice names. */
const MAX_NAMED = 5

/** Adds what was learned of an external model to a run. Facts of the same variant are joined. */
export function withRecord(run: RecordedRun, learned: ExternalRecord): RecordedRun {
  const earlier = run.external.find(({ variant }) => variant === learned.variant)
  const record = earlier === undefined ? learned : joined(earlier, learned)
  const replaced = earlier === undefined ? null : refusalNotice(earlier)
  const notice = refusalNotice(record)
  return {
    external: [...run.external.filter((other) => other !== earlier), record],
    notices: [...run.notices.filter((other) => other !== replaced), ...(notice === null ? [] : [notice])]
  }
}

function joined(earlier: ExternalRecord, learned: ExternalRecord): ExternalRecord {
  const union = (first: readonly string[], second: readonly string[]): string[] => [...new Set([...first, ...second])]
  return {
    variant: learned.variant,
    models: union(earlier.models, learned.models),
    fingerprints: union(earlier.fingerprints, learned.fingerprints),
    server: learned.server ?? earlier.server,
    refused: [...earlier.refused, ...learned.refused]
  }
}

/** Counts and names the prompts that an endpoint refused; null if it refused none. */
export function refusalNotice({ variant, refused }: ExternalRecord): string | null {
  const [first] = refused
  if (first === undefined) return null
  const named = refused.slice(0, MAX_NAMED).map(({ prompt }) => prompt)
  const names = refused.length > MAX_NAMED ? [...named, '…'] : named
  return (
    `The endpoint of "${variant}" refused ${plural(refused.length, 'prompt')}, with empty answers: ` +
    `${names.join(', ')}. It replied: ${first.reason}`
  )
}
