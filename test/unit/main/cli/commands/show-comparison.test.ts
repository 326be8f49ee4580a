import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SweepDocument } from '../../../../../src/contract/documents/crc'
import { SweepComparison } from '../../../../../src/contract/documents/sweep-comparison'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { comparedSweep } from '../../../../fixtures/compared-sweeps'
import { tinyTaskSweep, withTrueMeans } from '../../../../fixtures/tiny-sweep'

/** Returns the output of `slr show` for two sweeps. */
async function compared(a: SweepDocument, b: SweepDocument, ...options: string[]) {
  const folder = await temporaryFolder()
  const files = [join(folder, 'a.json'), join(folder, 'b.json')]
  for (const [place, sweep] of [a, b].entries()) await writeFile(files[place] ?? '', JSON.stringify(sweep))
  return runHere(['show', ...files, ...options])
}

const other = (): SweepDocument => ({
  ...comparedSweep({ id: 'b', diversity: (start, end) => -0.25 * (end - start) - 0.05 * start }),
  device: 'webgpu',
  precision: 'fp16'
})

test('slr show says first what both select and how they order, then what differs, and where', async () => {
  const { status, stdout } = await compared(comparedSweep(), other())
  expect(status).toBe(0)
  expect(stdout.split('\n')[0]).toBe(
    'A selects layers 2–3, B selects layer 0, which have no depth in common; ' +
      'by diversity they put the ranges into opposite orders.'
  )
  expect(stdout).toMatch(/Differences\n +A +B\ndevice +CPU +WebGPU\nprecision +fp32 +fp16\n/)
  expect(stdout).toContain('Diversity: Spearman −1.00 over 10 ranges.')
  expect(stdout).toContain(
    "The selection of A, layers 2–3, has diversity 0.253 in B: −0.072 over post, with 98 % of post's validity kept; 0.210 less than the selection of B."
  )
  expect(stdout).toMatch(/\nlayers 0–3 +0\.500 +0\.500 +0\.000 ± 0\.000 +0\.763 +0\.013 +−0\.750 ± 0\.000\n/)
})

test('slr show of a sweep with itself finds no difference', async () => {
  const sweep = comparedSweep()
  const { stdout } = await compared(sweep, sweep)
  expect(stdout).toMatch(/^Both select layers 2–3; by diversity they put the ranges into nearly the same order\.\n/)
  expect(stdout).toContain('Both have the same settings and scored the same models.')
  expect(stdout).toContain('Diversity: Spearman 1.00 over 10 ranges.')
  expect(stdout).not.toMatch(/[+−]0\.\d*[1-9]\d* ±/)
  const json = await compared(sweep, sweep, '--json', '--rho', '0.5')
  const { a, ranges } = SweepComparison.parse(JSON.parse(json.stdout))
  expect(a).toMatchObject({ rho: 0.5, selected: { start: 0, end: 3 } })
  expect(ranges.every(({ difference }) => difference.validity === 0 && difference.diversity === 0)).toBe(true)
})

test('slr show of other depths names the rule and the omitted ranges', async () => {
  const [a, b] = [comparedSweep({ layerCount: 3 }), comparedSweep({ id: 'b', layerCount: 6 })]
  const { stdout } = await compared(a, b)
  expect(stdout).toContain(
    "Compared by relative depth: each range of A's 3 layers with the nearest of B's 6. 15 ranges of B are left out: A has no counterpart of them."
  )
  expect(stdout).toMatch(/\nlayer 2 \| 4–5 +0\.880/)
})

test('slr show refuses sweeps of different measures with what to do', async () => {
  expect(await compared(comparedSweep(), withTrueMeans(tinyTaskSweep()))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('An evaluation of the task shows how well characters predict it')
  })
})

test('slr show reads sweeps behind links', async () => {
  const folder = await temporaryFolder()
  const [file, link] = [join(folder, 'a.json'), join(folder, 'link.json')]
  await writeFile(file, JSON.stringify(comparedSweep()))
  await symlink(file, link)
  expect(await runHere(['show', file, link])).toMatchObject({ status: 0, stderr: '' })
})
