import { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished } from 'vitest'
import {
  startReadingThreads,
  takeReadingThread
} from '../../../../../src/main/engine/weights/reading-threads'

function ended(thread: Worker): Worker {
  onTestFinished(async () => void (await thread.terminate()))
  return thread
}

it('threads that read are there before anybody reads, as many as were asked for, and are given to one reader each', () => {
  startReadingThreads(1)
  startReadingThreads(2)
  const next = ended(new Worker('', { eval: true })).threadId
  const taken = Array.from({ length: 3 }, () => ended(takeReadingThread()).threadId)
  expect(taken).toEqual([next - 2, next - 1, next + 1])
})
