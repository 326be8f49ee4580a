import { createContext } from 'svelte'
import type { Session } from './session.svelte'
import type { Theme } from './theme.svelte'
import type { Workbench } from './workbench.svelte'

/** The window's state, handed down from App so that components never reach for a global. */
export const [getWorkbench, setWorkbench] = createContext<Workbench>()
export const [getTheme, setTheme] = createContext<Theme>()
/** The open project, for all that is shown of it. */
export const [getSession, setSession] = createContext<Session>()
