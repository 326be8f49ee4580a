import type { ExternalRecord } from '../../contract/model/external-model'

/** Adds what was learned of an external model to the records of a run. Facts of the same variant are joined. */
export function withRecord(records: readonly ExternalRecord[], learned: ExternalRecord): ExternalRecord[] {
  const earlier = records.find(({ variant }) => variant === learned.variant)
  const others = records.filter((record) => record !== earlier)
  if (earlier === undefined) return [...others, learned]
  const union = (first: readonly string[], second: readonly string[]): string[] => [...new Set([...first, ...second])]
  const isNew = ({ prompt }: ExternalRecord['refused'][number]): boolean =>
    earlier.refused.every((refused) => refused.prompt !== prompt)
  return [
    ...others,
    {
      variant: learned.variant,
      models: union(earlier.models, learned.models),
      fingerprints: union(earlier.fingerprints, learned.fingerprints),
      server: learned.server ?? earlier.server,
      refused: [...earlier.refused, ...learned.refused.filter(isNew)]
    }
  ]
}
