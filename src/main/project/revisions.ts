import { WorkbenchError } from '../../contract/model/problem'

/**
 * Remembers the revision in which each value of an open project last changed. A change names the revision that its
 * window has seen, so that no window overwrites a change that it does not know.
 */
export class Revisions {
  /** Revision of the last change by field. */
  private readonly changed = new Map<string, number>()

  /** @param opened revision of the project when it was opened, which counts for fields without a change */
  constructor(private readonly opened: number) {}

  /** Requires that values are unchanged since a revision. @throws WorkbenchError `stale` if one of them changed */
  require(fields: readonly string[], seen: number): void {
    const stale = fields.find((field) => (this.changed.get(field) ?? this.opened) > seen)
    if (stale === undefined) return
    throw new WorkbenchError(
      'stale',
      `Not saved: ${fieldWords(stale)} changed elsewhere since you last saw it.`,
      'Check the present value. Then change it again if needed.'
    )
  }

  note(fields: readonly string[], revision: number): void {
    for (const field of fields) this.changed.set(field, revision)
  }
}

/** Names of fields in errors. A part of a field's name after a dot may be an id. */
const WORDS: Readonly<Record<string, string>> = {
  pairs: 'the order of the pairs',
  pair: 'the pair',
  pairName: 'the name of the pair',
  votes: 'the vote',
  conversation: 'the conversation',
  name: "the project's name",
  notes: "the project's notes",
  prompts: 'the prompt set',
  samplePrompts: 'the set of open prompts',
  recipes: 'the recipe',
  runs: 'the name, note or pin of the run',
  deletion: 'the run',
  otherCheckpoints: 'the checkpoint',
  'rendering.systemPrompt': 'the system prompt',
  'rendering.templateArguments': 'the template arguments',
  'rendering.date': 'the date that the template sees',
  'rendering.assistantPrefix': 'the start of the answer',
  'rendering.fewShot': 'the few-shot prompt of base',
  'rendering.countLeadingSpace': 'whether tokens with a leading space count',
  'settings.rho': 'the validity to keep',
  'settings.uniformBlendCount': 'the size of the uniform blends',
  'settings.device': 'the device',
  'settings.memoryBytes': 'the memory limit',
  'settings.scoredBy': 'the scoring of the next sweep',
  'settings.source': 'the source of restored layers',
  'settings.variants': 'the list of variants',
  'settings.samples': 'the setup of the next sample run',
  'settings.evaluation': 'the setup of the next evaluation'
}

/** Describes a field in an error. @param field such as `notes`, or `pair-1/settings.rho` for a field of a pair */
export function fieldWords(field: string): string {
  const name = field.slice(field.indexOf('/') + 1)
  const [first = '', second] = name.split('.')
  return WORDS[`${first}.${second ?? ''}`] ?? WORDS[first] ?? name
}
