export const NOT_CONNECTED = 'The workbench is not connected.'

export const READ_ONLY = 'The project is read-only.'
