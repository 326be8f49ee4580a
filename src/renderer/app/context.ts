import { createContext } from 'svelte'
import type { Session } from './session.svelte'
import type { Theme } from './theme.svelte'
import type { Workbench } from './workbench.svelte'

/** The state of the window. App sets it, so that components need no global. */
export const [getWorkbench, setWorkbench] = createContext<Workbench>()
export const [getTheme, setTheme] = createContext<Theme>()
export const [getSession, setSession] = createContext<Session>()
