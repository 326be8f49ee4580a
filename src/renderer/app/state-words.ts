/** Explains why nothing starts before main answers. */
export const NOT_CONNECTED = 'The workbench is not connected.'

/** Explains why nothing of a project can be changed. */
export const READ_ONLY = 'The project is read-only.'
