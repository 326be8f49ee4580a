import { elementAt } from '../../../../../src/contract/model/look-up'
import { describe, expect, it } from 'vitest'
import { Tensor } from '../../../../../src/main/base/onnxruntime'
import { floatsOf, openDevice } from '../../../../../src/main/engine/device/device'
import { openNodeStates } from '../../../../../src/main/engine/forward/node-states'

describe('states of nodes in main memory', () => {
  it('stay in the output of their run, joined without a copy where they are adjacent', async () => {
    const device = await openDevice('cpu')
    const states = openNodeStates(device, 2, 3)
    const values = Float32Array.from({ length: 12 }, (_, i) => i)
    const { buffer } = values
    const kept = states.keep(new Tensor('float32', values, [2, 2, 3]))
    const joined = states.join(kept)
    expect(floatsOf(joined).buffer).toBe(buffer)
    expect(joined.dims).toEqual([2, 2, 3])
    const swapped = floatsOf(states.join(kept.toReversed()))
    expect(swapped.buffer).not.toBe(buffer)
    expect([...swapped]).toEqual([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5])
    const sizes = kept.map((state) => {
      states.free(state)
      return buffer.byteLength
    })
    expect(sizes).toEqual([48, 0])
    states.close()
    await device.close()
  })

  it('are those of a run of one node, whose memory is free when its state is not needed', async () => {
    const device = await openDevice('cpu')
    const states = openNodeStates(device, 2, 3)
    const outputs = [1, 2].map((value) => new Tensor('float32', new Float32Array(6).fill(value), [1, 2, 3]))
    const buffers = outputs.map((output) => floatsOf(output).buffer)
    const kept = outputs.map((output) => elementAt(states.keep(output), 0, 'state'))
    expect(kept.map((state) => floatsOf(states.join([state])).buffer)).toEqual(buffers)
    states.free(elementAt(kept, 0, 'state'))
    expect(buffers.map(({ byteLength }) => byteLength)).toEqual([0, 24])
    states.close()
    expect(buffers.map(({ byteLength }) => byteLength)).toEqual([0, 0])
    await device.close()
  })
})
