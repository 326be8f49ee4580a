/** A value that a project stores in another file than project.json, such as its prompts. Its changes can be undone. */
export interface StoredPart {
  /** Name of the value, unique in the project. */
  readonly name: string
  /** Returns the value, or a promise of it. */
  read(): unknown
  /** @throws WorkbenchError `bad-input`, `not-found` */
  write(value: unknown): Promise<void>
}

export interface PartChange {
  readonly stored: StoredPart
  readonly value: unknown
  /** True for a change that no window undoes, such as a part of an answer. It takes no place among those to undo. */
  readonly isFinal?: boolean
}

/** Writes a change. @param seen and the other parameters: see `ProjectOfPair.savePart` @returns revision for undo */
export type SavePart = (part: PartChange, seen: number | undefined, fields: readonly string[]) => Promise<number | null>
