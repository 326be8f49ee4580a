import { ORPCError } from '@orpc/client'
import { expect, it } from 'vitest'
import { type Complaint, complaintOf, hintedWhenLost, resumable } from '../../../../src/renderer/ui/complaint'

it('names the remedy without the options of the command line', () => {
  const hint = 'Allow 180 MiB or more (--memory), or hold weights as int8 (--weights int8, 3 GiB).'
  const problem = { code: 'unsupported', message: '1 MiB are allowed.', hint }
  expect(complaintOf(new ORPCError('UNSUPPORTED', { data: problem }))).toEqual({
    ...problem,
    hint: 'Allow 180 MiB or more, or hold weights as int8.'
  })
})

it('names the remedy for an engine that died, and leaves the words of other failures', () => {
  const lost: Complaint = {
    code: 'engine-lost',
    message: 'It died.',
    hint: 'Run again: finished work is kept.'
  }
  const other: Complaint = { code: 'bad-input', message: 'Too little memory.', hint: 'Allow more.' }
  expect(hintedWhenLost(lost, 'Nothing is kept.').hint).toBe('Nothing is kept.')
  expect(resumable(lost, 'answers are kept').hint).toBe('Resume goes on with it: answers are kept.')
  expect([hintedWhenLost(other, 'Nothing is kept.'), resumable(other, 'answers are kept')]).toEqual([other, other])
})

it('keeps the words of a known problem', () => {
  const problem = { code: 'locked', message: 'The project is open elsewhere.', hint: 'Close it there.' }
  expect(complaintOf(new ORPCError('WORKBENCH', { defined: true, data: problem }))).toEqual(problem)
})

it('names the field of a refused input', () => {
  const data = { issues: [{ message: 'too long', path: ['prompts', 3, 'text'] }] }
  expect(complaintOf(new ORPCError('BAD_REQUEST', { data }))).toEqual({
    code: 'bad-input',
    message: 'prompts.3.text: too long'
  })
})

it('calls anything else a defect, never without words', () => {
  expect(complaintOf(null)).toMatchObject({ code: 'defect', message: 'Something went wrong.' })
})
