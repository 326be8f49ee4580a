import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FUSES } from './fuses.mjs'

/** A project is a folder, which no system opens by a double click; so it holds a small file of this kind. */
const ASSOCIATION = {
  ext: 'slrproject',
  name: 'SLR Workbench project',
  description: 'Opens the SLR Workbench project that it lies in',
  mimeType: 'application/x-slr-project',
  role: 'Editor'
}

/**
 * Returns electron-builder's configuration for a staged program.
 *
 * @param {{ root: string, stage: string, output: string, electron?: string, signed: boolean,
 *   onPacked: (packed: import('electron-builder').AfterPackContext) => void }} given `electron`: a folder with
 *   Electron for the target, which is fetched otherwise; `signed`: whether the user has keys to sign with; `onPacked` hears of each
 *   folder that installers are made of, before its fuses are set
 * @returns {import('electron-builder').Configuration}
 */
export function builderConfig({ root, stage, output, electron, signed, onPacked }) {
  const installed = join(root, 'node_modules', 'electron')
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const icons = join(root, 'resources', 'icon')
  return {
    appId: 'org.slr-workbench.app',
    productName: 'SLR Workbench',
    copyright: 'MIT licence',
    directories: { app: join(stage, 'app'), output, buildResources: icons },
    files: ['**/*'],
    extraResources: [{ from: join(stage, 'resources'), to: '.' }],
    asar: true,
    // Packages are staged as they are: it is to collect and rebuild none.
    beforeBuild: async () => false,
    afterPack: onPacked,
    // Nothing updates itself.
    publish: null,
    electronVersion: version,
    ...(electron === undefined
      ? {
          electronDownload: { checksums: JSON.parse(readFileSync(join(installed, 'checksums.json'), 'utf8')) }
        }
      : { electronDist: electron }),
    // Apple's processors run nothing without a signature, and the fuses break Electron's.
    electronFuses: { ...FUSES, resetAdHocDarwinSignature: true },
    fileAssociations: [ASSOCIATION],
    artifactName: '${productName}-${version}-${os}-${arch}.${ext}',
    linux: {
      executableName: 'slr-workbench',
      icon: join(icons, 'icon.svg'),
      category: 'Science',
      synopsis: 'Find the layers of a language model to restore',
      maintainer: 'SLR Workbench'
    },
    mac: {
      icon: join(icons, 'icon.icns'),
      category: 'public.app-category.developer-tools',
      // Without a key only what Apple's processors need to run it at all.
      ...(signed ? {} : { identity: '-', hardenedRuntime: false, gatekeeperAssess: false })
    },
    dmg: { sign: false },
    win: { icon: join(icons, 'icon.ico') },
    nsis: {
      oneClick: false,
      perMachine: false,
      allowToChangeInstallationDirectory: true,
      differentialPackage: false
    }
  }
}
