import { contextBridge, ipcRenderer, webUtils } from 'electron'

/** Hands the page its message port to main, and the path of what is dropped on it. Nothing else. */

contextBridge.exposeInMainWorld('slrDesktop', { pathOf: (file: File) => webUtils.getPathForFile(file) })

ipcRenderer.on('slr:port', (event) => {
  window.postMessage('slr:port', window.location.origin, event.ports)
})
