import { dependencies, version } from '../../../../package.json'

/** Commit of the build. Undefined in unbuilt sources. */
declare const SLR_COMMIT: string | undefined

interface ProgramVersion {
  readonly version: string
  /** Null in a build outside of a clone. */
  readonly commit: string | null
  readonly onnxruntime: string
}

export const programVersion = (): ProgramVersion => ({
  version,
  commit: typeof SLR_COMMIT === 'string' && SLR_COMMIT !== '' ? SLR_COMMIT : null,
  onnxruntime: dependencies['onnxruntime-node']
})

export function versionLine(): string {
  const { commit, onnxruntime } = programVersion()
  return `${version} (${commit === null ? '' : `commit ${commit}, `}onnxruntime ${onnxruntime})`
}
