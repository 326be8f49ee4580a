import { ORPCError } from '@orpc/client'
import { expect, it } from 'vitest'
import { complaintOf } from '../../../../src/renderer/ui/complaint'

it('says what to do without the options of the command line', () => {
  const hint = 'Allow 180 MiB or more (--memory), or hold weights as int8 (--weights int8, 3 GiB).'
  const problem = { code: 'unsupported', message: '1 MiB are allowed.', hint }
  expect(complaintOf(new ORPCError('UNSUPPORTED', { data: problem }))).toEqual({
    ...problem,
    hint: 'Allow 180 MiB or more, or hold weights as int8.'
  })
})
