import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

test('the recipe of the staged demo is the one that was registered', () => {
  const registration = readFileSync(join(ROOT, 'resources/demo-pair/REGISTRATION.md'), 'utf8')
  const registered = [...registration.matchAll(/^\| `(\S+)` +\| `(\w{64})` +\|$/gm)].map(([, file, hash]) => ({
    file,
    hash
  }))
  expect(registered.map(({ file }) => file)).toEqual([
    'train_stages.py',
    'stage_text.py',
    'stage_results.py',
    'categories.txt',
    'demo_model.py',
    'demo_text.py',
    'demo_tokenizer.py'
  ])
  for (const { file = '', hash } of registered) {
    const content = readFileSync(join(ROOT, 'tools/demo-pair', file))
    expect({ file, hash: createHash('sha256').update(content).digest('hex') }).toEqual({ file, hash })
  }
})
