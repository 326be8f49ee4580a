import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'

/** A file that describes a server, in a folder of its own. */
async function described(fields: object): Promise<string> {
  const file = join(await temporaryFolder(), 'server.yaml')
  await writeFile(file, JSON.stringify(fields))
  return file
}

const AWAY = { url: 'http://judge.invalid:8080/v1', model: 'm', key: 'OTHER_API_KEY' }

test('a judge or an endpoint of a file is contacted only at an address that was confirmed', async () => {
  const file = await described(AWAY)
  const advice = '--allow-address OTHER_API_KEY@http://judge.invalid:8080'
  const runJudge = await runHere(['evaluate', '--demo', '--task', 'demo-open', '--judge', file])
  expect(runJudge).toMatchObject({ status: 1, stderr: expect.stringContaining(advice) })
  const answered = await runHere(['sample', '--demo', '--prompt', 'Hi', `served=${file}`])
  expect(answered).toMatchObject({ status: 1, stderr: expect.stringContaining(advice) })
})

test.each([
  [{ ...AWAY, way: 'stars' }, 'way'],
  [{ ...AWAY, chat: true }, 'chat'],
  [{ model: 'm' }, 'url'],
  [{ ...AWAY, key: 'PATH' }, 'key: expected a name that ends in API_KEY']
])('a judge described by %j is refused with its field', async (fields, says) => {
  const file = await described(fields)
  const { status, stderr } = await runHere(['evaluate', '--demo', '--task', 'demo-open', '--judge', file])
  expect([status, stderr]).toEqual([1, expect.stringContaining(says)])
  expect(stderr).toContain('The file needs url and model')
})
