import { join } from 'node:path'
import { z } from 'zod'
import type { CrcPrompts } from '../../../contract/documents/crc'
import { PairLocation, PROJECT_VERSION, ProjectDocument } from '../../../contract/documents/project'
import type { SamplePrompts } from '../../../contract/documents/task'
import { NO_VARIANT_CHANGES } from '../../../contract/documents/variant-selection'
import { withKind } from '../../../contract/documents/document-kind'
import { removeFile, writeFileAtomic } from '../../base/files/atomic-file'
import { formatJson } from '../../base/files/json-format'
import { type DocumentFormat, type Migration, readDocument } from '../../base/files/migrate'
import { isFile } from '../../base/files/path-kinds'
import { ensurePlainFolder, hasPlainFile, hasPlainFolder, requirePlainFile } from '../../base/files/plain-paths'
import { readPromptFile } from '../../crc/task/prompt-file'
import { readStoredSamplePrompts } from '../../samples/prompts'
import { renameFields } from './renamed-fields'
import { pairName } from './pair-list'

/* project.json, and the prompts that all pairs of a project share. */

const Version2 = z.looseObject({
  name: z.string(),
  settings: z.looseObject({ samples: z.looseObject({ leftOut: z.array(z.string()) }).optional() })
})

/** Migrates version 2, which had one pair whose fields were fields of the project, and left variants out of samples. */
const listPairs: Migration = (document) => {
  const parsed = Version2.safeParse(document)
  // An invalid document is returned unchanged, because the schema of version 3 reports its errors.
  if (!parsed.success) return document
  const {
    pair: location,
    checkpoints,
    rendering,
    settings,
    recipes,
    otherCheckpoints,
    nextMark,
    ...shared
  } = parsed.data
  const variants = { ...NO_VARIANT_CHANGES, leftOut: settings.samples === undefined ? [] : settings.samples.leftOut }
  const pairFields = {
    ...{ location, checkpoints, rendering, recipes, otherCheckpoints, nextMark },
    settings: { ...settings, variants }
  }
  const name = pairNameOf(location) ?? shared.name
  return { ...shared, pairs: [{ id: 'pair-1', name, ...pairFields }], nextPair: 2 }
}

/** Returns the name of a new pair at this location; null for an invalid location. */
function pairNameOf(location: unknown): string | null {
  const parsed = PairLocation.safeParse(location)
  return parsed.success ? pairName(parsed.data) : null
}

export const PROJECT_FILE = 'project.json'
/** Prompts of the character task (CRC), and open prompts for sample runs. Both lie in the folder `prompts`. */
const CRC_PROMPTS = 'crc.json'
const SAMPLE_PROMPTS = 'samples.json'

export const PROJECT_FORMAT: DocumentFormat<ProjectDocument> = {
  kind: 'project',
  name: 'project',
  schema: ProjectDocument,
  version: PROJECT_VERSION,
  migrations: { 2: listPairs, 3: renameFields },
  maxBytes: 50_000_000
}

/** Prompts of a few hundred characters come to a few MB. */
const MAX_SAMPLE_PROMPT_BYTES = 100_000_000

export interface ProjectDocuments {
  document: ProjectDocument
  /** Version of project.json before its migration. Results lie in other folders before version 3. */
  foundVersion: number
  prompts: CrcPrompts
  /** Null if the project uses the built-in ones. */
  samplePrompts: SamplePrompts | null
}

/** Reports whether a folder is a project, even if it cannot be opened. */
export async function isProject(folder: string): Promise<boolean> {
  return isFile(join(folder, PROJECT_FILE))
}

/** Reads project.json, migrated in memory, and the prompts. @throws WorkbenchError `bad-file`, `newer-version` */
export async function readProjectFiles(folder: string): Promise<ProjectDocuments> {
  const { document, foundVersion } = await readDocument(join(folder, PROJECT_FILE), PROJECT_FORMAT)
  await hasPlainFolder(join(folder, 'prompts'))
  await requirePlainFile(promptFile(folder, CRC_PROMPTS))
  return {
    document,
    foundVersion,
    prompts: await readPromptFile(promptFile(folder, CRC_PROMPTS)),
    samplePrompts: await readSamplePromptFile(folder)
  }
}

export async function writeProjectDocument(folder: string, document: ProjectDocument): Promise<void> {
  await writeFileAtomic(join(folder, PROJECT_FILE), formatJson(withKind('project', document)))
}

/** Writes the prompts of the character task. @param folder of a project, or of a pair with separate prompts */
export async function writePrompts(folder: string, prompts: CrcPrompts): Promise<void> {
  await writePromptFile(folder, CRC_PROMPTS, prompts)
}

export async function writeSamplePrompts(folder: string, prompts: SamplePrompts): Promise<void> {
  await writePromptFile(folder, SAMPLE_PROMPTS, prompts)
}

/** Reads the separate prompts of a pair; null if it uses the project's. @throws WorkbenchError `bad-file` */
export async function readOwnPrompts(pairFolder: string): Promise<CrcPrompts | null> {
  const file = promptFile(pairFolder, CRC_PROMPTS)
  if (!(await hasPlainFolder(join(pairFolder, 'prompts'))) || !(await hasPlainFile(file))) return null
  return readPromptFile(file)
}

/** Removes the separate prompts of a pair, which then uses the project's prompts. @throws WorkbenchError `read-only` */
export const removeOwnPrompts = (pairFolder: string): Promise<void> => removeFile(promptFile(pairFolder, CRC_PROMPTS))

/** Removes the sample prompts of a project, which then uses the built-in ones. @throws WorkbenchError `read-only` */
export const removeSamplePrompts = (folder: string): Promise<void> => removeFile(promptFile(folder, SAMPLE_PROMPTS))

async function writePromptFile(folder: string, name: string, prompts: unknown): Promise<void> {
  await ensurePlainFolder(join(folder, 'prompts'))
  await writeFileAtomic(promptFile(folder, name), formatJson(prompts))
}

async function readSamplePromptFile(folder: string): Promise<SamplePrompts | null> {
  const file = promptFile(folder, SAMPLE_PROMPTS)
  if (!(await hasPlainFile(file))) return null
  return readStoredSamplePrompts(file, MAX_SAMPLE_PROMPT_BYTES)
}

function promptFile(folder: string, name: string): string {
  return join(folder, 'prompts', name)
}
