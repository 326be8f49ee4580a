import { expect, test } from 'vitest'
import { contextNotices } from '../../../../src/main/work/next-token'

test('warns of each input that is longer than the context of the model', () => {
  const inputs = [512, 513].map((length) => Array.from({ length }, () => 1))
  const notices = contextNotices(inputs, { spec: { contextLength: 512 } })
  expect(notices).toHaveLength(1)
  expect(notices[0]).toMatch(/^Input 2 has 513 tokens, above the 512 .*max_position_embeddings/)
  expect(contextNotices(inputs, { spec: { contextLength: null } })).toEqual([])
})
