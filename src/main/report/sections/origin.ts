import type { ReportedOrigin } from '../../../contract/documents/report'

/** Which checkpoints a result came from. */
export function originFacts({ base, post, changed }: ReportedOrigin): [string, string][] {
  const fact = (member: 'base' | 'post', { name, fingerprint }: ReportedOrigin['base']): [string, string] => [
    member === 'base' ? 'Base' : 'Post',
    `${name}, fingerprint ${fingerprint}${changed.includes(member) ? ' (another checkpoint than now)' : ''}`
  ]
  return [fact('base', base), fact('post', post)]
}
