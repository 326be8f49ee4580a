import { z } from 'zod'
import { DeviceChoice } from '../model/device'

export const UserDefaults = z.object({
  path: z.string(),
  device: DeviceChoice.nullable(),
  memoryBytes: z.number().nullable(),
  modelFolders: z.array(z.string())
})
export type UserDefaults = z.infer<typeof UserDefaults>
