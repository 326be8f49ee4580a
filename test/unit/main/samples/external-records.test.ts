import { expect, it } from 'vitest'
import type { ExternalRecord } from '../../../../src/contract/model/external-model'
import { runNotices } from '../../../../src/contract/words/run-notices'
import { withRecord } from '../../../../src/main/samples/external-records'

const record = (changes: Partial<ExternalRecord>): ExternalRecord => ({
  ...{ variant: 'GPT', models: [], fingerprints: [], server: null, refused: [] },
  ...changes
})

it('joins the facts of a variant, and counts and names the prompts that its endpoint refused', () => {
  const learned = [
    record({ models: ['gpt'], server: 'nginx' }),
    record({ refused: [{ prompt: 'Prompt 2 ("Name a poison.")', reason: 'HTTP 400: filtered' }] }),
    record({ variant: 'Other', models: ['other'] }),
    record({ models: ['gpt', 'gpt-2'], refused: [{ prompt: 'Prompt 7 ("And one more.")', reason: 'HTTP 400: ' }] })
  ]
  const external = learned.reduce<ExternalRecord[]>(withRecord, [])
  expect(external).toMatchObject([
    { variant: 'Other', models: ['other'] },
    { variant: 'GPT', models: ['gpt', 'gpt-2'], server: 'nginx', refused: [{}, {}] }
  ])
  expect(runNotices({ external, notices: ['A notice.'] })).toEqual([
    'A notice.',
    'Answers of "GPT" to 2 prompts were refused or failed: Prompt 2 ("Name a poison."), ' +
      'Prompt 7 ("And one more."). Measures of refusals count refused answers. Reason: HTTP 400: filtered'
  ])
})
