/** A value of the project beside its document, such as its prompts. */
export interface StoredPart {
  /** Identifies the value in the project, as `Revisions` does. */
  readonly name: string
  read(): unknown
  /** @throws WorkbenchError `bad-input`, `not-found` */
  write(value: unknown): Promise<void>
}

/** A value beside the document, and its new value. */
export interface PartChange {
  readonly stored: StoredPart
  readonly value: unknown
}
