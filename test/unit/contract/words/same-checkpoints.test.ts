import { expect, it } from 'vitest'
import { sameCheckpointsWords } from '../../../../src/contract/words/same-checkpoints'

const pair = (name: string, post: string, isChecked: boolean) => ({
  name,
  outline: { checkpoints: { base: 'base', post }, scoredBy: { kind: 'crc' as const }, isChecked }
})

it('says which pairs are of the same checkpoints, and which of those were not checked', () => {
  expect(sameCheckpointsWords([pair('a', 'one', true), pair('b', 'two', true), { name: 'c', outline: null }])).toEqual(
    []
  )
  expect(sameCheckpointsWords([pair('a', 'one', true), pair('b', 'one', true)])).toEqual([
    'a and b have the same checkpoints.'
  ])
  expect(sameCheckpointsWords([pair('a', 'one', true), pair('b', 'one', false), pair('c', 'one', false)])).toEqual([
    'a, b and c have the same checkpoints. Only a has a full-answer check: ' + 'check b and c before you compare.'
  ])
})
