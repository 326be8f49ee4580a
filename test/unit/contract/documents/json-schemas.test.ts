import { expect, test } from 'vitest'
import { z } from 'zod'
import { AnswerCheck } from '../../../../src/contract/documents/answer-check'
import { CrcPrompts, SweepDocument } from '../../../../src/contract/documents/crc'
import { DistancesDocument } from '../../../../src/contract/documents/distances'
import { DOCUMENT_NAMES, type DocumentKind, withKind } from '../../../../src/contract/documents/document-kind'
import { EvaluationView } from '../../../../src/contract/documents/evaluation'
import { ProjectDocument } from '../../../../src/contract/documents/project'
import { SearchDocument } from '../../../../src/contract/documents/search'
import { SweepComparison } from '../../../../src/contract/documents/sweep-comparison'
import { SweepPart } from '../../../../src/contract/documents/sweep-part'
import { Task } from '../../../../src/contract/documents/task'
import { Verdict } from '../../../../src/contract/documents/verdict'
import { Recipe } from '../../../../src/contract/model/recipe'
import { UserConfig } from '../../../../src/main/base/config-file'
import { formatJson } from '../../../../src/main/base/files/json-format'
import { tinySearch, tinySweep } from '../../../fixtures/tiny-sweep'

const schemaVersion = z.number().int()
const DOCUMENTS: Partial<Record<DocumentKind, z.ZodType>> = {
  sweep: SweepDocument,
  'sweep-part': SweepPart,
  check: AnswerCheck.extend({ rho: z.number(), verdict: Verdict.nullable() }),
  search: SearchDocument,
  evaluation: z.object({ schemaVersion, ...EvaluationView.shape }),
  comparison: z.object({ schemaVersion, ...SweepComparison.shape }),
  distances: DistancesDocument,
  project: ProjectDocument
}
const FILES: readonly (readonly [string, z.ZodType])[] = [
  ...Object.entries(DOCUMENTS).map(
    ([kind, schema]) => [kind, z.object({ kind: z.literal(kind) }).and(schema)] as const
  ),
  ['task', Task],
  ['prompts', CrcPrompts],
  ['recipe', Recipe],
  ['config', UserConfig]
]

test.each(FILES)('docs/schemas has the schema of %s', async (name, schema) => {
  const text = formatJson(z.toJSONSchema(schema, { io: 'input', reused: 'ref' }))
  await expect(text).toMatchFileSnapshot(`../../../../docs/schemas/${name}.json`)
})

test('a written document fits its schema, and no other', () => {
  const documents = [
    withKind('sweep', tinySweep()),
    withKind('search', tinySearch({ name: 'upper', ranges: [[1, 1]] }))
  ]
  for (const document of documents) {
    const fitting = Object.keys(DOCUMENT_NAMES).filter(
      (kind) => FILES.find(([name]) => name === kind)?.[1].safeParse(document).success
    )
    expect(fitting).toEqual([document.kind])
  }
})
