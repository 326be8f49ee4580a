import { contextBridge, ipcRenderer, webUtils } from 'electron'

/* Gives the page of the desktop window two things and nothing else: its message port to main, and paths of files. */

contextBridge.exposeInMainWorld('slrDesktop', { pathOf: (file: File) => webUtils.getPathForFile(file) })

ipcRenderer.on('slr:port', (event) => {
  window.postMessage('slr:port', window.location.origin, event.ports)
})
