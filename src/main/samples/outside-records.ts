import type { OutsideRecord } from '../../contract/model/outside-model'

/** What is known of who answered, with what a later part of the run has learned of one of them. */
export function withRecord(known: readonly OutsideRecord[], learned: OutsideRecord): OutsideRecord[] {
  const earlier = known.find(({ variant }) => variant === learned.variant)
  const others = known.filter((record) => record !== earlier)
  if (earlier === undefined) return [...others, learned]
  const both = (one: readonly string[], other: readonly string[]): string[] => [
    ...new Set([...one, ...other])
  ]
  return [
    ...others,
    {
      variant: learned.variant,
      models: both(earlier.models, learned.models),
      fingerprints: both(earlier.fingerprints, learned.fingerprints),
      server: learned.server ?? earlier.server
    }
  ]
}
