import { expect, test } from 'vitest'
import { runHere } from '../../../fixtures/command-line'

test('a usage error keeps its suggestion on a separate line', async () => {
  const { stderr } = await runHere(['swep'])
  expect(stderr).toBe('slr: unknown command \'swep\'\n(Did you mean sweep?)\nSee "slr --help".\n')
})
