import { expect, it } from 'vitest'
import { renamedVariant } from '../../../../src/contract/model/prompting'

it('names a variant after its prompting, unless the user has named it', () => {
  const renamed = (name: string, taken: string[] = []) => renamedVariant(name, ['', 'verbalized-sampling'], taken)
  expect(renamed('post + decoding')).toBe('post, verbalized sampling')
  expect(renamed('post + decoding', ['post, verbalized sampling'])).toBe('post, verbalized sampling (2)')
  expect(renamed('careful')).toBe('careful')
  expect(renamedVariant('post, regeneration', ['regeneration', ''], [])).toBe('post + decoding')
})
