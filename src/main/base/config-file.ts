import { join } from 'node:path'
import { z } from 'zod'
import { BYTES_EXPECTED, bytesFromText } from '../../contract/model/bytes'
import { DeviceChoice } from '../../contract/model/device'
import { fileError, requireValid } from '../../contract/model/problem'
import { PROCESS_BYTES } from './engine-memory'
import { readJsonFile, withHint } from './files/bounded-file'
import { isFile } from './files/path-kinds'
import { configFolder } from './files/paths'

function isEngineMemory(text: string): boolean {
  const bytes = bytesFromText(text)
  return bytes !== null && bytes > PROCESS_BYTES
}

/** Content of the user's config.json: defaults, over which options of a command have priority. */
export const UserConfig = z.strictObject({
  device: DeviceChoice.optional(),
  /** Memory limit of the engine process, such as `6GiB`. */
  memory: z.string().refine(isEngineMemory, BYTES_EXPECTED).optional(),
  modelFolders: z.array(z.string().min(1).max(4096)).max(50).default([])
})
export type UserConfig = z.infer<typeof UserConfig>

/** Returns the engine's configured memory limit in bytes; null if the user set none. */
export const configuredMemory = ({ memory }: UserConfig): number | null =>
  memory === undefined ? null : bytesFromText(memory)

const MAX_CONFIG_BYTES = 1_000_000
const EXPECTED = 'An example: {"device": "cpu", "memory": "6GiB", "modelFolders": ["/models"]}.'

export const configFile = (): string => join(configFolder(), 'config.json')

/** Reads the user's defaults; a missing file sets none. @throws WorkbenchError for a field that is refused */
export async function readUserConfig(): Promise<UserConfig> {
  const file = configFile()
  const value = (await isFile(file)) ? await withHint(EXPECTED, () => readJsonFile(file, MAX_CONFIG_BYTES)) : {}
  return requireValid(UserConfig.safeParse(value), (issue) => fileError(`${file}: ${issue}`, EXPECTED))
}
