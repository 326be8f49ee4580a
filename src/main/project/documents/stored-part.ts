/** A value that a project stores beside its document, such as its prompts. */
export interface StoredPart {
  /** Name of the value, unique in the project. */
  readonly name: string
  /** Returns the value, or a promise of it. */
  read(): unknown
  /** @throws WorkbenchError `bad-input`, `not-found` */
  write(value: unknown): Promise<void>
}

/** A stored value, and the new value to write. */
export interface PartChange {
  readonly stored: StoredPart
  readonly value: unknown
}

/** Writes a change and counts the revision; see `ProjectOfPair.savePart`. */
export type SavePart = (part: PartChange, seen: number | undefined, fields: readonly string[]) => Promise<number | null>
