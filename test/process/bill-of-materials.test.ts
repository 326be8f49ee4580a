import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { dependencies } from '../../package.json'

const ROOT = join(import.meta.dirname, '../..')
const Bill = z.object({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.object({ component: z.object({ name: z.string(), type: z.string() }) }),
  components: z.array(
    z.object({ name: z.string(), version: z.string(), hashes: z.array(z.object({ content: z.string() })) })
  ),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) }))
})

it('the bill of materials lists what is shipped with its checksums, and no package of development', async () => {
  const script = join(ROOT, 'tools/installers/bill-of-materials.mjs')
  const { stdout: text } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 2 ** 26 })
  const bill = Bill.parse(JSON.parse(text))
  expect(bill.metadata.component).toEqual({ name: 'slr-workbench', type: 'application' })
  const names = bill.components.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining([...Object.keys(dependencies), 'svelte', 'chart.js', 'electron']))
  for (const name of ['vitest', 'eslint', 'playwright-core']) expect(names).not.toContain(name)
  const references = new Set(bill.dependencies.map(({ ref }) => ref))
  for (const { dependsOn } of bill.dependencies) for (const ref of dependsOn) expect(references).toContain(ref)
  // The lock names no registry, so that an installation asks the one that it is told to.
  expect(text.match(/https?:\/\/[^/"]+/g)).toEqual(['http://cyclonedx.org'])
})
