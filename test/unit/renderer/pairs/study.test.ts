import { afterEach, expect, it, vi } from 'vitest'
import type { StudyState } from '../../../../src/contract/documents/study'
import { projectState, ScriptedLine, settled } from '../../../fixtures/scripted-line'

afterEach(() => vi.unstubAllGlobals())

const STATE: StudyState = {
  ...{ name: 'Night', file: '/night.yaml', startedAt: '2026-01-01T00:00:00.000Z' },
  ...{ running: true, ended: null, steps: [] }
}

it('is followed until the project is left, anew when it is asked to', async () => {
  const line = new ScriptedLine()
  const { session } = await line.openProject(projectState())
  void session.study.attach()
  void session.study.attach()
  expect(line.of('studies.watch').map(({ signal }) => signal?.aborted)).toEqual([true, false])
  await line.answer('studies.watch', 1, [STATE])
  expect(session.study.state).toEqual(STATE)
  session.leave()
  expect(line.call('studies.watch', 1).signal?.aborted).toBe(true)
})

it('offers what was done by hand as a file, once main has written it', async () => {
  const line = new ScriptedLine()
  const { session } = await line.openProject(projectState())
  const link = { href: '', download: '', click: vi.fn() }
  vi.stubGlobal('document', { createElement: () => link })
  void session.study.write()
  await settled()
  expect(session.study.busy).toBe(true)
  const leftOut = ['Demo: 1 search']
  await line.answer('studies.write', 0, { fileName: 'Test.yaml', content: 'name: Test\n', leftOut })
  expect(session.study.busy).toBe(false)
  expect(session.study.leftOut).toEqual(leftOut)
  expect(link).toMatchObject({ href: expect.stringMatching(/^blob:/), download: 'Test.yaml' })
  expect(link.click).toHaveBeenCalledOnce()
})
