import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { askedProject } from '../../../../src/main/electron/asked-project'

it.each([
  ['/home/x.slr/notes/B.slr/', '/home/x.slr/notes/B.slr'],
  ['B.slr/Open.slrproject', resolve('B.slr/Open.slrproject')],
  ['/home/x.slr/notes.txt', null]
])('takes %s from a file manager as the project %s', (path, project) => {
  const { project: asked } = askedProject(['/opt/slr-workbench', '--no-sandbox', path], true)
  expect(asked).toBe(project)
})
