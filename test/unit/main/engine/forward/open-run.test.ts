import { expect, test } from 'vitest'
import { OpenResources } from '../../../../../src/main/engine/forward/open-run'

test('closes the last opened part first, and all parts when closing fails', async () => {
  const closed: string[] = []
  const open = new OpenResources()
  for (const name of ['pair', 'device', 'reader']) {
    open.register({
      close: () => {
        closed.push(name)
        return name === 'device' ? Promise.reject(new Error('the device is lost')) : Promise.resolve()
      }
    })
  }
  await expect(open.close()).rejects.toThrow('the device is lost')
  expect(closed).toEqual(['reader', 'device', 'pair'])
})

test('nothing is closed twice', async () => {
  let count = 0
  const open = new OpenResources()
  open.register({ close: () => Promise.resolve(void count++) })
  await open.close()
  await open.close()
  expect(count).toBe(1)
})
