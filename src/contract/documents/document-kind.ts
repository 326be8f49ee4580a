/** Kinds of documents that the program stores or prints, with their names in messages. */
export const DOCUMENT_NAMES = {
  sweep: 'a sweep',
  'sweep-part': 'a part of a sweep',
  check: 'a full-answer check',
  search: 'a search',
  lineage: 'a lineage',
  triage: 'a list of scored checkpoints',
  evaluation: 'an evaluation',
  'rank-table': 'a table of ranks',
  'what-if': 'a sweep under other settings',
  comparison: 'a comparison of sweeps',
  task: 'a task',
  distances: 'a list of layer distances',
  'evaluation-run': 'an evaluation of a project',
  'sample-run': 'a sample run',
  'sampled-characters': 'a character check',
  conversation: 'a conversation',
  checksums: 'a list of checksums',
  project: 'a project',
  summary: 'a summary of a run',
  history: 'a history',
  deletion: 'a note of a deletion',
  'work-list': 'a list of work',
  samples: 'a list of answers',
  'next-token': 'a distribution of the next token',
  'sweep-plan': 'the plan of a sweep',
  'evaluation-plan': 'the plan of an evaluation',
  'study-plan': 'the plan of a study',
  'study-file': 'the place of a study',
  'study-result': 'the results of a study',
  'new-project': 'the place of a project',
  pair: 'a report on a pair',
  pairs: 'a list of pairs',
  machine: 'a report on a machine',
  families: 'a list of model families',
  runs: 'a list of runs',
  report: 'the content of a report',
  export: 'a report on an export',
  address: 'the address of the workbench',
  'api-address': 'the address of an API with its models'
} as const

export type DocumentKind = keyof typeof DOCUMENT_NAMES

export const isDocumentKind = (text: string): text is DocumentKind => Object.hasOwn(DOCUMENT_NAMES, text)

/** Puts kind and schema version before the fields of a document, unless the document has its own, as a task has. */
export const withKind = <Document>(kind: DocumentKind, document: Document) =>
  Object.assign({ kind, schemaVersion: 1 }, document)
