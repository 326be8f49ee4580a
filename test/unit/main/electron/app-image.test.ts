import { expect, it } from 'vitest'
import { appImage } from '../../../../src/main/electron/app-image'

const env = { APPIMAGE: '/home/SLR.AppImage', APPDIR: '/tmp/.mount_SLR' }

it('names the AppImage of a program inside it, and none of a program that an AppImage started', () => {
  expect(appImage(env, '/tmp/.mount_SLR/slr-workbench')).toBe('/home/SLR.AppImage')
  expect(appImage(env, '/opt/SLR Workbench/slr-workbench')).toBeUndefined()
  expect(appImage({}, '/opt/SLR Workbench/slr-workbench')).toBeUndefined()
})
