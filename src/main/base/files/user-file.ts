import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { WorkbenchError } from '../../../contract/model/problem'
import { writeFileAtomic } from './atomic-file'
import { readJsonFile } from './bounded-file'
import { formatJson } from './json-format'
import { configFolder } from './paths'
import { SerialQueue } from './serial-queue'

const MAX_FILE_BYTES = 4_000_000

/** A JSON file of this program in the user's configuration folder. A missing or broken file counts as `empty`. */
export class UserFile<Content> {
  /** A change reads and writes the file, so changes run one at a time. */
  readonly #changes = new SerialQueue()

  constructor(
    private readonly name: string,
    private readonly schema: z.ZodType<Content, unknown>,
    private readonly empty: Content
  ) {}

  get path(): string {
    return join(configFolder(), `${this.name}.json`)
  }

  async read(): Promise<Content> {
    return (await this.#load()).content
  }

  /** Changes the content. A broken file is kept beside the new one. @throws WorkbenchError `read-only` */
  async change(edit: (content: Content) => Content): Promise<void> {
    await this.#changes.run(async () => {
      const { content, isBroken } = await this.#load()
      const changed = this.schema.parse(edit(content))
      await mkdir(configFolder(), { recursive: true, mode: 0o700 })
      if (isBroken) await rename(this.path, join(configFolder(), `${this.name}.broken.json`))
      await writeFileAtomic(this.path, formatJson(changed), 0o600)
    })
  }

  async #load(): Promise<{ content: Content; isBroken: boolean }> {
    try {
      const { data } = this.schema.safeParse(await readJsonFile(this.path, MAX_FILE_BYTES))
      return { content: data ?? this.empty, isBroken: data === undefined }
    } catch (error) {
      const isMissing = error instanceof WorkbenchError && error.problem.code === 'not-found'
      return { content: this.empty, isBroken: !isMissing }
    }
  }
}
