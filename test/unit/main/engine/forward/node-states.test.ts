import { describe, expect, it } from 'vitest'
import { Tensor } from '../../../../../src/main/base/onnxruntime'
import { floatsOf, openDevice } from '../../../../../src/main/engine/device/device'
import { openNodeStates } from '../../../../../src/main/engine/forward/node-states'

describe('states of nodes in main memory', () => {
  it('are copies, and the memory of the run that gave them is free at once', async () => {
    const device = await openDevice('cpu')
    const states = openNodeStates(device, 2, 3)
    const values = Float32Array.from({ length: 12 }, (_, i) => i)
    const { buffer } = values
    const kept = states.keep(new Tensor('float32', values, [2, 2, 3]))
    expect(buffer.byteLength).toBe(0)
    expect(floatsOf(states.join(kept))).toEqual(Float32Array.from({ length: 12 }, (_, i) => i))
    states.close()
    await device.close()
  })
})
