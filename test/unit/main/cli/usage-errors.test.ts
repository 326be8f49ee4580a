import { expect, test } from 'vitest'
import { runHere } from '../../../fixtures/command-line'

const HOSTILE = 'a\n\u001B[31mb\u0085\u0007'
const SHOWN = String.raw`a\n\u{1b}[31mb\u{85}\u{7}`

test.each([
  ['a command', [HOSTILE]],
  ['an option', ['sweep', '--no-check', `--${HOSTILE}`]],
  ['the value of an option', ['sweep', '--no-check', '--demo', '--rho', HOSTILE]],
  ['a choice', ['sweep', '--no-check', '--demo', '--device', HOSTILE]],
  ['an operand', ['task', 'import', HOSTILE, 'x.json']],
  ['one operand too many', ['doctor', HOSTILE]]
])('a usage error shows control characters of %s as escapes', async (_, args) => {
  const { status, stderr } = await runHere(args)
  expect(status).toBe(2)
  expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  if (args[0] !== 'doctor') expect(stderr.split('\n')[0]).toContain(SHOWN)
})

test('a usage error keeps its suggestion on a line of its own', async () => {
  const { stderr } = await runHere(['swep'])
  expect(stderr).toBe('slr: unknown command \'swep\'\n(Did you mean sweep?)\nSee "slr --help".\n')
})
