import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { loadTextModel, type TextModel } from './text-model'

/** Those of base and post. A tokenizer of 256,000 tokens takes some 200 MB. */
const KEPT = 2

/** By folder, the least recently used first. */
const recent = new Map<string, { files: string; text: Promise<TextModel> }>()

/**
 * As {@link loadTextModel}, without reading the folder again while its files are what they were: reading a large tokenizer
 * holds up the thread that answers requests for a second or two.
 *
 * @throws WorkbenchError as {@link loadTextModel}
 */
export async function recentTextModel(folder: string): Promise<TextModel> {
  const files = await stateOfFiles(folder)
  const known = recent.get(folder)
  recent.delete(folder)
  const text = known?.files === files ? known.text : loadTextModel(folder)
  recent.set(folder, { files, text })
  for (const oldest of [...recent.keys()].slice(0, -KEPT)) recent.delete(oldest)
  try {
    return await text
  } catch (error) {
    // What is wrong may lie outside the files' names and times.
    if (recent.get(folder)?.text === text) recent.delete(folder)
    throw error
  }
}

/** Changes when a file that tokenizer and template may be read from does; empty for a folder that is not there. */
async function stateOfFiles(folder: string): Promise<string> {
  const names = await readdir(folder).catch((): string[] => [])
  const states = await Promise.all(
    names
      .filter((name) => /\.(json|jinja)$/.test(name))
      .sort()
      .map(async (name) => {
        // A link that leads nowhere is the loader's to complain about.
        const found = await stat(join(folder, name)).catch(() => null)
        return `${name} ${found?.size} ${found?.mtimeMs} ${found?.ino}`
      })
  )
  return states.join('\n')
}
