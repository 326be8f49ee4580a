import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'

const statsOf = (path: string): Promise<Stats | null> => stat(path).catch(() => null)

export const isFolder = async (path: string): Promise<boolean> => (await statsOf(path))?.isDirectory() === true

export const isFile = async (path: string): Promise<boolean> => (await statsOf(path))?.isFile() === true
