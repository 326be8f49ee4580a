import { contextBridge, ipcRenderer } from 'electron'

/** Hands the page its message port to main, and tells it that it runs in the desktop window. Nothing else. */

contextBridge.exposeInMainWorld('slrDesktop', true)

ipcRenderer.on('slr:port', (event) => {
  window.postMessage('slr:port', window.location.origin, event.ports)
})
