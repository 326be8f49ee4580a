import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { readStartRequest } from '../../../../src/main/electron/start-request'

it.each([
  ['/home/x.slr/notes/B.slr/', '/home/x.slr/notes/B.slr'],
  ['B.slr/Open.slrproject', resolve('B.slr/Open.slrproject')],
  ['/home/x.slr/notes.txt', null]
])('takes %s from a file manager as the project %s', (path, project) => {
  const { project: asked } = readStartRequest(['/opt/slr-workbench', '--no-sandbox', path], true)
  expect(asked).toBe(project)
})

it.each([
  [['--demo'], 'stages'],
  [['--blend-demo'], 'blend'],
  [[], undefined]
])('takes %j as the demo %s', (args, demo) => {
  expect(readStartRequest(['/opt/slr-workbench', ...args], true).demo).toBe(demo)
})
