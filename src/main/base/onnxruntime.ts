import './telemetry-off'

/**
 * The only way to onnxruntime's code; its types may be imported from the package. Loaded while this module runs, since
 * a static import would be moved above the line that silences the library.
 */
export const { env, InferenceSession, Tensor } = await import('onnxruntime-node')
