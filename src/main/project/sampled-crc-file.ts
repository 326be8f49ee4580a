import { join } from 'node:path'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import { SAMPLED_CRC_VERSION, SampledCrc } from '../../contract/samples'
import { writeFileAtomic } from '../base/files/atomic-file'
import { formatJson } from '../base/files/json-format'
import { type DocumentFormat, readDocument } from '../base/files/migrate'
import { hasPlainFile } from '../base/files/plain-paths'

const FORMAT: DocumentFormat<SampledCrc> = {
  name: 'character check',
  schema: SampledCrc,
  version: SAMPLED_CRC_VERSION,
  migrations: {},
  maxBytes: 100_000_000
}

/** The project's latest CRC scores from whole answers; null when there are none. @throws WorkbenchError `bad-file` or `newer-version` */
export async function readSampledCrc(folder: string): Promise<SampledCrc | null> {
  const file = sampledCrcFile(folder)
  if (!(await hasPlainFile(file))) return null
  return (await readDocument(file, FORMAT)).document
}

/** @throws WorkbenchError `bad-input` when it could not be read back; `read-only` */
export async function writeSampledCrc(folder: string, document: SampledCrc): Promise<void> {
  const parsed = SampledCrc.safeParse(document)
  if (!parsed.success) {
    throw new WorkbenchError('bad-input', `The check cannot be saved: ${describeIssue(parsed.error)}`)
  }
  await writeFileAtomic(sampledCrcFile(folder), formatJson(parsed.data))
}

function sampledCrcFile(folder: string): string {
  return join(folder, 'sampled-crc.json')
}
