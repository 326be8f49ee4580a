import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { WhatIfSweep } from '../../../../../src/contract/documents/what-if'
import { checkedSelection as checkedSelectionSteps } from '../../../../../src/main/crc/check/checked-selection'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { tinySweep, withTrueMeans } from '../../../../fixtures/tiny-sweep'
import { runToEnd } from '../../../../../src/main/base/steps'

const checkedSelection = (...given: Parameters<typeof checkedSelectionSteps>) =>
  runToEnd(checkedSelectionSteps(...given))

/** Returns the output of `slr show` for the tiny sweep, which has no scores under other samplers. */
async function asked(...options: string[]) {
  const file = join(await temporaryFolder(), 'sweep.json')
  const sweep = withTrueMeans(tinySweep())
  await writeFile(file, JSON.stringify({ ...sweep, selection: checkedSelection(sweep, null, 0.9) }))
  return runHere(['show', file, ...options])
}

test('slr show selects under another limit, and names the limit', async () => {
  const { status, stdout } = await asked('--rho', '0.5', '--json')
  expect(status).toBe(0)
  const { selection } = WhatIfSweep.parse(JSON.parse(stdout))
  expect(selection.rho).toBe(0.5)
  expect((await asked('--rho', '0.5')).stdout).toMatch(/^What if: 50 % of post's validity kept\n/)
})

test.each([
  { options: ['--temperature', '2'], status: 2, says: '--temperature and --min-p go together' },
  { options: ['--temperature', '2', '--min-p', '0'], status: 1, says: 'with --what-if' },
  { options: ['--draws', '4'], status: 1, says: 'counts no draws' },
  { options: ['--mix', '0.33'], status: 1, says: "no mix with 0.33 of base's logits" }
])('slr show $options is refused with what to do', async ({ options, status, says }) => {
  expect(await asked(...options)).toMatchObject({ status, stderr: expect.stringContaining(says) })
})

test("slr show of the sweep's own sampler is the plain call, also where no other was kept", async () => {
  const plain = await asked()
  expect(await asked('--temperature', '1', '--min-p', '0')).toEqual(plain)
  expect(plain.stdout).toMatch(/\S/)
})

test('slr show names the settings in the headline', async () => {
  const { stdout } = await asked('--rho', '0.5')
  expect(stdout).toContain("\nWhat if 50 % of post's validity kept? ")
})
