/** A value of the project beside its document, such as its prompts. */
export interface StoredPart {
  /** Identifies the value in the project, as `Revisions` does. */
  readonly name: string
  /** Returns the value, or a promise of it. */
  read(): unknown
  /** @throws WorkbenchError `bad-input`, `not-found` */
  write(value: unknown): Promise<void>
}

/** A value beside the document, and its new value. */
export interface PartChange {
  readonly stored: StoredPart
  readonly value: unknown
}

/** Counts and writes a change, as `ProjectOfPair.savePart`. */
export type SavePart = (part: PartChange, seen: number | undefined, fields: readonly string[]) => Promise<number | null>
