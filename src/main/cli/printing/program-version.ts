import { dependencies, version } from '../../../../package.json'

/** Set by the build to the commit that it was built from; a source that runs unbuilt has none. */
declare const SLR_COMMIT: string | undefined

export interface ProgramVersion {
  readonly version: string
  /** Null in a program that was built outside of a clone. */
  readonly commit: string | null
  readonly onnxruntime: string
}

export const programVersion = (): ProgramVersion => ({
  version,
  commit: typeof SLR_COMMIT === 'string' && SLR_COMMIT !== '' ? SLR_COMMIT : null,
  onnxruntime: dependencies['onnxruntime-node']
})

/** The line that `--version` prints. */
export function versionLine(): string {
  const { commit, onnxruntime } = programVersion()
  return `${version} (${commit === null ? '' : `commit ${commit}, `}onnxruntime ${onnxruntime})`
}
