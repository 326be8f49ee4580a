import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { openWatchedModelFile } from '../../../../../src/main/engine/questions/open-model-file'
import { embeddingFolder } from '../../../../fixtures/embedding-folder'

it('ends a process whose model file takes too much memory, and says so', async () => {
  const file = join(await embeddingFolder(), 'model.onnx')
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const end = vi.fn()
  const { release } = await openWatchedModelFile(file, 2 ** 20, end)
  await vi.waitFor(() => expect(end).toHaveBeenCalledOnce())
  await release()
  expect(said).toHaveBeenCalledWith(`${file} takes more than 1 MiB of memory`)
})

it('watches a process no longer than its model file is open', async () => {
  const file = join(await embeddingFolder(), 'model.onnx')
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const end = vi.fn()
  const { release } = await openWatchedModelFile(file, 1, end)
  await release()
  vi.advanceTimersByTime(1_000)
  vi.useRealTimers()
  expect(end).not.toHaveBeenCalled()
})
