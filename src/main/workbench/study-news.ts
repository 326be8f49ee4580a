import { setTimeout as delay } from 'node:timers/promises'
import type { StudyState } from '../../contract/documents/study'
import { writerOf } from '../base/files/lock'
import { STUDIES } from '../project/documents/stored-documents'

/** Milliseconds between reads of the state of a study, which another program runs. */
const LOOK_MS = 1_000

/**
 * Yields the progress of a project's newest study now and after every change; null for none. Ends when `signal` fires.
 */
export async function* watchStudy(
  path: string,
  signal?: AbortSignal,
  lookMs = LOOK_MS
): AsyncGenerator<StudyState | null> {
  for (let lastText = ''; !signal?.aborted;) {
    const state = await studyState(path)
    const text = JSON.stringify(state)
    if (text !== lastText) {
      lastText = text
      yield state
    }
    await delay(lookMs, undefined, { signal, ref: false }).catch((error: unknown) => {
      if (!signal?.aborted) throw error
    })
  }
}

/** @throws WorkbenchError `bad-file`, `newer-version` */
async function studyState(path: string): Promise<StudyState | null> {
  const stored = await STUDIES.read(path)
  if (stored === null) return null
  const { name, file, startedAt, ended, steps, lock } = stored
  const running = ended === null && writerOf(path)?.token === lock
  return { name, file, startedAt, ended, steps, running }
}
