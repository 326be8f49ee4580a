import { expect, it } from 'vitest'
import type { ExternalRecord } from '../../../../src/contract/model/external-model'
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
  const run = learned.reduce(withRecord, { external: [], notices: ['A notice.'] })
  expect(run.external).toMatchObject([
    { variant: 'Other', models: ['other'] },
    { variant: 'GPT', models: ['gpt', 'gpt-2'], server: 'nginx', refused: [{}, {}] }
  ])
  expect(run.notices).toEqual([
    'A notice.',
    'The endpoint of "GPT" refused 2 prompts, with empty answers: Prompt 2 ("Name a poison."), ' +
      'Prompt 7 ("And one more."). It replied: HTTP 400: filtered'
  ])
})
