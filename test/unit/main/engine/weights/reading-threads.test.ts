import { Worker } from 'node:worker_threads'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import {
  returnReadingThread,
  startReadingThreads,
  takeReadingThread
} from '../../../../../src/main/engine/weights/reading-threads'

function ended(thread: Worker): Worker {
  onTestFinished(async () => void (await thread.terminate()))
  return thread
}

// Readers of other files in this process may have left two.
beforeEach(async () => {
  for (let left = 0; left < 2; left++) await takeReadingThread().terminate()
})

it('threads that read are there before anybody reads, as many as were asked for, and are given to one reader each', () => {
  startReadingThreads(1)
  startReadingThreads(2)
  const next = ended(new Worker('', { eval: true })).threadId
  const taken = Array.from({ length: 3 }, () => ended(takeReadingThread()).threadId)
  expect(taken).toEqual([next - 2, next - 1, next + 1])
})

it('threads of ended readers serve the next readers, at most two', async () => {
  const threads = Array.from({ length: 3 }, () => ended(takeReadingThread()))
  for (const thread of threads) await returnReadingThread(thread)
  expect([takeReadingThread(), takeReadingThread()]).toEqual(threads.slice(0, 2))
  expect(threads[2]?.threadId).toBe(-1)
})
