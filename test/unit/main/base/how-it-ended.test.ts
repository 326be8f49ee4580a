import { expect, it } from 'vitest'
import { howItEnded } from '../../../../src/main/base/node-child'

it('explains signals and the exit codes of Windows', () => {
  expect(howItEnded(null, 'SIGKILL')).toBe('was killed by SIGKILL (the system does this when memory runs out)')
  expect(howItEnded(1, null)).toBe('ended with exit code 1')
  expect(howItEnded(0xc0000005, null)).toContain('access violation')
})
